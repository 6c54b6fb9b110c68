"""The control API of a running server, under /_windtunnel/: script, journal, reset, verdict, ledger, health."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from windtunnel_server.call import Call
from windtunnel_server.core import Core
from windtunnel_server.journal import Entry
from windtunnel_server.plan import End, Head, Plan, Send
from windtunnel_server.script import ScriptError
from windtunnel_server.wire.compact import utf8
from windtunnel_server.words import step_from_json, step_to_json

PREFIX = "/_windtunnel/"

#: Judges the journal: gets the query's parameters, gives JSON values. The harness brings one.
Judge = Callable[[Mapping[str, str]], Any]


class _Refused(Exception):
    """An answer with a status other than 200."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """Answers control calls. None of them shows up in the journal."""

    def __init__(self, core: Core, *, judge: Judge | None = None) -> None:
        self._core = core
        self._judge = judge
        self._routes: dict[str, tuple[str, Callable[[Call, dict[str, str]], Any]]] = {
            "journal": ("GET", self._journal),
            "script": ("POST", self._script),
            "reset": ("POST", self._reset),
            "verdict": ("GET", self._verdict),
            "health": ("GET", self._health),
            "ledger": ("GET", lambda call, query: self._core.ledger.to_json()),
        }

    def answer(self, call: Call) -> tuple[Plan, Entry]:
        """Answer a call under /_windtunnel/."""
        name = call.path.removeprefix(PREFIX).rstrip("/")
        query = {key: values[-1] for key, values in parse_qs(call.query).items()}
        try:
            value = self._find(call.method, name)(call, query)
            plan = _lines(value) if name == "journal" else _json(200, value)
        except _Refused as error:
            plan = _json(error.status, {"error": str(error)})
        except ScriptError as error:
            plan = _json(400, {"error": str(error)})
        return plan, Entry(number=0, provider="control", method=call.method, path=call.path)

    def _find(self, method: str, name: str) -> Callable[[Call, dict[str, str]], Any]:
        if name not in self._routes:
            on_offer = ", ".join(f"{verb} {PREFIX}{route}" for route, (verb, _) in self._routes.items())
            raise _Refused(404, f"no {PREFIX}{name} here; on offer: {on_offer}")
        verb, answer = self._routes[name]
        if method not in (verb, "HEAD" if verb == "GET" else verb):
            raise _Refused(405, f"{PREFIX}{name} takes {verb}, not {method}")
        return answer

    def _journal(self, call: Call, query: dict[str, str]) -> list[dict[str, Any]]:
        since = query.get("since", "0")
        if not (since.isascii() and since.isdigit() and len(since) < 20):
            raise _Refused(400, f"since={since!r} is not the number of a call; since=3 gives call 4 and what follows")
        return [entry.to_json() for entry in self._core.journal.since(int(since))]

    def _script(self, call: Call, query: dict[str, str]) -> dict[str, Any]:
        try:
            value = json.loads(call.body or b"null")
        except (ValueError, RecursionError) as error:
            raise _Refused(400, f"the script is not valid JSON: {error}") from None
        steps = value.get("steps") if isinstance(value, dict) and set(value) == {"steps"} else value
        if not isinstance(steps, list):
            raise _Refused(400, 'send a list of steps, or {"steps": [...]}, like [{"reply": {"text": "Hello"}}]')
        read = [self._step(place, item) for place, item in enumerate(steps)]
        self._core.extend_script(read)
        return {"steps": [step_to_json(step) for step in self._core.script.left]}

    @staticmethod
    def _step(place: int, item: Any) -> Any:
        try:
            return step_from_json(item)
        except (ScriptError, TypeError) as error:
            raise _Refused(400, f"steps[{place}]: {error}") from None

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
        core = self._core
        return {
            "status": "ok",
            "provider": core.provider.name,
            "now": core.clock.now(),
            "calls": len(core.journal),
            "steps_left": len(core.script.left),
        }


def _json(status: int, value: Any) -> Plan:
    return _plain(status, "application/json", _encoded(value))


def _lines(values: list[Any]) -> Plan:
    return _plain(200, "application/x-ndjson", b"".join(map(_encoded, values)))


def _encoded(value: Any) -> bytes:
    return utf8(json.dumps(value, ensure_ascii=False)) + b"\n"


def _plain(status: int, content_type: str, body: bytes) -> Plan:
    head = Head(status, (("content-type", content_type), ("content-length", str(len(body)))))
    return Plan((head, Send(body), End()))
