"""Access keys, what becomes of them, and how they look."""

from __future__ import annotations

import math

import pytest

from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity.aws.keys import AwsKeys


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def keys(clock: VirtualClock) -> AwsKeys:
    return AwsKeys(clock, lifetime_s=3600.0)


def test_a_seed_makes_the_same_keys_again(clock: VirtualClock):
    one, other = AwsKeys(clock, seed=7), AwsKeys(clock, seed=7)

    assert (one.user, one.session(), one.bearer()) == (other.user, other.session(), other.bearer())
    assert AwsKeys(clock, seed=8).user != one.user


def test_keys_have_the_forms_of_amazons_and_say_what_they_are(keys: AwsKeys):
    session = keys.session()

    assert keys.user.id.startswith("AKIAWINDTUNNEL") and session.id.startswith("ASIAWINDTUNNEL")
    assert len(keys.user.id) == len(session.id) == 20
    assert len(keys.user.secret) == len(session.secret) == 40
    assert keys.user.token is None
    assert "not-a-real" in (session.token or "") and "not/a/real" in session.secret
    assert "secret" not in repr(session) and "token" not in repr(session)


def test_a_users_key_has_no_end_and_a_sessions_has(keys: AwsKeys, clock: VirtualClock):
    session = keys.session()

    assert keys.user.expires_at == math.inf
    assert session.expires_at == clock.wall() + 3600.0
    clock.advance(3599.0)
    assert keys.standing(session.id) == "good"
    clock.advance(1.0)
    assert keys.standing(session.id) == "expired"
    assert keys.standing(keys.user.id) == "good"


def test_a_holder_may_be_told_another_end_than_the_true_one(clock: VirtualClock):
    keys = AwsKeys(clock, lifetime_s=60.0, said_s=3600.0)
    session = keys.session()

    clock.advance(60.0)

    assert session.expires_at == clock.wall() + 3540.0
    assert keys.standing(session.id) == "expired"


def test_a_session_may_be_shorter_but_never_longer(keys: AwsKeys, clock: VirtualClock):
    assert keys.session(lifetime_s=900.0).expires_at == clock.wall() + 900.0
    assert keys.session(lifetime_s=9000.0).expires_at == clock.wall() + 3600.0


def test_keys_are_expired_and_taken_back(keys: AwsKeys):
    one, other = keys.session(), keys.session()

    keys.expire(one)
    assert (keys.standing(one.id), keys.standing(other.id)) == ("expired", "good")
    keys.expire_all()
    assert (keys.standing(other.id), keys.standing(keys.user.id)) == ("expired", "good")
    keys.revoke(other.id)
    assert keys.standing(other.id) == "revoked"
    assert keys.find(other.id) is None and keys.find(one.id) == one


def test_a_key_of_somebody_else_cannot_be_expired(keys: AwsKeys):
    with pytest.raises(ValueError, match="no such key was handed out"):
        keys.expire("AKIAIOSFODNN7EXAMPLE")


def test_a_bearer_key_is_good_for_its_service(keys: AwsKeys):
    bedrock, platform = keys.bearer(), keys.bearer("aws-external-anthropic")

    assert keys.admits_bearer(bedrock, "bedrock") and keys.admits_bearer(bedrock, "bedrock-mantle")
    assert keys.admits_bearer(platform, "aws-external-anthropic")
    assert not keys.admits_bearer(bedrock, "aws-external-anthropic")
    assert not keys.admits_bearer("ABSKother", "bedrock")
    keys.revoke(bedrock)
    assert not keys.admits_bearer(bedrock, "bedrock")


def test_no_two_tokens_end_alike(keys: AwsKeys):
    tails = [(keys.session().token or "")[-4:] for _ in range(300)]

    assert len(set(tails)) == 300


def test_a_lifetime_is_above_zero(clock: VirtualClock):
    with pytest.raises(ValueError, match="lifetime_s is 0"):
        AwsKeys(clock, lifetime_s=0)
