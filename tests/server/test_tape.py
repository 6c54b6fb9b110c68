"""A tape in a core: it answers before every check, and what it lacks is refused; its entries read bodies late."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.core import Core
from windtunnel_server.journal import entry_from_json
from windtunnel_server.plan import End, Head, Plan, Send
from windtunnel_server.playback import Broken, Done, Playback
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.script import Step
from windtunnel_server.tape import Recorded
from windtunnel_server.unread import Unread
from windtunnel_server.words import fail
from windtunnel_server.words import fault as as_fault

BODY = b'{"model": "none of ours", "mcp_servers": [{"authorization_token": "secret-0123456789-tail"}]}'
PLAN = Plan((Head(200, (("content-length", "2"),)), Send(b"ok"), End()), {"request_id": "req_1"})


class Answers:
    """A tape that answers so many calls, whatever they ask."""

    def __init__(self, count: int = 1, plan: Plan = PLAN) -> None:
        self.left, self.count, self.editable, self.plan = count, count, False, plan

    def play(self, call: Call, *, editable: bool) -> Recorded | None:
        if not self.left:
            return None
        self.left, self.editable = self.left - 1, editable
        return Recorded(self.plan, "interaction 1", self.again)

    def again(self) -> None:
        self.left += 1

    def missed(self, call: Call) -> str:
        return f"nothing for {call.path}"

    def rewind(self) -> None:
        self.left = self.count


@pytest.fixture
def tape() -> Answers:
    return Answers()


@pytest.fixture
def core(tape: Answers) -> Core:
    clock = VirtualClock()
    return Core(Anthropic(clock), clock, tape=tape)


def call(**changes: Any) -> Call:
    return replace(Call("POST", "/v1/messages", body=BODY), **changes)


def perform(core: Core, asked: Call, *, steps: int = 99) -> Any:
    """Answer a call, and let a client meet the first so many things."""
    plan, entry = core.answer(asked)
    playback = Playback(plan, entry, core.clock)
    for _ in range(steps):
        if isinstance(playback.next(), (Broken, Done)):
            break
    return playback, entry


def test_a_call_without_key_version_or_known_model_is_answered(core: Core) -> None:
    plan, entry = core.answer(call())

    assert plan is PLAN
    assert (entry.answered_by, entry.request_id) == ("interaction 1", "req_1")


def test_what_is_not_recorded_is_refused_and_not_retried(core: Core, tape: Answers) -> None:
    tape.left = 0

    plan, entry = core.answer(call())

    assert plan.head is not None
    assert (plan.status, plan.head.header("x-should-retry"), entry.answered_by) == (400, "false", "miss")
    assert b"nothing for /v1/messages" in plan.body


def test_no_body_is_too_large_for_a_recording(core: Core) -> None:
    assert core.max_body_bytes("/v1/messages") > 1 << 40


def test_a_failure_of_the_script_needs_no_call_that_the_fake_would_let_in(core: Core, tape: Answers) -> None:
    core.extend_script([fail("overloaded")])

    plan, entry = core.answer(call())

    assert (plan.status, entry.answered_by, tape.left) == (529, "fail overloaded", 1)


def test_calls_are_numbered_from_the_start_whenever_the_script_comes(core: Core, tape: Answers) -> None:
    tape.left = 5
    core.answer(call())
    core.extend_script([fail("overloaded", when={"call": 3})])

    assert [core.answer(call())[0].status for _ in range(3)] == [200, 529, 200]


def test_a_fault_is_laid_over_and_asks_for_a_body_that_can_be_edited(core: Core, tape: Answers) -> None:
    core.extend_script([fail("empty_body")])

    plan, entry = core.answer(call())

    assert tape.editable
    assert (plan.body, entry.faults, entry.answered_by) == (b"", ("empty_body",), "interaction 1 + empty_body")
    assert PLAN.notes == {"request_id": "req_1"}


@pytest.mark.parametrize(
    ("fault", "steps", "left"),
    [("slow_first_byte", 99, 0), ("reset_mid_body", 99, 1), ("empty_body", 99, 1), ("slow_first_byte", 0, 1)],
)
def test_a_recording_is_spent_only_when_all_of_it_has_left(
    core: Core, tape: Answers, fault: str, steps: int, left: int
) -> None:
    core.extend_script([fail(fault, **({"for_s": 0.0} if fault == "slow_first_byte" else {}))])

    playback, _ = perform(core, call(), steps=steps)
    if not steps:
        playback._due += 1  # still on its way
        playback.hang_up()

    assert tape.left == left


STREAM = Plan(
    (
        Head(200, (("content-type", "text/event-stream"), ("transfer-encoding", "chunked"))),
        *(
            Send(b"event: %b\ndata: {}\n\n" % name, name.decode())
            for name in (b"message_start", b"ping", b"message_stop")
        ),
        End(),
    )
)


@pytest.mark.parametrize(
    ("fault", "left"),
    [
        (fail("duplicate_event", at_event=1), 0),
        (fail("trailing_garbage"), 0),
        (fail("missing_event", name="ping"), 1),
        (fail("duplicate_event", at_event=0, faults=[as_fault("close_mid_stream")]), 1),
    ],
    ids=["twice", "garbage behind it", "one lacking", "twice and cut"],
)
def test_a_stream_is_spent_when_all_its_events_have_left(core: Core, fault: Step, left: int) -> None:
    tape = Answers(plan=STREAM)
    core.tape = tape
    core.extend_script([fault])

    perform(core, call())

    assert tape.left == left


def test_a_reset_rewinds(core: Core, tape: Answers) -> None:
    core.answer(call())

    core.reset()

    assert tape.left == 1


def test_an_issuer_answers_for_itself_where_nothing_is_recorded(core: Core, tape: Answers) -> None:
    tape.left = 0

    _, entry = core.answer(call(path="/v1/oauth/token", body=b"{}"))

    assert entry.answered_by != "miss"


def test_what_somebody_else_answered_can_be_taken_down(core: Core, tape: Answers) -> None:
    entry = core.take_down(call(), PLAN, answered_by="the service")

    assert (core.journal.calls, entry.answered_by, tape.left) == ([entry], "the service", 1)


# --- entries that read late --------------------------------------------------------------------------------------


def test_a_body_is_parsed_when_it_is_looked_at_and_masked(core: Core) -> None:
    _, entry = core.answer(call())

    assert isinstance(entry, Unread)
    assert entry.body["mcp_servers"][0]["authorization_token"] == "***tail"
    assert entry.body is entry.body
    assert entry.body_digest == hashlib.sha256(BODY).hexdigest()


def test_an_entry_goes_through_json_like_any(core: Core) -> None:
    _, entry = core.answer(call())

    back = entry_from_json(json.loads(json.dumps(entry.to_json())))

    assert back.body == entry.body
    assert back.to_json() == entry.to_json()


def test_a_call_without_a_body_has_none(core: Core) -> None:
    _, entry = core.answer(call(method="GET", body=b""))

    assert (entry.body, entry.body_digest) == (None, "")


def test_a_replaced_entry_keeps_its_body(core: Core) -> None:
    _, entry = core.answer(call())

    assert replace(entry, number=9).body == entry.body
