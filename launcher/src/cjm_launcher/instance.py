"""What must be true before anything starts: a writable data folder of our own and a free port."""

import fcntl
import os
import secrets
import socket
from collections import deque
from pathlib import Path

from cjm_kit.errors import AppError, Code

_PORTS = range(20_000, 32_768)  # connections to elsewhere begin at higher ones
_HELD_COUNT = 64
_held: deque[int] = deque()


def prepare_data_dir(data_dir: Path) -> None:
    """Make the data folder and try to write to it; from now on this process makes files that only its account can read.

    Raises:
        AppError: `data_dir_not_writable`.
    """
    os.umask(0o077)
    probe = data_dir / f".write-test-{os.getpid()}"
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as failure:
        detail = f"Cannot write to {data_dir} ({failure.strerror}). Free the disk, mend the rights or set CJM_DATA_DIR."
        raise AppError(Code.FAILED_PRECONDITION, "data_dir_not_writable", detail) from failure


def lock_data_dir(data_dir: Path) -> int:
    """Take the data folder for this process alone; the lock ends with the process.

    Returns:
        File descriptor that holds the lock.

    Raises:
        AppError: `data_dir_in_use`, with the process id of the holder.
    """
    descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as failure:
        holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        detail = f"Another instance (process {holder}) uses {data_dir}. Stop it or set CJM_DATA_DIR."
        raise AppError(Code.FAILED_PRECONDITION, "data_dir_in_use", detail) from failure
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def require_free_port(host: str, port: int) -> None:
    """Make sure that nobody listens on a port.

    Raises:
        AppError: `port_in_use` or `port_not_allowed`.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As the web server does, so that connections of an earlier run that linger do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as failure:
            detail = f"Port {port} needs more rights. Choose one above 1023 with CJM_PORT."
            raise AppError(Code.FAILED_PRECONDITION, "port_not_allowed", detail) from failure
        except OSError as failure:
            detail = f"Port {port} on {host} is taken ({failure.strerror}). Stop what uses it or set CJM_PORT."
            raise AppError(Code.FAILED_PRECONDITION, "port_in_use", detail) from failure


def free_port() -> int:
    """A TCP port on the loopback address that is free, and stays so until it is used.

    No connection to elsewhere takes it, and nobody else who asks here gets it: who asks holds the UDP port of that
    number, with the last ones he got.
    """
    while True:
        port = secrets.choice(_PORTS)
        holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            holder.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            holder.close()
            continue
        _held.append(holder.detach())
        if len(_held) > _HELD_COUNT:
            os.close(_held.popleft())
        return port


def identity_secret(data_dir: Path) -> str:
    """The installation's signing key, made at the first start and readable by its owner only."""
    path = data_dir / "identity-secret"
    if not path.exists():
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    return path.read_text().strip()
