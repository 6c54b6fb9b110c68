"""The control API of a running server, under /_windtunnel/: script, journal, reset, verdict, ledger, health.

With it comes a page that shows what happens while it happens; whoever builds the server gives the page.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import parse_qs

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.core import Core
from windtunnel_server.feed import HEAD as FEED_HEAD
from windtunnel_server.feed import Changes, Viewer
from windtunnel_server.journal import Entry
from windtunnel_server.performer import Outlet
from windtunnel_server.plan import End, Head, Headers, Plan, Send
from windtunnel_server.script import ScriptError
from windtunnel_server.visitors import refusal
from windtunnel_server.wire.compact import utf8
from windtunnel_server.words import script_from_json, step_to_json, then_to_json

PREFIX = "/_windtunnel/"

#: Judges the journal: gets the query's parameters, gives JSON values. The harness brings one.
Judge = Callable[[Mapping[str, str]], Any]


class _Refused(Exception):
    """An answer with a status other than 200."""

    def __init__(self, status: int, message: str, *headers: tuple[str, str]) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


class Control:
    """Answers control calls. None of them shows up in the journal.

    `page` gives the live page as HTML. `hosts` are further names the server goes by, beside localhost and addresses.
    """

    def __init__(
        self,
        core: Core,
        *,
        judge: Judge | None = None,
        page: Callable[[], str] | None = None,
        hosts: Collection[str] = (),
    ) -> None:
        self._core = core
        self._judge = judge
        self._page = page
        self._hosts = hosts
        self._changes: Changes | None = None
        self._routes: dict[str, tuple[str, Callable[[Call, dict[str, str]], Any]]] = {
            "journal": ("GET", self._journal),
            "script": ("POST", self._script),
            "reset": ("POST", self._reset),
            "verdict": ("GET", self._verdict),
            "health": ("GET", self._health),
            "ledger": ("GET", lambda call, query: self._core.ledger.to_json()),
            "": ("GET", self._live),
            "events": ("GET", self._events),
        }

    def answer(self, call: Call) -> tuple[Plan, Entry]:
        """Answer a call under /_windtunnel/."""
        name = f"{call.path}/".removeprefix(PREFIX).rstrip("/")
        try:
            value = self._find(call, name)(call, _query(call))
            plan = value if isinstance(value, Plan) else _json(200, value)
        except _Refused as error:
            plan = _json(error.status, {"error": str(error)}, error.headers)
        except ScriptError as error:
            plan = _json(400, {"error": str(error)})
        return plan, Entry(number=0, provider="control", method=call.method, path=call.path)

    def feed(self, call: Call, outlet: Outlet, *, chunked: bool) -> Viewer | None:
        """Return the stream that answers `GET events`; None for a call that `answer` is for."""
        if call.path.rstrip("/") != PREFIX + "events" or call.method != "GET" or refusal(call, hosts=self._hosts):
            return None
        if self._changes is None:
            self._changes = Changes(self._core.journal)
        since = call.header("last-event-id") or _query(call).get("since")
        once = isinstance(self._core.clock, VirtualClock)
        return Viewer(self._changes, outlet, self._state, since=since, chunked=chunked, once=once)

    def _find(self, call: Call, name: str) -> Callable[[Call, dict[str, str]], Any]:
        why = refusal(call, hosts=self._hosts)
        if why is not None:
            raise _Refused(403, why)
        method = call.method
        if name not in self._routes:
            raise _Refused(404, f"no {PREFIX}{name} here; {self._on_offer}")
        verb, answer = self._routes[name]
        if method not in (verb, "HEAD" if verb == "GET" else verb):
            allowed = "GET, HEAD" if verb == "GET" else verb
            raise _Refused(405, f"{PREFIX}{name} takes {verb}, not {method}", ("allow", allowed))
        return answer

    @property
    def _on_offer(self) -> str:
        return "on offer: " + ", ".join(f"{verb} {PREFIX}{route}" for route, (verb, _) in self._routes.items())

    def _live(self, call: Call, query: dict[str, str]) -> Plan:
        if self._page is None:
            raise _Refused(404, f"this server was started without its live page; {self._on_offer}")
        return _plain(200, "text/html; charset=utf-8", utf8(self._page()), _PAGE_HEADERS)

    def _events(self, call: Call, query: dict[str, str]) -> Plan:
        """Answer HEAD, and what cannot take a stream."""
        return _plain(200, FEED_HEAD.header("content-type") or "", b"")

    def _journal(self, call: Call, query: dict[str, str]) -> Plan:
        since = query.get("since", "0")
        if not (since.isascii() and since.isdigit() and len(since) < 20):
            raise _Refused(400, f"since={since!r} is not the number of a call; since=3 gives call 4 and what follows")
        return _lines([entry.to_json() for entry in self._core.journal.since(int(since))])

    def _script(self, call: Call, query: dict[str, str]) -> dict[str, Any]:
        try:
            value = json.loads(call.body or b"null")
        except (ValueError, RecursionError) as error:
            raise _Refused(400, f"the script is not valid JSON: {error}") from None
        steps, then = script_from_json(value)
        self._core.extend_script(steps, then=then)
        script = self._core.script
        return {"steps": [step_to_json(step) for step in script.left], "then": then_to_json(script.then)}

    def _reset(self, call: Call, query: dict[str, str]) -> dict[str, Any]:
        self._core.reset()
        return {"reset": True}

    def _verdict(self, call: Call, query: dict[str, str]) -> Any:
        if self._judge is None:
            raise _Refused(501, "this server was started without a judge; start it with `windtunnel serve`")
        try:
            return self._judge(query)
        except (KeyError, ValueError) as error:
            raise _Refused(400, str(error.args[0]) if error.args else str(error)) from None

    def _health(self, call: Call, query: dict[str, str]) -> dict[str, Any]:
        return self._state()

    def _state(self) -> dict[str, Any]:
        core = self._core
        return {
            "status": "ok",
            "provider": core.provider.name,
            "now": core.clock.now(),
            "calls": len(core.journal),
            "steps_left": len(core.script.left),
        }


#: The page may be framed by nobody: a click on it can reset the server.
_PAGE_HEADERS = (
    ("cache-control", "no-store"),
    ("content-security-policy", "frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
)


def _query(call: Call) -> dict[str, str]:
    return {key: values[-1] for key, values in parse_qs(call.query).items()}


def _json(status: int, value: Any, headers: Headers = ()) -> Plan:
    return _plain(status, "application/json", _encoded(value), headers)


def _lines(values: list[Any]) -> Plan:
    return _plain(200, "application/x-ndjson", b"".join(map(_encoded, values)))


def _encoded(value: Any) -> bytes:
    return utf8(json.dumps(value, ensure_ascii=False)) + b"\n"


def _plain(status: int, content_type: str, body: bytes, headers: Headers = ()) -> Plan:
    said = (("content-type", content_type), ("content-length", str(len(body))), ("x-content-type-options", "nosniff"))
    head = Head(status, (*said, *headers))
    return Plan((head, Send(body), End()))
