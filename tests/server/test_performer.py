"""A plan performed: framing, writes, silences, and the ways it ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from windtunnel_server.clock import VirtualClock
from windtunnel_server.journal import Entry
from windtunnel_server.performer import Performance, head_bytes, reported_usage
from windtunnel_server.plan import Close, End, Head, Plan, Raw, Reset, Send, Step, Wait
from windtunnel_server.wheel import Wheel

CHUNKED = Head(200, (("Transfer-Encoding", "chunked"),))
SIZED = Head(200, (("Content-Length", "4"),))
BARE = Head(200, (("X-A", "b"),))
HEAD = {CHUNKED: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", BARE: b"HTTP/1.1 200 OK\r\nX-A: b\r\n\r\n"}
USED = {"usage_at_start": {"output_tokens": 1}, "usage": {"output_tokens": 9}}


class Outlet:
    """Takes what is written. `full` makes it hold back until `drain` is called."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.ends: list[str] = []
        self.full = False
        self._then: Callable[[], None] | None = None

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def ending(self) -> None: ...

    def drained(self, then: Callable[[], None]) -> bool:
        self._then = then if self.full else None
        return not self.full

    def drain(self) -> None:
        self.full = False
        assert self._then is not None
        self._then()

    def close(self) -> None:
        self.ends.append("close")

    def reset(self) -> None:
        self.ends.append("reset")

    def done(self) -> None:
        self.ends.append("done")


