"""The variables that point a client at the fake, against what the official SDK really reads."""

from __future__ import annotations

import anthropic
import pytest

from windtunnel.environment import API_KEY, MISLEADING
from windtunnel.environment import anthropic as variables


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
