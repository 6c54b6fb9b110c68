"""A reply that leaves at once: its bytes without its events, and the journal as if every step had been performed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from windtunnel_server.clock import VirtualClock
from windtunnel_server.journal import Entry
from windtunnel_server.plan import End, Head, Plan, Send
from windtunnel_server.playback import Broken, Done, Next, Playback, Unbroken, playback
from windtunnel_server.unread import Unread
from windtunnel_server.whole import Whole

HEAD = Head(200, (("content-type", "text/event-stream"), ("transfer-encoding", "chunked")))
USAGE = {"input_tokens": 3, "output_tokens": 5}
FULL = Plan((HEAD, Send(b"ab", "message_start"), Send(b"c"), Send(b"d", "message_delta"), End()), {"usage": USAGE})


@pytest.fixture
def made() -> list[Plan]:
    return []


@pytest.fixture
def plan(made: list[Plan]) -> Whole:
    def make() -> Plan:
        made.append(FULL)
        return FULL

    return Whole(HEAD, b"abcd", make)


@pytest.fixture
def entry() -> Unread:
    return Unread(number=1, provider="anthropic", method="POST", path="/v1/messages")


def meet(playback: Playback | Unbroken) -> list[Next]:
    met = [playback.next()]
    while not isinstance(met[-1], (Broken, Done)):
        met.append(playback.next())
    return met


def test_head_and_bytes_are_there_without_the_steps(plan: Whole, made: list[Plan]) -> None:
    assert (plan.head, plan.status, plan.data, made) == (HEAD, 200, b"abcd", [])


def test_it_is_the_whole_plan_when_its_steps_are_asked_for(plan: Whole, made: list[Plan]) -> None:
    assert (plan.steps, plan.notes, plan.events) == (FULL.steps, FULL.notes, ["message_start", "message_delta"])
    assert (plan + End()).steps == (FULL + End()).steps
    assert len(made) == 1


def test_a_client_meets_its_bytes_as_one_and_nobody_has_looked_at_its_events(
    plan: Whole, made: list[Plan], entry: Unread
) -> None:
    clock = VirtualClock()

    met = meet(playback(plan, entry, clock))

    assert met == [HEAD, Send(b"abcd"), Done()]
    assert (entry.status, entry.ended, entry.ended_at, made) == (200, "complete", 0.0, [])


def test_the_journal_tells_what_it_would_have_told_of_every_step(plan: Whole, entry: Unread) -> None:
    plain = Entry(number=1, provider="anthropic", method="POST", path="/v1/messages")
    meet(Playback(FULL, plain, VirtualClock()))

    meet(playback(plan, entry, VirtualClock()))

    assert entry.to_json() == plain.to_json()
    assert (entry.events_sent, entry.usage) == (["message_start", "message_delta"], USAGE)


def test_a_client_that_leaves_has_been_sent_all_of_it(plan: Whole, entry: Unread) -> None:
    met = playback(plan, entry, VirtualClock())
    met.next()

    met.hang_up()

    assert (met.next(), entry.ended, b"".join(entry.sent)) == (Done(), "complete", b"abcd")


@pytest.mark.parametrize(
    "change",
    [lambda plan, entry: (FULL, entry, False), lambda plan, entry: (plan, entry, True)],
    ids=["a plan of steps", "an answer to HEAD"],
)
def test_all_else_is_stepped_through(
    plan: Whole, entry: Unread, change: Callable[[Plan, Entry], tuple[Plan, Entry, bool]]
) -> None:
    played, told, bodiless = change(plan, entry)

    assert isinstance(playback(played, told, VirtualClock(), bodiless=bodiless), Playback)
