"""Counting tokens: a turn of a long conversation, one met for the first time, a large text, and ctok where it is installed."""

from __future__ import annotations

import importlib.util
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.bodies import MODEL, large
from benchmarks.rounds import Row, Table, by_turns
from windtunnel_server.model import token_memory
from windtunnel_server.model.models import find
from windtunnel_server.model.service import Admitted, Applicant, Service
from windtunnel_server.model.tokenizer.count import Tokenizer
from windtunnel_server.model.tokens import count_input
from windtunnel_server.model.validation import Terms, check
from windtunnel_server.settings import Settings

_TERMS = Terms(version="2023-06-01")
_SIZE = 150_000
_NEW = "Line {} of what is new in this turn, which says {} and goes on for a while before it ends. "
_NOTE = (
    "ms: processor time. A turn is a request of 150 kB with 44 tools of which 2 kB are new, parsed before the watch starts; the\n"
    "  other is the same request when nothing of it has been seen."
)
_LARGE_NOTE = "s: processor time, words not known before. Distinct words: bytes in base64, counted by their beginning from 200 kB on."


def measure(*, quick: bool) -> list[Table]:
    """Count turns and texts."""
    rounds = 1 if quick else 9
    return [_turns(rounds), _texts(1 if quick else 3, 100_000 if quick else 1_000_000)]


def _turns(rounds: int) -> Table:
    bodies = _bodies()
    service = Service(Settings(prompt_cache=True))

    def whole(request: dict[str, Any]) -> None:
        assert check(request, _TERMS) is None
        model = find(MODEL)
        assert model is not None
        assert isinstance(service.admit(Applicant(request=request, model=model)), Admitted)

    rows = []
    for what, work in {"count": count_input, "validate, count, cache": whole}.items():
        work(next(bodies))
        found = by_turns({"known": _watch(work, bodies), "new": _watch(work, bodies, anew=True)}, rounds)
        rows.append(Row(f"{what}: ms", found["known"], found["new"], "nothing seen before"))
    return Table("a turn of 150 kB", rows, _NOTE)


def _watch(work: Callable[[dict[str, Any]], Any], bodies: Iterator[dict[str, Any]], *, anew: bool = False) -> Any:
    def once() -> float:
        request = next(bodies)
        if anew:
            token_memory.forget()
        began = time.process_time()
        work(request)
        took_ms = 1000 * (time.process_time() - began)
        if anew:
            # Leaves behind what a server has seen by then.
            work(next(bodies))
        return took_ms

    return once


def _bodies() -> Iterator[dict[str, Any]]:
    """Give the conversation again and again, each time parsed anew and with another last turn of 2 kB."""
    body = large(stream=False, size=_SIZE - 2_000)
    number = 0
    while True:
        number += 1
        request = json.loads(body)
        said = "".join(_NEW.format(line, number * line) for line in range(22))
        request["system"] = [{"type": "text", "text": request["system"], "cache_control": {"type": "ephemeral"}}]
        request["messages"][-1]["content"] = said
        yield request


def _texts(rounds: int, size: int) -> Table:
    ctok = _ctok()
    texts = {"prose": _prose(size), "distinct words": _noise(size)}
    rows = []
    for name, text in texts.items():
        other = ctok or _ours
        # ctok takes a minute for what takes us a second: measured on a tenth.
        share = 10 if ctok else 1
        found = by_turns(
            {"ours": _clocked(_ours, text, 1), "other": _clocked(other, text[: len(text) // share], share)}, rounds
        )
        against = "ctok, from a tenth" if ctok else "itself; ctok is not installed"
        rows.append(Row(f"{size // 1000} kB of {name}: s", found["ours"], found["other"], against))
    return Table("large texts", rows, _LARGE_NOTE)


def _clocked(count: Callable[[str], int], text: str, share: int) -> Callable[[], float]:
    def once() -> float:
        began = time.process_time()
        count(text)
        return share * (time.process_time() - began)

    return once


def _ours(text: str) -> int:
    return Tokenizer("v3").count(text)


def _ctok() -> Callable[[str], int] | None:
    if importlib.util.find_spec("ctok") is None:
        return None
    count: Callable[[str], int] = importlib.import_module("ctok").token_count
    count("Hello")
    return count


def _prose(size: int) -> str:
    line = _NEW.format("{0}", "{1}")
    return "".join(line.format(number, number * 7) for number in range(size // len(line) + 1))[:size]


def _noise(size: int) -> str:
    import base64
    import random

    return base64.b64encode(random.Random(1).randbytes(size)).decode()[:size]
