"""Takes secrets out of interactions before anything is written, and fails closed."""

from __future__ import annotations

import base64
import copy
import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar
from urllib.parse import unquote_to_bytes

from windtunnel.cassette.interaction import Arrival, Headers, Interaction, Request, Response, header
from windtunnel.cassette.redact import bodies, codings, placeholders
from windtunnel.cassette.redact.edits import apply, resized
from windtunnel.cassette.redact.headers import HeaderRules
from windtunnel.cassette.redact.leak import LeakError, closed
from windtunnel.cassette.redact.look import Look
from windtunnel.cassette.redact.rules import USUAL, Rules
from windtunnel.cassette.redact.scan import Finding, findings

#: Addresses where credentials are asked for.
_EXCHANGE: Final = re.compile(
    r"(?i)://(?:sts|oidc|portal\.sso|oauth2|login|signin|accounts)\.|[/.](?:oauth2?|tokens?|sso|device_authorization)(?:[/?]|$)"
    r"|/(?:federation|security-credentials|credentials|get-credentials)(?:[/?]|$)|:generate(?:Access|Id)Token"
)
#: Addresses whose whole answer is one value, and what stands for it.
_WHOLE: Final = (
    (re.compile(r"/latest/api/token(?:\?|$)"), placeholders.REDACTED),
    (re.compile(r"/computeMetadata/v1/project/project-id(?:\?|$)"), placeholders.PROJECT),
    (re.compile(r"/computeMetadata/v1/project/numeric-project-id(?:\?|$)"), placeholders.ACCOUNT),
)
_DIGESTS: Final = frozenset({"content-digest", "digest", "etag", "repr-digest", "x-goog-hash", "x-amz-checksum-crc32"})
_M = TypeVar("_M", Request, Response)


