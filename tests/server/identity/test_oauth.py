"""Logins, their tokens, and the endpoint that renews them."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity.login_page import Wish
from windtunnel_server.identity.oauth import (
    API_BETA,
    CODE_LIFETIME_S,
    FEDERATION_BETA,
    FEDERATION_GRANT,
    OAuth,
    TokenAnswer,
)
from windtunnel_server.journal import mask_body
from windtunnel_server.wire.errors import KINDS

BETAS = f"{API_BETA},{FEDERATION_BETA}"


class Wall(VirtualClock):
    """A clock that a test moves by hand."""

    def wall(self) -> float:
        return self.start + self.at

    at = 0.0


@pytest.fixture
def clock() -> Wall:
    return Wall()


@pytest.fixture
def oauth(clock: Wall) -> OAuth:
    return OAuth(clock, lifetime_s=60)


def headers(token: str, beta: str = f"one,{API_BETA}") -> list[tuple[str, str]]:
    return [("Authorization", f"Bearer {token}"), ("anthropic-beta", beta)]


def refusal(oauth: OAuth, token: str, **more: str) -> str | None:
    problem = oauth.check(headers(token, **more))
    return None if problem is None else problem.kind


def post(oauth: OAuth, body: Any, *, beta: str = API_BETA) -> TokenAnswer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return oauth.answer(Call("POST", "/v1/oauth/token", headers=(("anthropic-beta", beta),), body=raw))


def renewed(oauth: OAuth, token: str, client_id: str) -> Any:
    answer = post(oauth, {"grant_type": "refresh_token", "refresh_token": token, "client_id": client_id})
    return json.loads(answer.body) | {"status": answer.status}


def exchanged(oauth: OAuth, **changes: Any) -> TokenAnswer:
    rule = oauth.workload.rule
    body = {
        "grant_type": FEDERATION_GRANT,
        "assertion": oauth.assertion(),
        "federation_rule_id": rule.id,
        "organization_id": rule.organization_id,
        "service_account_id": rule.service_account_id,
    }
    return post(oauth, {name: value for name, value in (body | changes).items() if value}, beta=BETAS)


# --- at the door -----------------------------------------------------------------------------------------------------


def test_a_token_is_good_until_it_ends_and_no_longer(oauth: OAuth, clock: Wall):
    login = oauth.login()

    assert login.expires_at == clock.wall() + 60
    assert refusal(oauth, login.access_token) is None
    clock.at = 59.999
    assert refusal(oauth, login.access_token) is None
    clock.at = 60.0
    assert refusal(oauth, login.access_token) == "oauth_expired"


def test_each_refusal_has_a_kind_of_its_own(oauth: OAuth):
    first, second = oauth.login(), oauth.login()
    oauth.expire(first.access_token)
    oauth.revoke(second.access_token)

    assert refusal(oauth, first.access_token) == "oauth_expired"
    assert refusal(oauth, second.access_token) == "oauth_revoked"
    assert refusal(oauth, "sk-ant-oat01-nobody-has-this") == "invalid_bearer_token"
    assert refusal(oauth, first.refresh_token) == "invalid_bearer_token"
    assert refusal(oauth, oauth.login().access_token, beta="another") == "oauth_unsupported"
    assert refusal(oauth, "") == "missing_api_key"


def test_a_refusal_says_what_its_kind_says(oauth: OAuth):
    problem = oauth.check(headers("sk-ant-oat01-x"))

    assert problem is not None and problem.message == KINDS["invalid_bearer_token"].text()


def test_revoking_one_token_leaves_the_login_alone_and_revoking_the_login_takes_them_all(oauth: OAuth):
    login = oauth.login()
    oauth.revoke(login.access_token)
    fresh = renewed(oauth, login.refresh_token, login.client_id)
    assert refusal(oauth, fresh["access_token"]) is None

    oauth.revoke(login.refresh_token)

    assert refusal(oauth, fresh["access_token"]) == "oauth_revoked"
    assert renewed(oauth, fresh["refresh_token"], login.client_id)["status"] == 400


def test_all_tokens_can_be_ended_at_once(oauth: OAuth):
    logins = [oauth.login(), oauth.login()]

    oauth.expire_all()

    assert [refusal(oauth, login.access_token) for login in logins] == ["oauth_expired"] * 2


@pytest.mark.parametrize("what", ["expire", "revoke"])
def test_a_token_nobody_has_cannot_be_taken_back(oauth: OAuth, what: str):
    oauth.login()

    with pytest.raises(ValueError, match=r"no such access token.*1 are out"):
        getattr(oauth, what)("sk-ant-oat01-nobody")


@pytest.mark.parametrize(
    ("sent", "concerns"),
    [
        ([("Authorization", "Bearer sk-ant-oat01-x")], True),
        ([("Authorization", "Bearer sk-ant-api03-x")], False),
        ([("Authorization", "Bearer sk-ant-oat01-x"), ("x-api-key", "k")], False),
        ([], False),
    ],
)
def test_a_token_is_told_from_a_key_by_its_beginning(oauth: OAuth, sent: list[tuple[str, str]], concerns: bool):
    assert oauth.concerns(sent) is concerns


def test_a_lifetime_must_be_above_0(clock: Wall):
    with pytest.raises(ValueError, match="lifetime_s"):
        OAuth(clock, lifetime_s=0)


# --- renewal ---------------------------------------------------------------------------------------------------------


def test_a_renewal_hands_out_a_new_pair(oauth: OAuth, clock: Wall):
    login = oauth.login()
    clock.at = 100

    fresh = renewed(oauth, login.refresh_token, login.client_id)

    assert (fresh["status"], fresh["token_type"], fresh["expires_in"]) == (200, "Bearer", 60)
    assert refusal(oauth, fresh["access_token"]) is None
    assert refusal(oauth, login.access_token) == "oauth_expired"
    assert fresh["refresh_token"] != login.refresh_token


def test_a_refresh_token_is_good_once_and_its_second_use_ends_the_login(oauth: OAuth):
    login = oauth.login()
    fresh = renewed(oauth, login.refresh_token, login.client_id)

    again = renewed(oauth, login.refresh_token, login.client_id)

    assert again == {
        "status": 400,
        "error": "invalid_grant",
        "error_description": "Refresh token not found or invalid",
    }
    assert refusal(oauth, fresh["access_token"]) == "oauth_revoked"
    assert renewed(oauth, fresh["refresh_token"], login.client_id)["error"] == "invalid_grant"


def test_another_login_does_not_suffer(oauth: OAuth):
    victim, other = oauth.login(), oauth.login()
    for _ in range(2):
        renewed(oauth, victim.refresh_token, victim.client_id)

    assert refusal(oauth, other.access_token) is None
    assert renewed(oauth, other.refresh_token, other.client_id)["status"] == 200


def test_a_refresh_token_is_good_for_its_own_client_only_and_is_not_spent_by_another(oauth: OAuth):
    login = oauth.login()

    assert renewed(oauth, login.refresh_token, "another")["error"] == "invalid_grant"
    assert renewed(oauth, login.refresh_token, login.client_id)["status"] == 200


@given(uses=st.lists(st.integers(0, 5), max_size=12))
def test_the_login_lives_exactly_as_long_as_only_the_newest_token_is_used(uses: list[int]):
    oauth = OAuth(Wall())
    login = oauth.login()
    handed_out, alive = [login.refresh_token], True
    for use in uses:
        place = use % len(handed_out)
        answer = renewed(oauth, handed_out[place], login.client_id)
        alive = alive and place == len(handed_out) - 1
        assert (answer["status"] == 200) is alive
        if alive:
            handed_out.append(answer["refresh_token"])


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"grant_type=refresh_token", "invalid_request"),
        ([], "invalid_request"),
        ({"grant_type": "refresh_token", "client_id": "c"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "r"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": 1, "client_id": "c"}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": FEDERATION_GRANT}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
    ],
)
def test_a_request_for_a_token_that_is_none_is_a_400(oauth: OAuth, body: Any, error: str):
    answer = post(oauth, body)

    assert (answer.status, answer.error) == (400, error)
    assert json.loads(answer.body)["error"] == error
    assert ("Content-Length", str(len(answer.body))) in answer.headers


def test_a_client_can_be_told_another_lifetime_than_the_token_has(clock: Wall):
    oauth = OAuth(clock, lifetime_s=60, said_s=3600)
    login = oauth.login()

    fresh = renewed(oauth, login.refresh_token, login.client_id)

    clock.at = 60
    assert fresh["expires_in"] == 3600
    assert refusal(oauth, fresh["access_token"]) == "oauth_expired"


# --- workloads -------------------------------------------------------------------------------------------------------


def test_an_assertion_is_exchanged_for_a_token_without_a_refresh_token(oauth: OAuth):
    answer = exchanged(oauth)
    said = json.loads(answer.body)

    assert (answer.status, said["expires_in"], said["scope"]) == (200, 60, "workspace:developer")
    assert "refresh_token" not in said
    assert refusal(oauth, said["access_token"]) is None


def test_a_refused_assertion_is_told_in_the_api_s_own_shape(oauth: OAuth):
    answer = exchanged(oauth, assertion="a.b.c")

    assert (answer.status, answer.error) == (400, "invalid_grant")
    assert json.loads(answer.body)["error"]["type"] == "invalid_grant"


def test_the_service_for_workloads_renews_no_login(oauth: OAuth):
    login = oauth.login()
    body = {"grant_type": "refresh_token", "refresh_token": login.refresh_token, "client_id": login.client_id}

    answer = post(oauth, body, beta=BETAS)

    assert answer.error == "unsupported_grant_type"


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_what_a_request_proves_itself_by_is_masked_and_the_rest_is_kept(oauth: OAuth):
    login = oauth.login()
    call = Call(
        "POST", "/v1/oauth/token", body=json.dumps({"refresh_token": login.refresh_token, "client_id": "c"}).encode()
    )
    oauth.answer(call)

    assert mask_body(call.json) == {"refresh_token": f"***{login.refresh_token[-4:]}", "client_id": "c"}


def test_nothing_printed_shows_a_token(oauth: OAuth):
    login = oauth.login()

    assert "sk-ant" not in repr(login) + repr(exchanged(oauth))


# --- codes -----------------------------------------------------------------------------------------------------------

VERIFIER = "a-verifier-that-nobody-guesses-0123456789-0123456789"
# SHA-256 of it, in base64 for addresses.
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
WISH = Wish(
    client_id="an-application",
    redirect_uri="http://localhost:5555/callback",
    state="a-state",
    challenge=CHALLENGE,
    scope="user:inference",
)


def coded(oauth: OAuth, code: str, /, *, as_json: bool = False, **changes: str | None) -> Any:
    said: dict[str, str | None] = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": WISH.redirect_uri,
        "client_id": WISH.client_id,
        "code_verifier": VERIFIER,
        "state": WISH.state,
    }
    form = {name: value for name, value in (said | changes).items() if value is not None}
    body = json.dumps(form) if as_json else urlencode(form)
    kind = "application/json" if as_json else "application/x-www-form-urlencoded"
    call = Call("POST", "/v1/oauth/token", headers=(("Content-Type", kind),), body=body.encode())
    answer = oauth.answer(call)
    assert "***" in str(mask_body(call.json))
    return json.loads(answer.body) | {"status": answer.status}


@pytest.mark.parametrize("as_json", [False, True])
def test_a_code_is_exchanged_for_a_login(oauth: OAuth, as_json: bool):
    got = coded(oauth, oauth.grant(WISH), as_json=as_json)

    assert (got["status"], got["scope"]) == (200, "user:inference")
    assert got["organization"]["uuid"] == oauth.organization_id
    assert got["account"]["email_address"] == oauth.person.email
    assert refusal(oauth, got["access_token"]) is None
    assert renewed(oauth, got["refresh_token"], WISH.client_id)["status"] == 200


def test_a_code_is_good_once_and_its_second_use_ends_the_login(oauth: OAuth):
    code = oauth.grant(WISH)
    got = coded(oauth, code)

    assert coded(oauth, code)["error"] == "invalid_grant"
    assert refusal(oauth, got["access_token"]) == "oauth_revoked"


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "another"},
        {"client_id": "another"},
        {"redirect_uri": "http://localhost:5556/callback"},
        {"code_verifier": "another"},
        {"state": "another"},
    ],
)
def test_a_code_is_for_who_asked_for_it_and_for_nobody_else(oauth: OAuth, changes: dict[str, str]):
    code = oauth.grant(WISH)

    assert coded(oauth, code, **changes)["error"] == "invalid_grant"
    assert coded(oauth, code)["status"] == 200


@pytest.mark.parametrize("lacking", ["code", "redirect_uri", "client_id", "code_verifier", "state"])
def test_what_an_exchange_lacks_is_named(oauth: OAuth, lacking: str):
    assert coded(oauth, oauth.grant(WISH), **{lacking: None})["error_description"] == f"Missing {lacking}"


def test_a_code_ends(oauth: OAuth, clock: Wall):
    code = oauth.grant(WISH)
    clock.at = CODE_LIFETIME_S

    assert coded(oauth, code)["error"] == "invalid_grant"


def test_workloads_exchange_no_codes(oauth: OAuth):
    answer = post(oauth, {"grant_type": "authorization_code", "code": oauth.grant(WISH)}, beta=BETAS)

    assert answer.error == "unsupported_grant_type"