class Loop:
    """Runs the wheel's one timer when time is moved to it."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._asked: list[list[Any]] = []

    def call_later(self, delay: float, action: Callable[[], None]) -> Any:
        asked = [self._clock.now() + delay, action]
        self._asked.append(asked)
        return type("Handle", (), {"cancel": lambda self: asked.__setitem__(1, None)})()

    def run_until(self, instant: float) -> None:
        while self._asked and (first := min(self._asked, key=lambda asked: asked[0]))[0] <= instant:
            self._asked.remove(first)
            self._clock.advance(max(first[0] - self._clock.now(), 0.0))
            if first[1] is not None:
                first[1]()
        self._clock.advance(instant - self._clock.now())


class Stage:
    """One plan, performed on a virtual clock."""

    def __init__(self, *steps: Step, notes: dict[str, object] | None = None, bodiless: bool = False) -> None:
        self.clock, self.outlet = VirtualClock(), Outlet()
        self.loop = Loop(self.clock)
        self.entry = Entry(number=1, provider="anthropic", method="POST", path="/")
        self.performance = Performance(
            Plan(steps, notes or {}),
            self.entry,
            self.outlet,
            self.clock,
            Wheel(self.clock, self.loop),  # type: ignore[arg-type]
            bodiless=bodiless,
        )

    def go(self) -> Stage:
        self.performance.go()
        return self

    @property
    def said(self) -> list[tuple[float, str]]:
        return [(step.at, step.what) for step in self.entry.steps]


def test_a_head_is_written_as_it_stands() -> None:
    head = Head(529, (("Date", "now"), ("x-b", "1"), ("X-B", "2"), ("x-name", "caf\u00e9")))

    assert head_bytes(head) == b"HTTP/1.1 529 Overloaded\r\nDate: now\r\nx-b: 1\r\nX-B: 2\r\nx-name: caf\xe9\r\n\r\n"


@pytest.mark.parametrize(
    ("status", "reason"), [(200, b"OK"), (404, b"Not Found"), (524, b"A Timeout Occurred"), (599, b"Unknown")]
)
def test_every_status_has_a_reason(status: int, reason: bytes) -> None:
    assert head_bytes(Head(status)) == b"HTTP/1.1 %d %b\r\n\r\n" % (status, reason)


def test_a_chunked_body_is_sent_in_chunks() -> None:
    stage = Stage(CHUNKED, Send(b"Hello, tunnel. "), Send(b"More"), End()).go()

    assert b"".join(stage.outlet.writes) == HEAD[CHUNKED] + b"f\r\nHello, tunnel. \r\n4\r\nMore\r\n0\r\n\r\n"


def test_a_body_of_known_length_is_sent_as_it_is() -> None:
    stage = Stage(SIZED, Send(b"ab"), Send(b"cd"), End()).go()

    assert stage.outlet.writes[0].endswith(b"\r\n\r\nabcd")
    assert stage.outlet.ends == ["done"]


def test_a_body_without_either_is_sent_as_it_is() -> None:
    stage = Stage(BARE, Send(b"abcd"), Close()).go()

    assert b"".join(stage.outlet.writes) == HEAD[BARE] + b"abcd"
    assert stage.outlet.ends == ["close"]


def test_an_empty_send_is_no_last_chunk() -> None:
    stage = Stage(CHUNKED, Send(b""), Send(b"a"), End()).go()

    assert b"".join(stage.outlet.writes) == HEAD[CHUNKED] + b"1\r\na\r\n0\r\n\r\n"


def test_raw_bytes_pass_the_framing_by() -> None:
    stage = Stage(CHUNKED, Raw(b"zz\r\n"), Close()).go()

    assert b"".join(stage.outlet.writes) == HEAD[CHUNKED] + b"zz\r\n"
    assert [what for _, what in stage.said] == ["head", "raw", "close"]


def test_an_answer_to_head_has_no_body_and_no_last_chunk() -> None:
    stage = Stage(CHUNKED, Send(b"abc"), End(), bodiless=True).go()

    assert stage.outlet.writes == [HEAD[CHUNKED]]
    assert stage.entry.ended == "complete"


def test_steps_with_no_wait_between_them_leave_in_one_write() -> None:
    stage = Stage(BARE, Send(b"a"), Wait(0), Send(b"b"), Wait(1), Send(b"c"), Send(b"d"), End()).go()
    assert stage.outlet.writes == [HEAD[BARE] + b"ab"]

    stage.loop.run_until(1)

    assert stage.outlet.writes == [HEAD[BARE] + b"ab", b"cd"]
    assert stage.entry.bytes_out == len(HEAD[BARE]) + 4


def test_waits_are_kept_to_on_the_clock() -> None:
    stage = Stage(Wait(0.25), BARE, Wait(0.5), Send(b"a", "ping"), Wait(3600), Send(b"b"), End()).go()
    assert stage.outlet.writes == []

    stage.loop.run_until(5000)

    assert stage.said == [
        (0.0, "wait"), (0.25, "head"), (0.25, "wait"), (0.75, "send"), (0.75, "wait"), (3600.75, "send"), (3600.75, "end")
    ]  # fmt: skip
    assert stage.entry.ended_at == 3600.75


def test_the_journal_is_told_the_head_and_the_size_of_each_step() -> None:
    stage = Stage(CHUNKED, Send(b"abc", "ping"), Send(b"de"), End()).go()

    assert stage.entry.status == 200
    assert stage.entry.response_headers == CHUNKED.headers
    assert [(step.what, step.bytes, step.event) for step in stage.entry.steps] == [
        ("head", len(HEAD[CHUNKED]), None), ("send", 3, "ping"), ("send", 2, None), ("end", 0, None)
    ]  # fmt: skip
    assert stage.entry.bytes_out == len(b"".join(stage.outlet.writes))


@pytest.mark.parametrize(
    ("last", "ended", "act"),
    [(End(), "complete", "done"), (Close(), "closed", "close"), (Reset(), "reset", "reset")],
    ids=["end", "close", "reset"],
)
def test_a_plan_ends_as_it_says(last: Step, ended: str, act: str) -> None:
    stage = Stage(BARE, Wait(2), last).go()
    assert stage.entry.ended is None

    stage.loop.run_until(2)

    assert (stage.entry.ended, stage.entry.ended_at) == (ended, 2.0)
    assert stage.outlet.ends == [act]
    assert not stage.performance.running


def test_a_reset_may_come_before_a_head() -> None:
    stage = Stage(Reset()).go()

    assert (stage.outlet.writes, stage.outlet.ends) == ([], ["reset"])
    assert (stage.entry.status, stage.entry.ended) == (None, "reset")


@pytest.mark.parametrize(("last", "act"), [(End(), "done"), (Close(), "close"), (Reset(), "reset")])
def test_nothing_ends_before_the_last_bytes_have_left(last: Step, act: str) -> None:
    stage = Stage(BARE, Send(b"a"), last)
    stage.outlet.full = True
    stage.go()
    assert stage.outlet.ends == []
    stage.clock.advance(3)

    stage.outlet.drain()

    assert stage.outlet.ends == [act]
    assert stage.entry.ended_at == 3.0


def test_a_silence_begins_once_the_bytes_before_it_have_left() -> None:
    stage = Stage(BARE, Send(b"a"), Wait(1), Send(b"b"), End())
    stage.outlet.full = True
    stage.go()
    stage.loop.run_until(10)
    assert stage.outlet.writes == [HEAD[BARE] + b"a"]

    stage.outlet.drain()
    stage.loop.run_until(20)

    assert [at for at, what in stage.said if what == "send"] == [0.0, 11.0]


@pytest.mark.parametrize("ended", ["hung up", "stopped"])
def test_a_stopped_performance_does_nothing_more(ended: str) -> None:
    stage = Stage(BARE, Wait(1), Send(b"a"), End()).go()
    stage.clock.advance(0.5)

    stage.performance.stop(ended)
    stage.loop.run_until(5)

    assert (stage.entry.ended, stage.entry.ended_at) == (ended, 0.5)
    assert stage.outlet.writes == [HEAD[BARE]]
    assert stage.outlet.ends == []


@pytest.mark.parametrize("last", [End(), Close(), Reset()], ids=["end", "close", "reset"])
def test_a_client_that_leaves_before_the_last_bytes_hung_up(last: Step) -> None:
    stage = Stage(BARE, Send(b"a"), last)
    stage.outlet.full = True
    stage.go()

    stage.performance.stop("hung up")
    stage.outlet.drain()

    assert stage.entry.ended == "hung up"
    assert stage.outlet.ends == []
    assert "end" not in [what for _, what in stage.said]


def test_stopping_twice_or_too_late_changes_nothing() -> None:
    stage = Stage(BARE, End()).go()

    stage.performance.stop("hung up")
    stage.performance.go()

    assert stage.entry.ended == "complete"


def test_infinity_waits_until_the_client_leaves() -> None:
    stage = Stage(BARE, Wait(math.inf), Send(b"a"), End()).go()

    stage.loop.run_until(1e9)
    stage.performance.stop("hung up")

    assert stage.entry.ended_at == 1e9
    assert stage.outlet.writes == [HEAD[BARE]]


STREAM = (
    CHUNKED,
    Send(b"s", "message_start"),
    Wait(1),
    Send(b"d", "message_delta"),
    Wait(1),
    Send(b"t", "message_stop"),
    End(),
)


@pytest.mark.parametrize(("until", "used"), [(0.5, 1), (1.5, 9), (3, 9)])
def test_a_cut_stream_reports_what_could_be_read_of_it(until: float, used: int) -> None:
    stage = Stage(*STREAM, notes=dict(USED)).go()

    stage.loop.run_until(until)
    stage.performance.stop("hung up")

    assert stage.entry.usage == {"output_tokens": used}


def test_a_stream_cut_before_its_first_event_reports_nothing() -> None:
    stage = Stage(CHUNKED, Send(b"p", "ping"), Close(), notes=dict(USED)).go()

    assert stage.entry.usage is None


@pytest.mark.parametrize(("last", "used"), [(End(), {"output_tokens": 9}), (Close(), None), (Reset(), None)])
def test_a_body_in_one_piece_reports_all_or_nothing(last: Step, used: dict[str, int] | None) -> None:
    assert Stage(SIZED, Send(b"abcd"), last, notes=dict(USED)).go().entry.usage == used


def test_notes_without_usage_report_none() -> None:
    entry = Entry(number=1, provider="", method="", path="")

    assert reported_usage({}, entry, complete=True) is None
    assert reported_usage({"usage": None}, entry, complete=True) is None
    assert reported_usage(USED, entry, complete=False) is None


def test_scripted_cookies_are_masked_in_the_journal_and_not_on_the_wire() -> None:
    stage = Stage(Head(200, (("Set-Cookie", "session=PLANTEDSECRETVALUE"),)), End()).go()

    assert stage.entry.response_headers == (("Set-Cookie", "***ALUE"),)
    assert b"PLANTEDSECRETVALUE" in stage.outlet.writes[0]


def test_who_waits_for_an_answer_to_begin_and_to_end_is_told() -> None:
    told: list[object] = []
    notes: dict[str, object] = {
        "billed": {"output_tokens": 9},
        "on_begin": told.append,
        "on_end": lambda: told.append("end"),
    }
    stage = Stage(Wait(2), CHUNKED, Send(b"a"), Wait(1), End(), notes=notes).go()

    assert (told, stage.entry.billed) == ([], None)
    stage.loop.run_until(2.5)
    assert (told, stage.entry.billed) == ([pytest.approx(2.0)], {"output_tokens": 9})
    stage.performance.stop("hung up")
    assert told[1:] == ["end"]


def test_an_answer_that_never_begins_is_not_billed() -> None:
    told: list[object] = []
    notes: dict[str, object] = {
        "billed": {"output_tokens": 9},
        "on_begin": told.append,
        "on_end": lambda: told.append("end"),
    }
    stage = Stage(Reset(), notes=notes).go()

    assert (told, stage.entry.billed) == (["end"], None)


def test_a_reply_ends_when_its_last_bytes_are_written_however_late_we_hear_of_it() -> None:
    clock = VirtualClock()
    entry = Entry(number=1, provider="p", method="POST", path="/")

    class Slow(Outlet):
        """On a busy machine the write itself takes a while to come back; the client has long read."""

        def write(self, data: bytes) -> None:
            super().write(data)
            clock.advance(0.5)

    outlet = Slow()
    plan = Plan((SIZED, Send(b"1234"), End()))
    Performance(plan, entry, outlet, clock, Wheel(clock, Loop(clock)), bodiless=False).go()  # type: ignore[arg-type]

    assert (entry.ended, entry.ended_at, outlet.ends) == ("complete", 0.0, ["done"])
    assert entry.steps[-1].at == 0.0


def test_a_reply_that_the_client_is_slow_to_take_ends_when_it_has_left() -> None:
    clock = VirtualClock()
    entry, outlet = Entry(number=1, provider="p", method="POST", path="/"), Outlet()
    outlet.full = True
    plan = Plan((SIZED, Send(b"1234"), End()))
    Performance(plan, entry, outlet, clock, Wheel(clock, Loop(clock)), bodiless=False).go()  # type: ignore[arg-type]

    clock.advance(0.5)
    outlet.drain()

    assert (entry.ended, entry.ended_at, outlet.ends) == ("complete", 0.5, ["done"])
