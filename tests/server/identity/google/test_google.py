"""Accounts and tokens of a Google project: which are good, and what becomes of them."""

from __future__ import annotations

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity.google import SCOPE, Google
from windtunnel_server.identity.jwt import is_signed, read


def call(
    token: str | None, path: str = "/v1/projects/mine/locations/global/publishers/anthropic/models/m:rawPredict"
) -> Call:
    return Call("POST", path, headers=() if token is None else (("authorization", f"Bearer {token}"),))


@pytest.fixture
def google() -> Google:
    return Google(VirtualClock(), lifetime_s=60.0)


def refusal(google: Google, token: str | None) -> str | None:
    problem = google.check(call(token))
    return None if problem is None else problem.kind


def test_a_token_that_was_handed_out_is_good(google: Google):
    assert refusal(google, google.issue().access_token) is None


def test_no_token_and_any_token_are_told_apart(google: Google):
    assert refusal(google, None) == "missing_api_key"
    assert refusal(google, "ya29.mine") == "invalid_bearer_token"


def test_a_token_ends_with_its_time():
    clock = VirtualClock()
    google = Google(clock, lifetime_s=60.0, said_s=3600.0)
    issued = google.issue()

    clock.advance(59.0)
    before = refusal(google, issued.access_token)
    clock.advance(1.0)

    assert issued.expires_in == 3600
    assert (before, refusal(google, issued.access_token)) == (None, "oauth_expired")


def test_a_test_may_end_one_token_or_all(google: Google):
    one, two = google.issue().access_token, google.issue().access_token

    google.expire(one)
    assert (refusal(google, one), refusal(google, two)) == ("oauth_expired", None)
    google.expire_all()
    assert refusal(google, two) == "oauth_expired"


def test_a_test_may_take_back_one_token_or_all(google: Google):
    one, two = google.issue().access_token, google.issue().access_token

    google.revoke(one)
    assert (refusal(google, one), refusal(google, two)) == ("oauth_revoked", None)
    google.revoke_all()
    assert refusal(google, two) == "oauth_revoked"


def test_a_login_can_be_taken_back(google: Google):
    assert google.renews(google.refresh_token)

    google.revoke(google.refresh_token)

    assert not google.renews(google.refresh_token)


def test_a_token_that_nobody_has_is_a_mistake_of_the_test(google: Google):
    with pytest.raises(ValueError, match="no such access token"):
        google.expire("ya29.mine")


def test_a_scope_must_fit(google: Google):
    narrow = google.issue(scopes=["https://www.googleapis.com/auth/iam"]).access_token

    assert refusal(google, narrow) == "api_key_scope_missing"
    assert refusal(google, google.issue(scopes=[SCOPE, "openid"]).access_token) is None


def test_an_account_may_be_denied(google: Google):
    token = google.issue().access_token
    google.denied.add(google.email)

    problem = google.check(call(token))

    assert problem is not None and problem.kind == "permission_denied"
    assert (
        "'//aiplatform.googleapis.com/projects/mine/locations/global/publishers/anthropic/models/m'" in problem.message
    )


def test_projects_may_be_named():
    google = Google(VirtualClock(), projects=["theirs"])
    token = google.issue().access_token

    theirs = call(token, "/v1/projects/theirs/locations/global/publishers/anthropic/models/m:rawPredict")

    assert refusal(google, token) == "permission_denied"
    assert google.check(theirs) is None


def test_a_token_stands_for_somebody_as_long_as_it_is_good(google: Google):
    token = google.issue("somebody@x.invalid").access_token

    assert (google.owner(token), google.owner("other"), google.owner(None)) == ("somebody@x.invalid", None, None)
    google.revoke(token)
    assert google.owner(token) is None


def test_a_seed_makes_the_same_project_and_keys_again():
    one, two, other = (Google(VirtualClock(), seed=seed) for seed in (1, 1, 2))

    assert one.service_account("uri") == two.service_account("uri")
    assert one.issue().access_token == two.issue().access_token
    assert other.project_id != one.project_id
    assert other.service_account("uri")["private_key"] != one.service_account("uri")["private_key"]


def test_no_two_tokens_end_alike(google: Google):
    endings = {google.issue().access_token[-4:] for _ in range(300)}

    assert len(endings) == 300


def test_what_opens_nothing_says_so(google: Google):
    for secret in (google.issue().access_token, google.refresh_token):
        assert "windtunnel-not-a-real-token-" in secret


def test_an_outside_token_is_signed_by_its_provider_and_may_be_bent(google: Google):
    token = google.subject_token(sub="another")
    claims = read(token)

    assert claims is not None and claims["sub"] == "another" and claims["aud"].endswith(google.pool)
    assert is_signed(token, google.key("identity provider").public)
    assert not is_signed(token, google.key("service account").public)


def test_a_lifetime_of_nothing_is_a_mistake():
    with pytest.raises(ValueError, match="above 0"):
        Google(VirtualClock(), lifetime_s=0)


def test_a_skewed_clock_is_googles_alone():
    clock = VirtualClock()
    google = Google(clock, skew_s=100.0)

    assert google.now() == clock.wall() + 100.0
