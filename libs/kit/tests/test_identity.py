"""Signed identities: what was signed is read back, what was changed or is over is refused."""

import pytest

from cjm_kit.errors import AppError, Code
from cjm_kit.identity import Identity, IdentitySigner, acting_as, current_identity, staff_identity

SECRET = "one secret of at least 32 characters!"


def test_round_trip() -> None:
    identity = Identity("token:1", frozenset({"system"}), frozenset({"events:write"}), frozenset({"d1", "d2"}))
    assert IdentitySigner(SECRET).verify(IdentitySigner(SECRET).sign(identity)) == identity


@pytest.mark.parametrize("spoil", ["other key", "changed", "over", "no token", "unsigned"])
def test_spoiled_token_is_refused(spoil: str) -> None:
    signer = IdentitySigner(SECRET)
    token = signer.sign(staff_identity("u1", is_admin=False), ttl_seconds=-5 if spoil == "over" else 60)
    if spoil == "other key":
        token = IdentitySigner(SECRET[::-1]).sign(staff_identity("u1", is_admin=False))
    elif spoil == "changed":
        head, body, signature = token.split(".")
        token = ".".join([head, body[:-2] + ("AA" if body[-2:] != "AA" else "BB"), signature])
    elif spoil == "no token":
        token = "nonsense"
    elif spoil == "unsigned":
        token = "eyJhbGciOiJub25lIn0." + token.split(".")[1] + "."
    with pytest.raises(AppError) as caught:
        signer.verify(token)
    assert caught.value.code is Code.UNAUTHENTICATED


def test_what_is_remembered_is_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    start = 1_700_000_000.0
    now = start
    monkeypatch.setattr("cjm_kit.identity.time.time", lambda: now)
    signer, identity = IdentitySigner(SECRET), staff_identity("u1", is_admin=False)
    token = signer.sign(identity, ttl_seconds=3)
    assert signer.sign(identity, ttl_seconds=3) == token
    assert signer.sign(identity, ttl_seconds=60) != token
    assert signer.sign(staff_identity("u2", is_admin=False), ttl_seconds=3) != token
    assert signer.verify(token) == identity
    now = start + 2
    assert signer.sign(identity, ttl_seconds=3) != token
    assert signer.verify(token) == identity
    now = start + 4
    with pytest.raises(AppError):
        signer.verify(token)


def test_nobody_is_asking_outside_a_request() -> None:
    with pytest.raises(AppError):
        current_identity()
    with acting_as(staff_identity("u1", is_admin=True)):
        assert current_identity().is_admin
        assert current_identity().user_id == "u1"
    with pytest.raises(AppError):
        current_identity()
