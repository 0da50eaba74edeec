"""A file that lies at a web address: who may be asked for it, and what it is called."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Protocol
from urllib.parse import unquote

from cjm_kit.errors import AppError, Code

_LONGEST_NAME = 255
_LONGEST_DISPOSITION = 4096
# Control characters, and the marks that turn the direction of writing, with which names pretend another ending.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# The two forms of RFC 6266. The parser of the standard library decodes by any codec a server names, and fails at some.
_EXTENDED_NAME = re.compile(r"(?:^|;)\s*filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^;\s]+)", re.IGNORECASE)
_PLAIN_NAME = re.compile(r'(?:^|;)\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"\s]+))', re.IGNORECASE)
_PUBLIC_IPV6 = ip_network("2000::/3")
_PRIVATE_IPV6 = (ip_network("fc00::/7"), ip_network("::1/128"))
# No files here, whatever is set: what describes machines of a cloud to themselves, groups, and what stands for others.
_NEVER = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "100.100.100.200/32",  # cloud metadata
            "168.63.129.16/32",  # cloud metadata
            "169.254.0.0/16",  # link-local, cloud metadata
            "192.0.0.0/24",  # cloud metadata
            "192.88.99.0/24",  # 6to4
            "224.0.0.0/3",  # multicast, reserved
            "2001::/32",  # Teredo, holds an IPv4 address
            "2002::/16",  # 6to4, holds an IPv4 address
            "fd00:ec2::/32",  # cloud metadata
            "fd20:ce::/32",  # cloud metadata
        ),
    )
)


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """What a server said of its file.

    Attributes:
        name: File name, safe to show.
        announced_bytes: Its size; None when the server did not say.
    """

    name: str
    announced_bytes: int | None


class RemoteFiles(Protocol):
    """The way to files at web addresses."""

    async def fetch(
        self,
        url: str,
        write: Callable[[bytes], Awaitable[None]],
        *,
        within_seconds: float,
        most_bytes: int | None = None,
    ) -> RemoteFile:
        """Pass the bytes of a file on as they come, or only the first `most_bytes`."""


def may_be_asked(address: IPv4Address | IPv6Address, *, is_private_allowed: bool) -> bool:
    """Whether a network address may be asked for a file.

    Args:
        address: The address.
        is_private_allowed: True where files may come from this machine and its network.
    """
    if any(address in network for network in _NEVER):
        return False
    if address.version == 6 and address not in _PUBLIC_IPV6:
        # Nothing else: the rest of IPv6 is reserved, link-local, multicast, or an IPv4 address in disguise.
        return is_private_allowed and any(address in network for network in _PRIVATE_IPV6)
    return is_private_allowed or address.is_global


def file_name(disposition: str, path: str, host: str) -> str:
    """The name of a file: as its server says, else the end of its address, else the name of the server.

    Args:
        disposition: Header Content-Disposition; may be empty.
        path: Path of the address as it was given, percent-encoded.
        host: Name of the server.
    """
    for name in (_said_name(disposition[:_LONGEST_DISPOSITION]), unquote(path), host):
        last = re.split(r"[/\\]", _UNSAFE.sub("", name).rstrip("/\\"))[-1].strip(" .")
        if last:
            return last.encode(errors="replace").decode()[-_LONGEST_NAME:]
    return "file"


def _said_name(disposition: str) -> str:
    if extended := _EXTENDED_NAME.search(disposition):
        return unquote(extended[2], encoding=extended[1])
    plain = _PLAIN_NAME.search(disposition)
    return re.sub(r"\\(.)", r"\1", plain[1] or plain[2] or "") if plain else ""


def file_too_large(limit_bytes: int, file_bytes: int | None = None) -> AppError:
    """The refusal of a file above the limit.

    Args:
        limit_bytes: The limit.
        file_bytes: Size of the file when it is known.
    """
    size = "larger than the limit here" if file_bytes is None else f"{file_bytes / 1e6:,.1f} MB"
    detail = (
        f"The file is {size}. The limit here is {limit_bytes / 1e6:,.1f} MB. "
        "Compress it with gzip or split it by month."
    )
    return AppError(Code.TOO_LARGE, "file_too_large", detail)