class Redactor:
    """Redacts interactions by the usual rules and the user's.

    What it has once seen as a credential it finds again later, in whatever place and encoding. The same value always
    becomes the same placeholder, and so does any other value of its kind: a request made at replay, with other
    credentials, is redacted into the recorded one. May be shared by threads.
    """

    def __init__(self, rules: Rules = USUAL, *, environ: Mapping[str, str] = os.environ) -> None:
        self._rules = rules
        self._look = Look.usual(rules, environ)
        self._headers = HeaderRules(rules, self._look)

    def interaction(self, interaction: Interaction) -> Interaction:
        """Return the interaction with every secret gone. Raises LeakError where that cannot be made sure of."""
        with closed(f"{interaction.request.method} to {self._named(interaction.request.uri)}"):
            self.headers(interaction.request.headers + interaction.response.headers)
            self._places(interaction.response)
            known = -1
            # Again and again: what one part gives away about another, and what that gives away.
            while known != self.known:
                known = self.known
                redacted = self._once(interaction)
            return redacted

    @property
    def known(self) -> int:
        """How many values are looked for by now, each form of one counted."""
        return len(self._look.known)

    def again(self, *, since: int | None = None) -> Redactor:
        """Return a redactor for what this one, or another, has redacted before: it makes no `changes` a second time.

        With `since`, which `known` was at some time, it looks for what was learnt after that, and for nothing else.
        """
        later = copy.copy(self)
        later._rules = replace(self._rules, changes=())
        if since is not None:
            later._look = self._look.since(since)
            later._headers = HeaderRules(later._rules, later._look)
        return later

    def _places(self, response: Response) -> None:
        """Learn whose account it is: what the service refuses, it explains with names."""
        if response.status >= 400:
            coding = header(response.headers, "content-encoding") or ""
            self._look.learn_places(codings.read(coding, response.body, ())[0])

    def _once(self, interaction: Interaction) -> Interaction:
        uri = interaction.request.uri
        return replace(
            interaction,
            request=self.request(interaction.request),
            response=self.response(interaction.response, uri=uri),
            extra=self._value(interaction.extra),
        )

    def request(self, request: Request) -> Request:
        """Return a request redacted, as it stands in a cassette."""
        with closed("the request"):
            changed = self._changed(request)
            self._look.learn_places(unquote_to_bytes(changed.uri.encode("utf-8", "surrogateescape")))
            body, _, headers = self._message(changed.headers, changed.body, (), changed.uri)
            return replace(changed, uri=self.uri(changed.uri), headers=headers, body=body)

    def response(self, response: Response, *, uri: str = "") -> Response:
        """Return an answer redacted; `uri` is where it came from."""
        with closed("the response"):
            changed = self._changed(response)
            body, arrivals, headers = self._message(changed.headers, changed.body, changed.arrivals, uri, answer=True)
            reason = self._text(changed.reason)
            return replace(changed, reason=reason, headers=headers, body=body, arrivals=arrivals)

    def headers(self, headers: Headers) -> Headers:
        """Return headers redacted."""
        with closed("the headers"):
            return self._headers.redacted(headers)

    def uri(self, uri: str) -> str:
        """Return an address redacted: its parameters, its user, whom its host and path name."""
        with closed("the address"):
            return self._text(uri, exchange=True)

    def body(self, content_type: str, body: bytes, *, uri: str = "") -> bytes:
        """Return a body redacted that has no content coding; `uri` is where it goes or came from."""
        with closed("the body"):
            return apply(body, bodies.edits(self._look, content_type, body, **self._asked(uri)))

    def scan(self, finished: bytes) -> list[Finding]:
        """Look through a finished file for what should not be in it, values seen in this recording included."""
        return findings(finished, self._look)

    def check(self, finished: bytes, *, name: str) -> None:
        """Raise LeakError if `finished`, which is to become the file `name`, still holds a secret."""
        with closed(name):
            found = self.scan(finished)
        if found:
            raise LeakError(found[0].complaint(name, more=len(found) - 1))

    def _asked(self, uri: str) -> dict[str, Any]:
        return {"exchange": bool(_EXCHANGE.search(uri)), "allowed": self._rules.binary}

    def _named(self, uri: str) -> str:
        # Without its query; and nothing of it where even that much cannot be redacted.
        try:
            return self._text(uri.partition("?")[0], exchange=True)
        except Exception:
            return "an address that cannot be redacted"

    def _changed(self, message: _M) -> _M:
        for change in self._rules.changes:
            changed = change(message)
            if not isinstance(changed, type(message)):
                name = getattr(change, "__name__", "a change")
                raise LeakError(
                    f"your rule {name} returned a {type(changed).__name__} for a {type(message).__name__}; return what "
                    "it was given, changed or not."
                )
            message = changed
        return message

    def _message(
        self, headers: Headers, body: bytes, arrivals: tuple[Arrival, ...], uri: str, *, answer: bool = False
    ) -> tuple[bytes, tuple[Arrival, ...], Headers]:
        redacted = self.headers(headers)
        with closed("its body"):
            whole = next((value for pattern, value in _WHOLE if answer and pattern.search(uri)), None)
            if whole is not None and body:
                return _sized(whole, arrivals, _following(redacted, body, whole))
            plain, came = codings.read(header(headers, "content-encoding") or "", body, arrivals)
            kind = header(headers, "content-type") or ""
            found = bodies.edits(self._look, kind, plain, **self._asked(uri)) if plain else []
            if not found:
                return body, arrivals, redacted
            new = apply(plain, found)
            if plain is not body:
                redacted = tuple((name, value) for name, value in redacted if name.lower() != "content-encoding")
            return new, resized(came, found), _following(redacted, body, new)

    def _text(self, text: str, *, exchange: bool = False) -> str:
        seen = text.encode("utf-8", "surrogateescape")
        return apply(seen, self._look.edits(seen, exchange=exchange)).decode("utf-8", "surrogateescape")

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, bytes):
            return apply(value, self._look.edits(value))
        if isinstance(value, Mapping):
            return {self._value(key): self._value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)([self._value(item) for item in value])
        return value


def _sized(body: bytes, arrivals: tuple[Arrival, ...], headers: Headers) -> tuple[bytes, tuple[Arrival, ...], Headers]:
    last = arrivals[-1:]
    return body, tuple(Arrival(arrival.at_s, len(body)) for arrival in last), headers


def _following(headers: Headers, was: bytes, body: bytes) -> Headers:
    """Let what headers say of the body follow its change. A cut body stays as much shorter than its length says."""
    return tuple((name, _followed(name.lower(), value, was, body)) for name, value in headers)


def _followed(name: str, value: str, was: bytes, body: bytes) -> str:
    if name == "content-length" and value.strip().isdigit():
        return str(len(body) + int(value) - len(was))
    # A digest of what was there would let anybody check a guess at it.
    if name == "x-amz-content-sha256" and re.fullmatch("[0-9a-f]{64}", value):
        return hashlib.sha256(body).hexdigest()
    if name == "content-md5":
        return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    return placeholders.REDACTED.decode() if name in _DIGESTS else value
