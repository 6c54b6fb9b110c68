"""Changes of the journal, pushed: each call when it comes and when it ends, to every viewer, from where it was."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from windtunnel_server.feed import HEAD, Changes, Viewer
from windtunnel_server.journal import Entry, Journal
from windtunnel_server.script import Stream
from windtunnel_server.wire.sse import Decoder
from windtunnel_server.words import fail, reply

Bytes = Callable[..., bytes]


def arrive(journal: Journal, *, ended: str | None = None) -> Entry:
    entry = journal.open(lambda number: Entry(number=number, provider="anthropic", method="POST", path="/v1/messages"))
    entry.ended = ended
    return entry


# --- what has changed --------------------------------------------------------------------------------------------


def told(changes: Changes, since: int = 0) -> list[tuple[int, str | None]]:
    entries = [changes.at(place) for place in range(since, len(changes))]
    return [(entry.number, entry.ended) for entry in entries if entry is not None]


def test_a_call_is_told_when_it_comes_and_again_when_it_has_ended() -> None:
    journal = Journal()
    changes = Changes(journal)
    entry = arrive(journal)

    changes.look()
    came, seen = told(changes), len(changes)
    entry.ended = "complete"
    changes.look()

    assert came == [(1, None)]
    assert told(changes, seen) == [(1, "complete")]


def test_who_comes_late_is_told_each_call_once_as_it_is_now() -> None:
    journal = Journal()
    changes = Changes(journal)
    first = arrive(journal)
    changes.look()
    arrive(journal, ended="complete")
    first.ended = "reset"

    changes.look()

    assert sorted(told(changes)) == [(1, "reset"), (2, "complete")]


def test_nothing_new_changes_nothing() -> None:
    journal = Journal()
    changes = Changes(journal)
    arrive(journal)

    for _ in range(3):
        changes.look()

    assert len(changes) == 1


def test_a_reset_begins_anew_even_when_as_many_calls_came_since() -> None:
    journal = Journal()
    changes = Changes(journal)
    arrive(journal, ended="complete")
    changes.look()
    token = changes.token
    journal.clear()
    arrive(journal)

    changes.look()

    assert changes.token != token
    assert told(changes) == [(1, None)]


def test_a_place_is_found_again_by_the_id_of_an_event() -> None:
    journal = Journal()
    changes = Changes(journal)
    arrive(journal)
    changes.look()

    assert changes.place(f"{changes.token}-1") == 1
    assert changes.place(f"{changes.token}-99") == 1
    for unknown in ("", "1", "other-1", f"{changes.token}-", f"{changes.token}-x", f"{changes.token}-²", "-"):
        assert changes.place(unknown) is None


# --- one viewer --------------------------------------------------------------------------------------------------


class Hand:
    """Takes what is written, as fast as it is told to."""

    def __init__(self) -> None:
        self.data, self.is_full, self.is_done = b"", False, False
        self.then: Callable[[], None] = lambda: None

    def write(self, data: bytes) -> None:
        self.data += data

    def ending(self) -> None: ...

    def drained(self, then: Callable[[], None]) -> bool:
        self.then = then
        return not self.is_full

    def done(self) -> None:
        self.is_done = True

    def close(self) -> None: ...

    def reset(self) -> None: ...

    @property
    def events(self) -> list[tuple[str, Any]]:
        body = self.data.partition(b"\r\n\r\n")[2]
        return [(name, json.loads(text)) for name, text in Decoder().feed(body)]


def watch(journal: Journal, hand: Hand, *, since: str | None = None, once: bool = False) -> Viewer:
    return Viewer(
        Changes(journal), hand, lambda: {"calls": len(journal)}, since=since, chunked=False, once=once
    )  # fmt: skip


def test_a_viewer_is_told_all_and_how_things_stand() -> None:
    async def told() -> Hand:
        journal, hand = Journal(), Hand()
        arrive(journal, ended="complete")
        viewer = watch(journal, hand)
        viewer.go()
        viewer.stop("hung up")
        return hand

    hand = asyncio.run(told())

    assert [name for name, _ in hand.events] == ["entry", "health"]
    assert hand.events[0][1]["number"] == 1
    assert hand.events[1][1] == {"calls": 1}
    assert b"retry: 1000\n\n" in hand.data


def test_a_viewer_of_another_journal_is_told_to_forget() -> None:
    async def told() -> Hand:
        journal, hand = Journal(), Hand()
        arrive(journal)
        viewer = watch(journal, hand, since="elsewhere-7")
        viewer.go()
        viewer.stop("hung up")
        return hand

    assert [name for name, _ in asyncio.run(told()).events] == ["reset", "entry", "health"]


def test_a_viewer_that_does_not_read_is_not_written_to() -> None:
    async def told() -> tuple[int, int, int]:
        journal, hand = Journal(), Hand()
        for _ in range(2000):
            arrive(journal, ended="complete")
        hand.is_full = True
        viewer = watch(journal, hand)
        viewer.go()
        first = len(hand.events)
        for _ in range(100):
            await asyncio.sleep(0)
        second = len(hand.events)
        hand.is_full = False
        hand.then()
        while len(hand.events) < 2000:
            await asyncio.sleep(0)
        viewer.stop("hung up")
        return first, second, len(hand.events)

    first, second, last = asyncio.run(told())

    assert 0 < first == second < 2000 < last


def test_on_a_virtual_clock_the_stream_ends_once_all_is_told() -> None:
    async def told() -> Hand:
        journal, hand = Journal(), Hand()
        for _ in range(2000):
            arrive(journal, ended="complete")
        watch(journal, hand, once=True).go()
        while not hand.is_done:
            await asyncio.sleep(0)
        return hand

    assert sum(name == "entry" for name, _ in asyncio.run(told()).events) == 2000


# --- over a socket ------------------------------------------------------------------------------------------------


class Events:
    """A stream of events on a wire."""

    def __init__(self, wire: Any) -> None:
        self.wire, self.decoder, self.held = wire, Decoder(), []
        self.head = wire.until(b"\r\n\r\n").decode()

    def next(self, *names: str) -> Any:
        """Read on to the next event of one of these names."""
        while True:
            while self.held:
                name, text = self.held.pop(0)
                if name in names:
                    return json.loads(text)
            size = int(self.wire.until(b"\r\n"), 16)
            assert size, "the stream ended"
            self.held += self.decoder.feed(self.wire.exactly(size))
            assert self.wire.exactly(2) == b"\r\n"


@pytest.fixture
def follow(request_bytes: Bytes) -> Callable[..., Events]:
    def follow(served: Any, **headers: Any) -> Events:
        return Events(
            served.connect().send(request_bytes(method="GET", path="/_windtunnel/events", **headers))
        )  # fmt: skip

    return follow


def test_calls_are_pushed_to_many_viewers_while_they_happen(
    served: Any, request_bytes: Bytes, follow: Callable[..., Events]
) -> None:
    streams = [follow(served) for _ in range(5)]

    served.connect().send(request_bytes()).answer()

    for stream in streams:
        assert stream.head.startswith("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream")
        entry = stream.next("entry")
        while entry["ended"] is None:
            entry = stream.next("entry")
        assert (entry["number"], entry["status"], entry["ended"]) == (1, 200, "complete")
    assert [entry.path for entry in served.core.journal] == ["/v1/messages"]


def test_a_call_under_way_is_pushed_before_it_ends(
    served: Any, request_bytes: Bytes, follow: Callable[..., Events]
) -> None:
    served.script(reply("Slow.", stream=Stream(first_byte=0.5)))
    stream = follow(served)
    wire = served.connect().send(request_bytes())

    came, ended = stream.next("entry"), stream.next("entry")
    wire.answer()

    assert (came["number"], came["ended"]) == (1, None)
    assert (ended["number"], ended["ended"]) == (1, "complete")


def test_who_comes_back_is_told_what_came_since(
    served: Any, request_bytes: Bytes, follow: Callable[..., Events]
) -> None:
    served.connect().send(request_bytes()).answer()
    served.ended(1)
    wire = served.connect().send(request_bytes(method="GET", path="/_windtunnel/events"))
    raw = wire.until(b"event: health")
    wire.close()
    last = raw.rpartition(b"id: ")[2].partition(b"\n")[0].decode()
    served.connect().send(request_bytes()).answer()
    served.ended(2)

    again = follow(served, last_event_id=last)

    assert again.next("entry", "reset")["number"] == 2


def test_a_reset_is_pushed(served: Any, request_bytes: Bytes, follow: Callable[..., Events]) -> None:
    stream = follow(served)
    served.connect().send(request_bytes()).answer()
    stream.next("entry")

    served.connect().send(request_bytes(b"", path="/_windtunnel/reset")).answer()

    assert stream.next("reset") == {}


def test_a_door_fault_leaves_viewers_where_they_are(
    served: Any, request_bytes: Bytes, follow: Callable[..., Events]
) -> None:
    stream = follow(served)
    stream.next("health")

    served.script(fail("connection_dropped"))

    assert stream.next("health")["steps_left"] == 1


def test_the_stream_ends_in_good_order_when_the_server_stops(
    serve: Callable[..., Any], follow: Callable[..., Events]
) -> None:
    served = serve()
    stream = follow(served)
    stream.next("health")

    stopping = threading.Thread(target=served.running.stop)
    stopping.start()
    rest = stream.wire.rest()
    stopping.join()

    assert rest.endswith(b"0\r\n\r\n")


def test_an_old_client_reads_the_stream_without_chunks(served: Any, request_bytes: Bytes) -> None:
    wire = served.connect().send(request_bytes(method="GET", path="/_windtunnel/events", version="1.0"))

    head = wire.until(b"\r\n\r\n")

    assert b"transfer-encoding" not in head
    assert wire.until(b"\n\n") == b"retry: 1000\n\n"


def test_a_foreign_page_gets_no_stream(served: Any, request_bytes: Bytes) -> None:
    wire = served.connect()

    answer = wire.send(request_bytes(method="GET", path="/_windtunnel/events", host="evil.example")).answer()

    assert answer.status == 403


def test_a_head_request_is_answered_with_the_type_alone(served: Any, request_bytes: Bytes) -> None:
    answer = served.connect().send(request_bytes(method="HEAD", path="/_windtunnel/events")).answer(bodiless=True)

    assert (answer.status, answer.header("content-type")) == (200, HEAD.header("content-type"))
