"""Loading a cassette of 100 recorded streams of 200 events each, next to vcrpy's own loader of the same file."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.bodies import MODEL
from benchmarks.rounds import Row, Table, by_turns
from windtunnel.cassette.files import load, save
from windtunnel.cassette.interaction import Arrival, Interaction, Request, Response
from windtunnel_server.wire import sse

_EVENTS = 200
_NOTE = (
    "ms of the process's own time. Loaded: every interaction is found, checked and counted; keys: every request can be looked up,\n"
    "  too; built: every interaction is a value, with all its bytes and instants. vcrpy's loader always does all of it."
)
#: As many as the first-party API answers with.
_HEADERS = tuple((f"Anthropic-Ratelimit-{number}", f"2026-11-30T12:00:{number}Z") for number in range(10, 36))


def measure(*, quick: bool) -> list[Table]:
    """Write a cassette, and load it again and again."""
    count, rounds = (3, 1) if quick else (100, 5)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "streams.yaml")
        save(path, [_stream(number) for number in range(count)], expected=None)
        found = by_turns({what: _watch(work, path) for what, work in {**_OURS, "vcrpy": _vcrpy()}.items()}, rounds)
        size = path.stat().st_size / 1e6
    rows = [Row(what, found[what], found["vcrpy"], "vcrpy") for what in _OURS]
    return [
        Table(f"a cassette of {count} streams of {_EVENTS} events, {size:.1f} MB: ms (less is better)", rows, _NOTE)
    ]


_OURS: dict[str, Callable[[Path], object]] = {
    "loaded": load,
    "loaded, keys": lambda path: list(load(path).keys),
    "loaded, built": lambda path: list(load(path).interactions),
}


def _vcrpy() -> Callable[[Path], object]:
    from vcr.persisters.filesystem import FilesystemPersister  # type: ignore[import-untyped]
    from vcr.serializers import yamlserializer  # type: ignore[import-untyped]

    return lambda path: FilesystemPersister.load_cassette(path, yamlserializer)


def _watch(work: Callable[[Path], object], path: Path) -> Callable[[], float]:
    def once() -> float:
        began = time.process_time()
        work(path)
        return 1000 * (time.process_time() - began)

    return once


def _stream(number: int) -> Interaction:
    rng = Random(number)
    events = [_event(rng, place) for place in range(_EVENTS)]
    asked = {
        "model": MODEL,
        "max_tokens": 1024,
        "stream": True,
        "messages": [{"role": "user", "content": f"{number}?"}],
    }
    return Interaction(
        request=Request(
            method="POST",
            uri="https://api.anthropic.com/v1/messages",
            headers=tuple((f"x-stainless-{place}", str(place)) for place in range(18)),
            body=json.dumps(asked).encode(),
        ),
        response=Response(
            status=200,
            reason="OK",
            headers=(("Content-Type", "text/event-stream; charset=utf-8"), *_HEADERS),
            body=b"".join(events),
            arrivals=tuple(Arrival(round(0.4 + 0.0213 * place, 6), len(event)) for place, event in enumerate(events)),
            head_at_s=0.391,
            ended_at_s=4.7,
        ),
        provider="anthropic",
        recorded_at=dt.datetime(2026, 11, 30, 12, 0, tzinfo=dt.UTC),
    )


def _event(rng: Random, place: int) -> bytes:
    """Make an event as long as recorded ones are: 190 bytes on an average, 100 streams in 3.8 MB."""
    text = f"what is said in event {place}, which brings a sentence or so, all of it in the words of the model. "
    delta: dict[str, Any] = {"type": "text_delta", "text": text[: rng.randint(10, len(text) - 15)]}
    return sse.encode(
        "content_block_delta",
        {"type": "content_block_delta", "index": 0, "delta": delta},
        pad=rng.randint(0, sse.MAX_PAD),
    )
