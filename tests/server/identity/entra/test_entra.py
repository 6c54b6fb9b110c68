"""The directory: its tokens, what becomes of them, and what proves a workload."""

from __future__ import annotations

import pytest

from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity import jwt
from windtunnel_server.identity.entra import AUDIENCES, Entra


class Wall(VirtualClock):
    """A clock that a test moves by hand."""

    def wall(self) -> float:
        return self.start + self.at

    at = 0.0


@pytest.fixture
def clock() -> Wall:
    return Wall()


@pytest.fixture
def entra(clock: Wall) -> Entra:
    return Entra(clock, lifetime_s=60.0)


@pytest.mark.parametrize("audience", [*AUDIENCES, f"{AUDIENCES[0]}/"])
def test_a_token_for_this_service_is_admitted(entra: Entra, audience: str):
    assert entra.admits(entra.issue(audience))


def test_a_token_for_another_service_is_not(entra: Entra):
    assert not entra.admits(entra.issue("https://management.azure.com"))


def test_a_token_ends_when_its_time_is_up(entra: Entra, clock: Wall):
    token = entra.issue(AUDIENCES[0])

    clock.at = 59.9
    before = entra.admits(token)
    clock.at = 60.0

    assert (before, entra.admits(token)) == (True, False)


def test_its_client_may_be_told_of_another_time(clock: Wall):
    entra = Entra(clock, lifetime_s=60.0, said_s=3600.0)

    claims = jwt.claims_of(entra.issue(AUDIENCES[0]), entra.key)

    assert claims is not None
    assert claims["exp"] - claims["iat"] == 3600
    assert (claims["tid"], claims["appid"], claims["aud"]) == (entra.tenant_id, entra.client_id, AUDIENCES[0])


def test_a_clock_that_is_ahead_dates_tokens_ahead(clock: Wall):
    ahead = Entra(clock, skew_s=500.0)

    claims = jwt.claims_of(ahead.issue(AUDIENCES[0]), ahead.key)

    assert claims is not None
    assert claims["iat"] == int(clock.start) + 500


def test_one_token_is_taken_back_or_all_of_them(entra: Entra):
    first, second, third = (entra.issue(AUDIENCES[0]) for _ in range(3))

    entra.revoke(first)
    one_gone = [entra.admits(token) for token in (first, second, third)]
    entra.revoke_all()

    assert one_gone == [False, True, True]
    assert not any(entra.admits(token) for token in (first, second, third))
    assert entra.admits(entra.issue(AUDIENCES[0]))


def test_all_tokens_can_end_at_once(entra: Entra):
    token = entra.issue(AUDIENCES[0])

    entra.expire_all()

    assert not entra.admits(token)


def test_a_token_nobody_was_given_cannot_be_taken_back(entra: Entra):
    with pytest.raises(ValueError, match="no such token was handed out"):
        entra.revoke("eyJ")


def test_no_two_tokens_end_alike(entra: Entra):
    tails = {entra.issue(AUDIENCES[0])[-4:] for _ in range(300)}

    assert len(tails) == 300


def test_a_seed_makes_the_same_tenant_and_the_same_tokens(clock: Wall):
    one, same, other = (Entra(clock, seed=seed) for seed in (3, 3, 4))

    assert one.client_secret == same.client_secret != other.client_secret
    assert one.tenant_id == same.tenant_id != other.tenant_id
    assert one.issue(AUDIENCES[0]) == same.issue(AUDIENCES[0])


def test_a_secret_that_ends_is_known_as_such(entra: Entra):
    old = entra.client_secret

    new = entra.expire_secret()

    assert (entra.knows_secret(old), entra.knew_secret(old), entra.knows_secret(new)) == (False, True, True)
    assert "not-a-secret" in new


def test_an_assertion_is_signed_by_the_workloads_issuer_alone(entra: Entra, clock: Wall):
    good = entra.assertion(sub="somebody")

    said = entra.claims_of_assertion(good)

    assert said is not None
    assert (said["sub"], said["exp"] - said["iat"]) == ("somebody", 30 * 86400)
    assert entra.claims_of_assertion(Entra(clock, seed=9).assertion()) is None


@pytest.mark.parametrize("lifetime_s", [0.0, -1.0, float("nan")])
def test_a_token_lives_for_some_time(clock: Wall, lifetime_s: float):
    with pytest.raises(ValueError, match="lifetime_s"):
        Entra(clock, lifetime_s=lifetime_s)
