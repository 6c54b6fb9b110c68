"""Headers: credentials and whereabouts by name, all else by what it looks like."""

from __future__ import annotations

import re
from typing import Final

from windtunnel.cassette.interaction import Headers
from windtunnel.cassette.redact import placeholders
from windtunnel.cassette.redact.edits import apply
from windtunnel.cassette.redact.look import Look
from windtunnel.cassette.redact.rules import PERSONAL_HEADERS, Rules
from windtunnel_server.wire import credentials

#: Headers of gateways and tools that nobody lists, by the word they end in. `www-authenticate` is a challenge.
_CREDENTIAL: Final = re.compile(
    r"(?:^|[-_])(?:token|secret|[a-z]*key|pass|password|passwd|passphrase|credentials?|auth|authorization|signature|cookie2?"
    r"|session(?:-?id)?)$"
)
#: Those that end so and prove nothing: they tell requests, connections and entries of a cache apart.
_NO_CREDENTIAL: Final = re.compile(
    r"(?:^|[-_])(?:(?:idempotency|cache|surrogate|websocket|partition|routing|sort|public)-key1?|claude-code-session-id)$"
)
_COOKIES: Final = frozenset({"cookie", "set-cookie"})
_SIGV4: Final = re.compile(r"(Credential=)[^/,\s]+|(Signature=)[^,\s]+")
_COOKIE: Final = re.compile(r"^([^=;]*=)?(?:\"[^\"]*\"|[^;]*)")
#: A value in quotes may have semicolons in it; one may stand there without a name.
_PAIR: Final = re.compile(r"([^=;\s\"]+=)(?:\"[^\"]*\"|[^;]*)|(?<![^;\s\"])[^=;\s][^;]*")
#: Cookies that name a server or a visit and log nobody in: Cloudflare's, those of AWS and Azure (as documented there).
_BALANCERS: Final = re.compile(r"(?:__cf|_cf|cf_|awsalb|arraffinity)", re.IGNORECASE)
#: An address of the fourth version, and not one of this machine. A version of a program has its form.
_ADDRESS: Final = re.compile(r"(?<![\w.])(?!127\.|0\.0\.0\.0)(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")
_VERSIONED: Final = frozenset({"user-agent", "x-amz-user-agent", "x-goog-api-client", "via", "server", "sec-ch-ua"})

_REDACTED: Final = placeholders.REDACTED.decode()


class HeaderRules:
    """Redacts headers; names, order and spelling stay."""

    def __init__(self, rules: Rules, look: Look) -> None:
        self._look = look
        self._kept = rules.kept
        self._secret = credentials.HEADERS | {name.lower() for name in rules.headers}

    def redacted(self, headers: Headers) -> Headers:
        """Return the headers with every secret gone."""
        return tuple((name, self._value(name.lower(), value)) for name, value in headers)

    def _value(self, name: str, value: str) -> str:
        if name in self._kept:
            return value
        if name in _COOKIES and "cookie" not in self._kept:
            return (_COOKIE if name == "set-cookie" else _PAIR).sub(self._cookie, value)
        if name in self._secret or (_CREDENTIAL.search(name) and not _NO_CREDENTIAL.search(name)):
            return self._credential(value)
        if (kind := PERSONAL_HEADERS.get(name)) and kind not in self._kept:
            return self._person(kind, value)
        return self._seen(name, value)

    def _credential(self, value: str) -> str:
        scheme, blank, secret = value.partition(" ")
        if scheme.lower() not in credentials.SCHEMES and not scheme.startswith("AWS4-"):
            scheme, blank, secret = "", "", value
        if scheme.startswith("AWS4-"):
            return scheme + blank + _SIGV4.sub(_signed, secret)
        self._look.known.learn(secret.strip().encode("utf-8", "surrogateescape"))
        return f"{scheme}{blank}{_REDACTED}" if secret else value

    def _cookie(self, found: re.Match[str]) -> str:
        name = found[1] or ""
        if not _BALANCERS.match(name.strip()):
            value = found[0].removeprefix(name).strip(' "')
            self._look.known.learn_cookie(value.encode("utf-8", "surrogateescape"))
        return f"{name}{_REDACTED}"

    def _person(self, kind: str, value: str) -> str:
        placeholder = _person(kind, value)
        if kind != "address":
            self._look.known.learn_place(value.encode("utf-8", "surrogateescape"), kind, placeholder.encode())
        return placeholder

    def _seen(self, name: str, value: str) -> str:
        seen = value.encode("utf-8", "surrogateescape")
        text = apply(seen, self._look.edits(seen)).decode("utf-8", "surrogateescape")
        if name in _VERSIONED or "address" in self._kept:
            return text
        return _ADDRESS.sub(placeholders.ADDRESS.decode(), text)


def _signed(found: re.Match[str]) -> str:
    return f"{found[1]}AKIA{placeholders.ACCESS_KEY_ID.decode()}" if found[1] else f"{found[2]}{_REDACTED}"


def _person(kind: str, value: str) -> str:
    if kind == "address":
        return placeholders.ADDRESS.decode()
    if kind == "google-project":
        return placeholders.PROJECT.decode()
    if value.startswith("wrkspc_"):
        return f"wrkspc_{_REDACTED}"
    return placeholders.for_value(value.encode()).decode()
