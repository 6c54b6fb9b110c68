"""A plan as an in-memory client meets it."""

from __future__ import annotations

import math

import pytest

from windtunnel_server.clock import VirtualClock
from windtunnel_server.journal import Entry
from windtunnel_server.plan import Close, End, Head, Plan, Raw, Reset, Send, Step, Wait
from windtunnel_server.playback import Broken, Done, Next, Playback, Silence

CHUNKED = Head(200, (("Transfer-Encoding", "chunked"),))


def sized(length: int) -> Head:
    return Head(200, (("Content-Length", str(length)),))


class Stage:
    def __init__(self, *steps: Step, bodiless: bool = False) -> None:
        self.clock = VirtualClock()
        self.entry = Entry(number=1, provider="", method="POST", path="/")
        notes: dict[str, object] = {"usage": {"output_tokens": 9}, "usage_at_start": {"output_tokens": 1}}
        self.playback = Playback(Plan(steps, notes), self.entry, self.clock, bodiless=bodiless)

    def met(self, count: int) -> list[Next]:
        return [self.playback.next() for _ in range(count)]

    @property
    def said(self) -> list[tuple[float, str]]:
        return [(step.at, step.what) for step in self.entry.steps]


def test_steps_come_one_by_one_and_the_end_stays_the_end() -> None:
    stage = Stage(CHUNKED, Send(b"a", "ping"), Send(b"b"), End())

    assert stage.met(5) == [CHUNKED, Send(b"a", "ping"), Send(b"b"), Done(), Done()]
    assert (stage.entry.status, stage.entry.ended, stage.entry.bytes_out) == (200, "complete", 2)


def test_a_silence_says_until_when() -> None:
    stage = Stage(Wait(1.5), CHUNKED, End())

    assert stage.met(2) == [Silence(1.5), Silence(1.5)]
    stage.clock.advance(1.5)
    assert stage.met(2) == [CHUNKED, Done()]


def test_a_silence_shorter_than_time_can_move_is_none() -> None:
    assert Stage(Wait(VirtualClock.GRAIN_S / 2), CHUNKED, End()).met(1) == [CHUNKED]


def test_silences_in_a_row_are_one() -> None:
    assert Stage(Wait(1), Wait(2), CHUNKED, End()).met(2) == [Silence(1.0), Silence(1.0)]


def test_what_was_due_leaves_on_time_even_if_the_client_reads_late() -> None:
    stage = Stage(CHUNKED, Wait(1), Send(b"a"), Wait(1), Send(b"b"), Wait(1), End())
    stage.met(2)
    stage.clock.advance(2.5)

    assert stage.met(3) == [Send(b"a"), Send(b"b"), Silence(3.0)]
    assert [(at, what) for at, what in stage.said if what != "wait"] == [(0.0, "head"), (1.0, "send"), (2.0, "send")]


def test_a_client_that_reads_late_does_not_put_off_the_end() -> None:
    stage = Stage(CHUNKED, Wait(1), End())
    stage.clock.advance(60)

    assert stage.met(2) == [CHUNKED, Done()]
    assert stage.entry.ended_at == 1.0


@pytest.mark.parametrize(
    ("steps", "outcome", "ended"),
    [
        ((Close(),), Broken("protocol", "Server disconnected without sending a response."), "closed"),
        ((Reset(),), Broken("reset", "[Errno 104] Connection reset by peer"), "reset"),
        ((CHUNKED, Reset()), Broken("reset", "[Errno 104] Connection reset by peer"), "reset"),
        ((CHUNKED, Raw(b"zz\r\n"), Close()), Broken("protocol", "illegal chunk header: b'zz\\r\\n'"), "closed"),
        ((Head(200), Close()), Done(), "closed"),
        ((sized(0), Close()), Done(), "closed"),
    ],
)
def test_a_connection_breaks_as_a_client_would_say(steps: tuple[Step, ...], outcome: Next, ended: str) -> None:
    stage = Stage(*steps)

    assert stage.met(len(steps))[-1] == outcome or stage.met(1) == [outcome]
    assert stage.entry.ended == ended


def test_a_chunked_body_that_is_closed_is_incomplete() -> None:
    stage = Stage(CHUNKED, Send(b"a"), Close())

    broken = stage.met(3)[-1]

    assert isinstance(broken, Broken) and "incomplete chunked read" in broken.why


