"""A client that does it all wrong, on the standard library: it shows that a scenario can fail.

It asks again at once and whatever the answer was, does not look at `retry-after`, takes a cut stream for a whole one
and an error in a stream for nothing, and adds up counts that are totals already.
"""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from typing import Any, Final

from windtunnel.subjects.ask import Ask
from windtunnel.subjects.crowd import on_threads, plus
from windtunnel.subjects.prompts import turns
from windtunnel.subjects.subject import Place
from windtunnel.verdicts.claims import Claim, Claims, Outcome

MAX_ATTEMPTS: Final = 8
_TIMEOUT_S: Final = 600.0

#: What urllib and http.client raise for an answer that did not come, or came broken.
_FAILED = (OSError, http.client.HTTPException, ValueError)


class Naive:
    """Retries at once and everything, trusts every stream, counts twice. No tools, no thinking, no cache."""

    name = "naive"
    about = "does it all wrong: retries at once and everything, trusts a cut stream, counts tokens twice"
    policy = "anthropic_python"
    abilities = frozenset({"stream", "claims"})
    providers: tuple[str, ...] = ("anthropic",)

    def play(self, place: Place, ask: Ask) -> Claims:
        """Ask prompt after prompt."""
        return on_threads(ask, lambda number, tell: _converse(place, ask, number, tell))


def _converse(place: Place, ask: Ask, number: int, tell: Callable[[Claim], None]) -> None:
    messages: list[dict[str, Any]] = []
    for turn, prompt in enumerate(turns(ask)):
        if turn:
            time.sleep(ask.pause)
        messages.append({"role": "user", "content": prompt})
        claim = _ask(place, _body(ask, messages), number)
        tell(claim)
        if claim.outcome == "error":
            return
        messages.append({"role": "assistant", "content": claim.text or "…"})


def _body(ask: Ask, messages: list[dict[str, Any]]) -> dict[str, Any]:
    system = {} if ask.system is None else {"system": ask.system}
    return {"model": ask.model, "max_tokens": ask.max_tokens, "stream": ask.stream, "messages": messages, **system}


def _ask(place: Place, body: dict[str, Any], number: int) -> Claim:
    asked_at, told = place.now(), dict[str, Any]()
    for _ in range(MAX_ATTEMPTS):
        try:
            told = _attempt(place, body)
            break
        except urllib.error.HTTPError as error:
            error.close()  # no wait, and no look at retry-after
            told = {"error": type(error).__name__, "status": error.code}
        except _FAILED as error:
            told = {"error": type(error).__name__}
    outcome: Outcome = "error" if "error" in told else "success"
    return Claim(outcome=outcome, client=number, asked_at=asked_at, ended_at=place.now(), **told)


def _attempt(place: Place, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"content-type": "application/json", "anthropic-version": "2023-06-01"}
    headers["x-api-key"] = place.env.get("ANTHROPIC_API_KEY", "")
    url = f"{place.env.get('ANTHROPIC_BASE_URL', place.url)}/v1/messages"
    asked = urllib.request.Request(url, json.dumps(body).encode(), headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(asked, timeout=_TIMEOUT_S) as answer:
        return _read_stream(answer) if body["stream"] else _read(json.load(answer))


def _read(message: Any) -> dict[str, Any]:
    if not isinstance(message, dict):
        raise ValueError("no message")
    content = message.get("content") or []
    text = "".join(block.get("text") or "" for block in content)
    return {"text": text} | {key: message.get(key) for key in ("stop_reason", "model", "usage")} | _id(message)


def _id(message: dict[str, Any]) -> dict[str, Any]:
    return {"message_id": message.get("id")}


def _read_stream(lines: Iterable[bytes]) -> dict[str, Any]:
    """Read what there is of a stream; its end is its end, however it came."""
    text, stop_reason, usage, start = "", "end_turn", dict[str, Any](), dict[str, Any]()
    try:
        for line in lines:
            if not line.startswith(b"data:"):
                continue
            event = json.loads(line[5:])
            start = event.get("message") or start
            delta = event.get("delta") or {}
            text, stop_reason = text + (delta.get("text") or ""), delta.get("stop_reason") or stop_reason
            # Wrong: a count in message_delta is the total so far, not what has been added.
            usage = plus(usage, (event.get("message") or {}).get("usage") or event.get("usage") or {})
    except _FAILED:
        pass
    return {"text": text, "usage": usage, "model": start.get("model"), "stop_reason": stop_reason} | _id(start)
