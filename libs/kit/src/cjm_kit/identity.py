"""Who is asking: signed by the gateway, checked by every service, carried in gRPC metadata."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from cjm_kit.errors import AppError, Code

METADATA_KEY = "cjm-identity"
_ALGORITHM = "HS256"
_REMEMBERED_SECONDS = 5.0
_REMEMBERED_COUNT = 10_000


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is asking.

    Attributes:
        subject: "user:<uuid>", "token:<uuid>" or "service:<name>".
        roles: Of "staff", "admin", "system", "service".
        scopes: What an API token may do, for example "events:write".
        datasets: UUIDs of the datasets an API token is bound to.
    """

    subject: str
    roles: frozenset[str]
    scopes: frozenset[str] = frozenset()
    datasets: frozenset[str] = frozenset()

    @property
    def user_id(self) -> str:
        """UUID of the staff account; empty when somebody else is asking."""
        kind, _, name = self.subject.partition(":")
        return name if kind == "user" else ""

    @property
    def is_admin(self) -> bool:
        """True for an administrator."""
        return "admin" in self.roles

    @property
    def is_service(self) -> bool:
        """True when a service asks on its own behalf."""
        return "service" in self.roles


def service_identity(name: str) -> Identity:
    """The identity of a service that asks on its own behalf."""
    return Identity(f"service:{name}", frozenset({"service"}))


def staff_identity(user_id: str, *, is_admin: bool) -> Identity:
    """The identity of a staff account."""
    return Identity(f"user:{user_id}", frozenset({"staff", "admin"} if is_admin else {"staff"}))


_current: ContextVar[Identity | None] = ContextVar("identity", default=None)


def current_identity() -> Identity:
    """Who is asking in the running request.

    Raises:
        AppError: UNAUTHENTICATED outside a request.
    """
    identity = _current.get()
    if identity is None:
        raise AppError(Code.UNAUTHENTICATED, "unauthenticated", "Sign in or send a token.")
    return identity


def current_identity_or_none() -> Identity | None:
    """Who is asking, or None outside a request."""
    return _current.get()


@contextmanager
def acting_as(identity: Identity) -> Iterator[None]:
    """Make calls inside the block in the name of an identity."""
    reset = _current.set(identity)
    try:
        yield
    finally:
        _current.reset(reset)


class IdentitySigner:
    """Signs and checks identities with a key that all services share (JWT, HMAC-SHA-256).

    Both are remembered for a moment: they cost more than most of the work that is asked for with them.
    """

    def __init__(self, secret: str) -> None:
        self._key = OctKey.import_key(secret)
        self._signed: dict[tuple[Identity, int], tuple[float, str]] = {}
        self._verified: dict[str, tuple[float, Identity]] = {}

    def sign(self, identity: Identity, ttl_seconds: int = 60) -> str:
        """Sign an identity for `ttl_seconds` (> 0), up to five seconds of which may have passed already."""
        now = time.time()
        known = self._signed.get((identity, ttl_seconds))
        if known and known[0] > now:
            return known[1]
        claims: dict[str, object] = {"sub": identity.subject, "exp": int(now) + ttl_seconds}
        for name in ("roles", "scopes", "datasets"):
            if values := getattr(identity, name):
                claims[name] = sorted(values)
        token = jwt.encode({"alg": _ALGORITHM}, claims, self._key)
        if len(self._signed) >= _REMEMBERED_COUNT:
            self._signed.clear()
        self._signed[identity, ttl_seconds] = (now + min(_REMEMBERED_SECONDS, ttl_seconds / 2), token)
        return token

    def verify(self, token: str) -> Identity:
        """Check signature and time of a signed identity.

        Raises:
            AppError: UNAUTHENTICATED when it is not ours, changed or over.
        """
        now = time.time()
        known = self._verified.get(token)
        if known and known[0] > now:
            return known[1]
        try:
            claims = jwt.decode(token, self._key, algorithms=[_ALGORITHM]).claims
            jwt.JWTClaimsRegistry(sub={"essential": True}, exp={"essential": True}).validate(claims)
        except (JoseError, ValueError) as failure:
            raise AppError(Code.UNAUTHENTICATED, "identity_invalid", "The caller could not be identified.") from failure
        roles, scopes, datasets = (frozenset(claims.get(name, ())) for name in ("roles", "scopes", "datasets"))
        identity = Identity(claims["sub"], roles, scopes, datasets)
        if len(self._verified) >= _REMEMBERED_COUNT:
            self._verified.clear()
        self._verified[token] = (min(now + _REMEMBERED_SECONDS, claims["exp"]), identity)
        return identity
