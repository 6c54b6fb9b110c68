"""The variables that point a client at the fake, against what the official SDK really reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anthropic
import pytest

from windtunnel.environments.anthropic import API_KEY, MISLEADING, credentials, misleading
from windtunnel.environments.anthropic import anthropic as variables
from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity.oauth import OAuth

URL = "http://127.0.0.1:9"


@pytest.fixture
def oauth() -> OAuth:
    return OAuth(VirtualClock())


def test_the_sdk_goes_where_the_variables_say(monkeypatch: pytest.MonkeyPatch):
    for name in MISLEADING:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables("http://127.0.0.1:9", API_KEY).items():
        monkeypatch.setenv(name, value)

    client = anthropic.Anthropic()

    assert str(client.base_url).rstrip("/") == "http://127.0.0.1:9"
    assert client.api_key == API_KEY
    assert client.auth_token is None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_no_proxy_stands_before_loopback(host: str):
    env = variables("http://127.0.0.1:9", API_KEY)

    assert host in env["NO_PROXY"].split(",") and env["no_proxy"] == env["NO_PROXY"]


def test_the_key_says_that_it_is_none():
    assert "not-a-real-key" in API_KEY


def test_nothing_is_both_set_and_taken_away():
    assert set(variables("", "")) & set(MISLEADING) == set()


def test_a_key_is_handed_out_as_ever():
    assert credentials("api_key", URL) == variables(URL, API_KEY)


def test_a_bare_token_comes_with_the_beta_that_it_needs(oauth: OAuth):
    login = oauth.login()

    env = credentials("auth_token", URL, oauth=oauth, login=login)

    assert env["ANTHROPIC_AUTH_TOKEN"] == login.access_token
    assert env["ANTHROPIC_CUSTOM_HEADERS"] == "anthropic-beta: oauth-2025-04-20"


@pytest.mark.parametrize("kind", ["auth_token", "oauth", "federation"])
def test_no_credential_stands_beside_another(oauth: OAuth, tmp_path: Path, kind: Any):
    env = credentials(kind, URL, oauth=oauth, folder=tmp_path)

    assert env["ANTHROPIC_BASE_URL"] == URL and "127.0.0.1" in env["NO_PROXY"]
    assert "ANTHROPIC_API_KEY" in misleading(env)
    assert set(misleading(env)) & set(env) == set()
    assert set(misleading(env)) | set(env) >= {"ANTHROPIC_API_KEY", *MISLEADING}


def test_a_login_without_one_given_is_a_fresh_one(oauth: OAuth):
    first, second = (credentials("auth_token", URL, oauth=oauth)["ANTHROPIC_AUTH_TOKEN"] for _ in range(2))

    assert first != second


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("password", {}, "'password' is not known; on offer: api_key, auth_token, oauth, federation"),
        ("oauth", {}, "needs `oauth`"),
        ("oauth", {"oauth": True}, "needs `folder`"),
        ("federation", {"oauth": True}, "needs `folder`"),
    ],
)
def test_what_is_missing_is_said(oauth: OAuth, kind: Any, given: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        credentials(kind, URL, **given | ({"oauth": oauth} if given else {}))
