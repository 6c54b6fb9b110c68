"""The token endpoint of the API: codes and refresh tokens in, tokens out (wire.md 2.2).

How a code is exchanged was read in the public source of Anthropic's command-line client (anthropics/anthropic-cli,
2026): as a form, with the `state`, and without a beta header. A refresh token goes as JSON, with one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from windtunnel.client.credentials.source import IssuerFailed, NoCredential
from windtunnel.client.credentials.store import Tokens
from windtunnel.client.failures import ConfigurationError

PATH: Final = "/v1/oauth/token"
#: Unlocks the tokens of logins in the Authorization header, too.
BETA: Final = "oauth-2025-04-20"
_TIMEOUT_S: Final = 30.0
#: With these the endpoint says that what was sent is worth nothing; other errors may pass.
_FINAL: Final = frozenset({400, 401, 403, 404})
#: Where plain HTTP stays within the machine.
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


async def refreshed(http: Any, base_url: str, *, refresh_token: str, client_id: str) -> Tokens:
    """Exchange a refresh token. What comes back usually has another one: the old is then worth nothing.

    `http` is the HTTP library's async client. Raises NoCredential where it is refused, IssuerFailed where the endpoint
    is unwell, and the library's own errors.
    """
    body = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": client_id}
    answer = await _post(http, base_url, json=body, headers={"anthropic-beta": BETA})
    return _tokens(answer, refresh_token)


async def exchanged(http: Any, base_url: str, form: Mapping[str, str]) -> Tokens:
    """Exchange the code of a login: `form` without its `grant_type`. Raises as `refreshed` does."""
    answer = await _post(http, base_url, data={"grant_type": "authorization_code", **form})
    return _tokens(answer, None)


def check_address(base_url: str) -> str:
    """Return the address if secrets may be sent there: over TLS, or within the machine; else ConfigurationError."""
    parts = urlsplit(base_url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return base_url.rstrip("/")
    raise ConfigurationError(
        f"tokens are exchanged over https, or on this machine, and not at {parts.scheme}://{parts.hostname}; "
        "set ANTHROPIC_BASE_URL"
    )


async def _post(http: Any, base_url: str, **what: Any) -> Any:
    address = check_address(base_url) + PATH
    return await http.post(address, timeout=_TIMEOUT_S, follow_redirects=False, **what)


def _tokens(answer: Any, refresh_token: str | None) -> Tokens:
    said = _said(answer)
    if answer.status_code != 200:
        words = f"the token endpoint answered {answer.status_code}: {_words(said)}"
        if answer.status_code in _FINAL:
            raise NoCredential(words)
        raise IssuerFailed(words, answer, said)
    if not isinstance(said, dict) or not isinstance(said.get("access_token"), str):
        raise NoCredential("the token endpoint answered without an access token")
    lives_s = said.get("expires_in")
    return Tokens(
        said["access_token"],
        said.get("refresh_token") or refresh_token,
        time.time() + lives_s if isinstance(lives_s, (int, float)) else None,
    )


def _said(answer: Any) -> Any:
    try:
        return json.loads(answer.content)
    except ValueError:
        return None


def _words(said: Any) -> str:
    """The reason, of either shape that the endpoint has; never the whole body, which may repeat what was sent."""
    if not isinstance(said, dict):
        return "no JSON object"
    error = said.get("error")
    if isinstance(error, dict):
        return str(error.get("message"))
    return " ".join(str(word) for word in (error, said.get("error_description")) if word)
