"""The page on which a person lets an application act for them, and where it leads: a code, back to the application.

Parameters and the redirect to the application's own machine were read in the public source of Anthropic's command-line
client (anthropics/anthropic-cli, 2026). What the page looks like, how it is answered and what it refuses is unverified.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

PATH: Final = "/oauth/authorize"
CONTENT_TYPE: Final = "text/html; charset=utf-8"

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_CALLBACK: Final = "/callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an application asks a person for."""

    client_id: str
    redirect_uri: str
    state: str = field(repr=False)
    #: What the verifier is announced by: the base64 of its SHA-256.
    challenge: str
    scope: str

    def is_verified_by(self, verifier: str) -> bool:
        """Say whether this is the verifier that was announced (RFC 7636, 4.6)."""
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        return hmac.compare_digest(digest, self.challenge.encode())

    def leads_to(self, **said: str) -> str:
        """Return where the person's browser goes with an answer."""
        return f"{self.redirect_uri}?{urlencode(said | {'state': self.state})}"


def read(query: Mapping[str, Sequence[str]]) -> Wish | str:
    """Read the parameters of the page; text where something is wrong with them, for the person to see.

    A page that is asked for wrongly leads nowhere: its redirect may be somebody else's.
    """
    said = {name: values[0] for name, values in query.items()}
    for name in ("client_id", "redirect_uri", "state", "code_challenge"):
        if not said.get(name):
            return f"Missing {name}"
    for name, only in (("response_type", "code"), ("code_challenge_method", "S256")):
        if said.get(name) != only:
            return f"{name} must be {only}"
    to = urlsplit(said["redirect_uri"])
    if not (to.scheme == "http" and to.hostname in _LOOPBACK and to.path == _CALLBACK and not to.query):
        return f"redirect_uri must be http://localhost:PORT{_CALLBACK}"
    return Wish(
        client_id=said["client_id"],
        redirect_uri=said["redirect_uri"],
        state=said["state"],
        challenge=said["code_challenge"],
        scope=said.get("scope", ""),
    )


def is_granted(body: bytes) -> bool:
    """Say whether the page was sent off with its first button."""
    return parse_qs(body.decode("utf-8", "replace")).get("decision") == ["allow"]


def page(wish: Wish) -> bytes:
    """Write the page: its form is sent to the address it came from."""
    scopes = "".join(f"<li>{html.escape(scope)}</li>" for scope in wish.scope.split())
    return _page(
        f"""<p>The application {html.escape(wish.client_id)} wants to act for you:</p>
<ul>{scopes}</ul>
<form method="post">
<button name="decision" value="allow">Authorize</button>
<button name="decision" value="deny">Decline</button>
</form>"""
    )


def complaint(why: str) -> bytes:
    """Write the page of an application that asked wrongly."""
    return _page(f"<p>This application asks for a login wrongly: {html.escape(why)}.</p>")


def _page(body: str) -> bytes:
    return f"<!doctype html>\n<title>Windtunnel: log in</title>\n{body}\n".encode()