def test_a_body_short_of_its_length_is_incomplete() -> None:
    stage = Stage(sized(9), Send(b"abcd"), Close())

    *_, sent, broken = stage.met(3)

    assert sent == Send(b"abcd")
    assert isinstance(broken, Broken) and "(received 4 bytes, expected 9)" in broken.why


def test_a_client_reads_no_further_than_the_length() -> None:
    stage = Stage(sized(3), Send(b"ab"), Send(b"cd"), Send(b"ef"), End())

    assert stage.met(4) == [sized(3), Send(b"ab"), Send(b"c"), Done()]
    assert stage.entry.bytes_out == 6


def test_an_answer_to_head_has_no_body() -> None:
    stage = Stage(sized(2), Send(b"ab"), End(), bodiless=True)

    assert stage.met(2) == [sized(2), Done()]
    assert stage.entry.bytes_out == 0


def test_a_client_that_leaves_ends_it_there_and_then() -> None:
    stage = Stage(CHUNKED, Send(b"a", "message_start"), Wait(5), Send(b"b", "message_delta"), End())
    stage.met(3)
    stage.clock.advance(2)

    stage.playback.hang_up()

    assert (stage.entry.ended, stage.entry.ended_at) == ("hung up", 2.0)
    assert stage.entry.usage == {"output_tokens": 1}
    assert isinstance(stage.playback.next(), Broken)


def test_what_was_due_before_the_client_left_had_left() -> None:
    stage = Stage(CHUNKED, Wait(1), Send(b"a", "message_start"), Wait(1), Send(b"b", "message_delta"), Wait(9), End())
    stage.clock.advance(2.5)

    stage.playback.hang_up()

    assert stage.entry.events_sent == ["message_start", "message_delta"]
    assert stage.entry.ended_at == 2.5
    assert stage.entry.usage == {"output_tokens": 9}


def test_a_client_that_leaves_behind_the_end_changes_nothing() -> None:
    stage = Stage(CHUNKED, Wait(1), End())
    stage.clock.advance(7)

    stage.playback.hang_up()
    stage.playback.hang_up()

    assert (stage.entry.ended, stage.entry.ended_at) == ("complete", 1.0)


def test_for_ever_ends_when_the_client_leaves() -> None:
    stage = Stage(CHUNKED, Wait(math.inf), End())

    assert stage.met(2) == [CHUNKED, Silence(math.inf)]
    stage.clock.advance(600)
    stage.playback.hang_up()

    assert stage.entry.ended_at == 600.0


def test_scripted_cookies_are_masked_in_the_journal_and_not_for_the_client() -> None:
    head = Head(200, (("Set-Cookie", "session=PLANTEDSECRETVALUE"),))
    stage = Stage(head, End())

    assert stage.met(1) == [head]
    assert stage.entry.response_headers == (("Set-Cookie", "***ALUE"),)


def test_who_waits_for_an_answer_to_begin_and_to_end_is_told() -> None:
    told: list[object] = []
    notes: dict[str, object] = {
        "billed": {"output_tokens": 9},
        "on_begin": told.append,
        "on_end": lambda: told.append("end"),
    }
    clock, entry = VirtualClock(), Entry(number=1, provider="", method="POST", path="/")
    playback = Playback(Plan((Wait(2), CHUNKED, Send(b"a"), Wait(1), End()), notes), entry, clock)

    playback.next()
    assert (told, entry.billed) == ([], None)
    clock.advance(2)
    playback.next()
    assert (told, entry.billed) == ([2.0], {"output_tokens": 9})
    playback.hang_up()
    assert told == [2.0, "end"]


def test_what_is_to_be_met_at_once_is_one_piece_up_to_the_next_silence() -> None:
    stage = Stage(CHUNKED, Send(b"a", "ping"), Send(b"b", "pong"), Wait(1), Send(b"c"), Close())
    stage.playback = Playback(
        Plan((CHUNKED, Send(b"a", "ping"), Send(b"b", "pong"), Wait(1), Send(b"c"), Close()), {"at_once": True}),
        stage.entry,
        stage.clock,
    )

    assert stage.met(3) == [CHUNKED, Send(b"ab"), Silence(1.0)]
    stage.clock.advance(1)
    assert stage.met(1) == [Send(b"c")]
    assert (stage.entry.events_sent, b"".join(stage.entry.sent)) == (["ping", "pong"], b"abc")
