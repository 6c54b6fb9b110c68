"""Logging a person in: OAuth with PKCE (S256), and a redirect to this machine (RFC 7636, RFC 8252).

Addresses, parameters and scope were read in the public source of Anthropic's command-line client
(anthropics/anthropic-cli, 2026). Whose application logs in is the caller's to say: there is no default `client_id`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import html
import inspect
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs, urlencode, urlsplit

from windtunnel.client.credentials import tokens
from windtunnel.client.credentials.source import NoCredential
from windtunnel.client.credentials.store import Tokens

#: Shows a person the page at an address: a browser, or a line of text.
OpenPage: TypeAlias = Callable[[str], "object | Awaitable[object]"]

CONSOLE_URL: Final = "https://platform.claude.com"
SCOPE: Final = "user:profile user:inference user:developer"
#: How long a person may take, seconds.
TIMEOUT_S: Final = 300.0
_PATH: Final = "/callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Who asks for a login, and where."""

    client_id: str
    #: Where the page is, and where its code is exchanged.
    console_url: str
    base_url: str
    scope: str = SCOPE
    workspace_id: str | None = None

    def page(self, *, redirect_uri: str, state: str, verifier: str) -> str:
        """Return the address of the page on which a person says yes."""
        asked = {
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": self.scope,
            "state": state,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
        }
        if self.workspace_id:
            asked["workspace_id"] = self.workspace_id
        return f"{self.console_url.rstrip('/')}/oauth/authorize?{urlencode(asked)}"


def challenge(verifier: str) -> str:
    """Return what a verifier is announced by."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


async def log_in(application: Application, open_page: OpenPage, http: Any, *, timeout_s: float = TIMEOUT_S) -> Tokens:
    """Have a person log in, and return the tokens. Raises NoCredential where they do not, or say no."""
    verifier, state = secrets.token_urlsafe(64), secrets.token_urlsafe(32)
    async with _listening(state) as (redirect_uri, answered):
        opened = open_page(application.page(redirect_uri=redirect_uri, state=state, verifier=verifier))
        try:
            async with asyncio.timeout(timeout_s):
                if inspect.isawaitable(opened):
                    await opened
                code = await answered
        except TimeoutError:
            raise NoCredential(f"nobody has logged in within {timeout_s:g} s") from None
    form = {
        "code": code,
        "code_verifier": verifier,
        "client_id": application.client_id,
        "redirect_uri": redirect_uri,
        "state": state,
    }
    return await tokens.exchanged(http, application.base_url, form)


@asynccontextmanager
async def _listening(state: str) -> AsyncIterator[tuple[str, asyncio.Future[str]]]:
    """Listen on this machine for where the page leads: the redirect's address, and the code to come."""
    answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await reader.readline()
            while (await reader.readline()).strip():
                pass
            status, said = _judged(line.decode("latin-1"), state, answered)
            writer.write(_page(status, said))
            await writer.drain()
        except (OSError, ValueError):
            pass  # a visitor that left, or that spoke no HTTP; the person's browser may still come
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://localhost:{server.sockets[0].getsockname()[1]}{_PATH}", answered
    finally:
        server.close()
        if not answered.done():
            answered.cancel()
        elif not answered.cancelled():
            answered.exception()  # seen, whether anybody has waited for it or not


def _judged(line: str, state: str, answered: asyncio.Future[str]) -> tuple[HTTPStatus, str]:
    """Judge a visit by the first line of its request; the first that is of this login decides it."""
    method, target, *_ = [*line.split(" "), "", ""]
    address = urlsplit(target)
    said = {name: values[0] for name, values in parse_qs(address.query).items()}
    if method != "GET" or address.path != _PATH:
        return HTTPStatus.NOT_FOUND, "There is nothing here."
    if not hmac.compare_digest(said.get("state", "").encode(), state.encode()):
        # A page of somebody else's, or of an earlier login: not an answer to this one.
        return HTTPStatus.BAD_REQUEST, "This answer belongs to another login. Nothing was done with it."
    if answered.done():
        return HTTPStatus.BAD_REQUEST, "This login is over already."
    if "code" not in said:
        why = " ".join((said.get("error", "no code came"), said.get("error_description", ""))).strip()
        answered.set_exception(NoCredential(f"the login was not granted: {why}"))
        return HTTPStatus.BAD_REQUEST, f"Not logged in: {why}."
    answered.set_result(said["code"])
    return HTTPStatus.OK, "You are logged in. This window can be closed."


def _page(status: HTTPStatus, said: str) -> bytes:
    body = f"<!doctype html><meta charset=utf-8><title>Login</title><p>{html.escape(said)}</p>\n".encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
