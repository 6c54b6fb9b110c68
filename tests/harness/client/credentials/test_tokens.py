"""The token endpoint: what goes there, and what its answers mean."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest

from windtunnel.client.credentials import tokens
from windtunnel.client.credentials.source import IssuerFailed, NoCredential
from windtunnel.client.credentials.store import Tokens
from windtunnel.client.failures import ConfigurationError, Failure
from windtunnel.client.understanding import understood

URL = "https://api.invalid"
GOOD = {"access_token": "access", "refresh_token": "refresh 2", "expires_in": 600, "token_type": "Bearer"}


class Endpoint:
    def __init__(self, status: int = 200, said: Any = GOOD, **headers: str) -> None:
        self.status, self.said, self.headers = status, said, headers
        self.request: httpx2.Request | None = None

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.request = request
        return httpx2.Response(self.status, content=json.dumps(self.said), headers=self.headers)


def refreshed(endpoint: Endpoint, url: str = URL) -> Tokens:
    async def play() -> Tokens:
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(endpoint)) as http:
            return await tokens.refreshed(http, url, refresh_token="refresh 1", client_id="an-application")

    return asyncio.run(play())


def test_a_refresh_token_goes_as_json_with_the_beta() -> None:
    endpoint = Endpoint()

    got = refreshed(endpoint)

    assert endpoint.request is not None
    assert str(endpoint.request.url) == f"{URL}/v1/oauth/token"
    assert endpoint.request.headers["anthropic-beta"] == "oauth-2025-04-20"
    assert json.loads(endpoint.request.content) == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh 1",
        "client_id": "an-application",
    }
    assert (got.access_token, got.refresh_token) == ("access", "refresh 2")
    assert got.expires_at == pytest.approx(time.time() + 600, abs=60)


def test_a_code_goes_as_a_form_without_a_beta() -> None:
    endpoint = Endpoint()

    async def play() -> Tokens:
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(endpoint)) as http:
            return await tokens.exchanged(http, URL, {"code": "c", "state": "s"})

    asyncio.run(play())

    assert endpoint.request is not None
    assert parse_qs(endpoint.request.content.decode()) == {
        "grant_type": ["authorization_code"],
        "code": ["c"],
        "state": ["s"],
    }
    assert "anthropic-beta" not in endpoint.request.headers


def test_a_refresh_token_that_is_not_replaced_stays_good() -> None:
    said = {name: value for name, value in GOOD.items() if name != "refresh_token"}

    assert refreshed(Endpoint(said=said)).refresh_token == "refresh 1"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"error": "invalid_grant", "error_description": "gone"}, "invalid_grant gone"),
        ({"type": "error", "error": {"type": "invalid_request", "message": "gone"}}, "gone"),
        ([], "no JSON object"),
    ],
)
def test_a_refusal_is_told_in_the_words_of_either_shape(said: Any, words: str) -> None:
    with pytest.raises(NoCredential, match=f"answered 400: {words}"):
        refreshed(Endpoint(400, said))


def failure(endpoint: Endpoint) -> Failure:
    with pytest.raises(IssuerFailed) as raised:
        refreshed(endpoint)
    return understood(raised.value)


def test_an_endpoint_that_is_unwell_reads_like_the_api_itself() -> None:
    assert failure(Endpoint(500)).kind == "server"
    assert failure(Endpoint(429, {}, **{"retry-after": "7"})).retry_after_s == 7.0
    assert failure(Endpoint(503)).passing


def test_a_refusal_is_one_of_the_credential() -> None:
    with pytest.raises(NoCredential) as raised:
        refreshed(Endpoint(400))

    assert understood(raised.value).kind == "unauthorised"


@pytest.mark.parametrize("said", [{}, [], {"access_token": 5}])
def test_an_answer_without_a_token_is_none(said: Any) -> None:
    with pytest.raises(NoCredential, match="without an access token"):
        refreshed(Endpoint(said=said))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://localhost:1/", "http://[::1]:1", "https://x.invalid"])
def test_secrets_go_over_tls_or_nowhere_far(url: str) -> None:
    assert tokens.check_address(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url", ["http://x.invalid", "http://localhost.x.invalid", "http://127.0.0.1@x.invalid", "ftp://x"]
)
def test_secrets_go_nowhere_else(url: str) -> None:
    with pytest.raises(ConfigurationError, match="https"):
        tokens.check_address(url)
