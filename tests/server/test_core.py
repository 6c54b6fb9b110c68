"""The fake without I/O: a call in, a plan out, and a journal that holds no secret."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.core import Core
from windtunnel_server.journal import Entry
from windtunnel_server.plan import End, Head, Plan, Send, Wait
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.script import ScriptError, Step
from windtunnel_server.taking import Script
from windtunnel_server.words import fail, fault, reply

KEY = "sk-ant-api03-PLANTED-0123456789-WXYZ"


class Simple:
    """A provider that answers what a test tells it to."""

    name = "simple"

    def __init__(self, answer: Callable[[Call, Callable[[str], Step | None], Random], Plan]) -> None:
        self.answer = answer

    def max_body_bytes(self, path: str) -> int:
        return len(path)

    def too_large(self, call: Call) -> Plan:
        return plan(413)

    def garbage(self, call: Call, why: str) -> Plan:
        return plan(400, why)

    def refuse_step(self, call: Call, why: str) -> Plan:
        return plan(400, why)

    def broken(self, call: Call, why: str) -> Plan:
        return plan(500, why)

    def reset(self) -> None:
        self.was_reset = True


def plan(status: int, text: str = "", **notes: object) -> Plan:
    return Plan((Head(status, (("transfer-encoding", "chunked"),)), Send(text.encode()), End()), notes)


def simple(answer: Callable[..., Plan] = lambda call, take, random: (take("messages"), plan(200))[1]) -> Core:
    return Core(Simple(answer), VirtualClock())


def real(seed: int = 0) -> Core:
    clock = VirtualClock()
    return Core(Anthropic(clock, seed=seed), clock, seed=seed)


@pytest.fixture
def call(asked: dict[str, Any]) -> Call:
    headers = (("X-Api-Key", KEY), ("anthropic-version", "2023-06-01"))
    return Call("POST", "/v1/messages", headers=headers, body=json.dumps(asked).encode())


# --- the journal -------------------------------------------------------------------------------------------------


def test_a_call_is_entered_as_it_came() -> None:
    core = simple(lambda call, take, random: plan(200, error_type="e", request_id="req_1", answered_by="someone"))
    body = b'{"a": 1}'

    call = Call("POST", "/p", "q=1", (("a", "b"),), body, 1.0, 2.0, 3.0, 4, "thread 1", json={"a": 1})
    _, entry = core.answer(call)

    assert core.journal.calls == [entry]
    assert entry == Entry(
        number=1,
        provider="simple",
        method="POST",
        path="/p",
        query="q=1",
        headers=(("a", "b"),),
        body={"a": 1},
        bytes_in=8,
        body_digest=hashlib.sha256(body).hexdigest(),
        arrived_at=1.0,
        head_at=2.0,
        body_at=3.0,
        connection=4,
        sender="thread 1",
        error_type="e",
        request_id="req_1",
        answered_by="someone",
    )


def test_no_body_has_no_digest() -> None:
    _, entry = simple().answer(Call("GET", "/"))

    assert (entry.body_digest, entry.bytes_in) == ("", 0)


def test_a_call_that_was_never_whole_has_no_instant_at_which_it_was() -> None:
    _, large = simple().answer_too_large(Call("POST", "/", arrived_at=5.0, head_at=5.5))
    _, garbage = simple().answer_garbage(Call("POST", "/", arrived_at=5.0), "why")

    assert (large.head_at, large.body_at) == (5.5, None)
    assert (garbage.head_at, garbage.body_at) == (None, None)


@pytest.mark.parametrize(
    "name",
    ["x-api-key", "X-API-KEY", "authorization", "cookie", "api-key", "proxy-authorization", "x-amz-security-token"],
)
@pytest.mark.parametrize("value", [KEY, f"Bearer {KEY}", f"session={KEY}; theme=dark", f"a=b; session={KEY}"])
def test_no_credential_of_a_request_is_in_the_journal(call: Call, name: str, value: str) -> None:
    core = real()

    core.answer(replace(call, headers=(*call.headers, (name, value))))
    core.answer_too_large(replace(call, headers=((name, value),)))
    core.answer_garbage(replace(call, headers=((name, value),)), "why")

    told = json.dumps([entry.to_json() for entry in core.journal])
    assert len(core.journal) == 3
    assert KEY not in told and "PLANTED" not in told


def test_tokens_in_a_body_or_a_query_are_masked_too(asked: dict[str, Any], call: Call) -> None:
    core = real()
    servers = [{"type": "url", "url": "https://mcp.test", "name": "m", "authorization_token": KEY}, "odd"]
    batch = {"requests": [{"custom_id": "a", "params": asked | {"mcp_servers": servers}}, 5]}

    core.answer(replace(call, body=json.dumps(asked | {"mcp_servers": servers}).encode()))
    core.answer(replace(call, body=json.dumps(batch).encode(), path="/v1/messages/batches"))
    core.answer(replace(call, query=f"beta=true&api_key={KEY}&X-Amz-Security-Token={KEY}&key={KEY}"))

    told = json.dumps([entry.to_json() for entry in core.journal])
    assert "PLANTED" not in told
    assert core.journal[0].body["mcp_servers"][0]["name"] == "m"
    assert core.journal[2].query == "beta=true&api_key=***&X-Amz-Security-Token=***&key=***"


def test_the_rest_of_a_body_is_kept_as_it_came(asked: dict[str, Any], call: Call) -> None:
    core = real()

    core.answer(call)

    assert core.journal[0].body == asked
    assert call.json == asked


# --- the script --------------------------------------------------------------------------------------------------


def test_a_call_is_entered_with_the_step_that_answered_it() -> None:
    core = simple()
    core.extend_script([fail(429), reply("a", faults=[fault("gzip", level=1)])])

    entries = [core.answer(Call("POST", "/"))[1] for _ in range(3)]

    assert [entry.answered_by for entry in entries] == ["fail 429", "reply + gzip", "composed"]
    assert [entry.faults for entry in entries] == [(), ("gzip",), ()]


def test_the_faults_of_a_step_are_laid_over_its_plan_in_order() -> None:
    core = simple()
    core.extend_script([reply("a", faults=[fault("slow_first_byte", for_s=2), fault("slow_first_byte", for_s=3)])])

    answered, _ = core.answer(Call("POST", "/"))

    assert sorted(answered.waits) == [2, 3]


def test_a_fault_that_does_not_fit_is_refused_in_words() -> None:
    core = simple()
    core.extend_script([reply("a", faults=[fault("error_event")])])

    answered, entry = core.answer(Call("POST", "/"))

    assert answered.status == 400
    assert b"error_event" in answered.body
    assert entry.answered_by == "reply + error_event"
    assert core.failures == []


def test_a_step_that_does_not_fit_is_refused_in_words() -> None:
    def answer(call: Call, take: Any, random: Any) -> Plan:
        raise ScriptError("no such thing")

    answered, _ = simple(answer).answer(Call("POST", "/"))

    assert (answered.status, answered.body) == (400, b"no such thing")


def test_the_next_step_is_told_of_whenever_it_changes() -> None:
    core = simple()
    told: list[Step | None] = []
    core.on_next_step = lambda: told.append(core.script.at_the_door(0.0))
    first, second = fail(429), fail(500)

    core.extend_script([first, second])
    core.answer(Call("POST", "/"))
    core.reset()

    assert told == [first, second, None]


def test_a_template_is_filled_in_with_the_call_it_answers(call: Call) -> None:
    core = real()
    core.extend_script([reply("{{ number }}: {{ text }}", template=True, times=2)])

    said = [json.loads(core.answer(replace(call))[0].body)["content"][0]["text"] for _ in range(2)]

    assert said == ["1: Hello, tunnel.", "2: Hello, tunnel."]


def test_a_template_that_does_not_fit_is_refused_in_words_and_used_up(call: Call) -> None:
    core = real()
    core.extend_script([reply("{{ request.nothing }}", template=True)])
    told: list[int] = []
    core.on_next_step = lambda: told.append(len(core.script.left))

    answered, entry = core.answer(call)

    assert answered.head is not None
    assert (answered.status, answered.head.header("x-should-retry")) == (400, "false")
    message = json.loads(answered.body)["error"]["message"]
    assert message.startswith("reply: the template '{{ request.nothing }}' does not fit this call: ")
    assert entry.answered_by == "refused"
    assert (told, core.failures) == ([0], [])


def test_a_call_that_was_not_let_in_is_not_counted(call: Call) -> None:
    core = real()
    core.extend_script([fail(529, when={"call": 1})])

    refused, _ = core.answer(replace(call, body=b"{}"))
    first, _ = core.answer(call)

    assert (refused.status, first.status) == (400, 529)


def test_then_refuse_refuses_what_no_step_is_for(call: Call) -> None:
    core = real()
    core.extend_script([reply("Hello"), fail(429, when={"model": "claude-opus-*"})], then="refuse")

    (first, _), (second, entry) = core.answer(replace(call)), core.answer(replace(call))
    models, _ = core.answer(replace(call, method="GET", path="/v1/models", body=b""))

    assert (first.status, second.status, models.status) == (200, 400, 200)
    assert second.head is not None and second.head.header("x-should-retry") == "false"
    assert "steps left: fail 429" in json.loads(second.body)["error"]["message"]
    assert entry.answered_by == "unscripted"
    assert core.failures == []


def test_a_step_that_follows_is_a_step_like_any_other() -> None:
    core = simple()
    core.extend_script([fail(429)], then=reply("b", faults=[fault("slow_first_byte", for_s=2)]))

    answers = [core.answer(Call("POST", "/")) for _ in range(3)]

    assert [entry.answered_by for _, entry in answers] == ["fail 429", *["reply + slow_first_byte"] * 2]
    assert [entry.faults for _, entry in answers][1:] == [("slow_first_byte",)] * 2
    assert [plan.waits for plan, _ in answers][1:] == [[2], [2]]


def test_what_follows_stays_until_it_is_said_anew() -> None:
    core = simple()
    core.extend_script([], then="repeat")
    core.extend_script([fail(429)])
    before = core.script.then

    core.reset()

    assert (before, core.script.then) == ("repeat", "composed")


def test_a_wrong_word_for_what_follows_changes_nothing() -> None:
    core = simple()

    with pytest.raises(ScriptError, match="did you mean repeat"):
        core.extend_script([fail(429)], then="repeet")  # type: ignore[arg-type]

    assert core.script.left == []


# --- the door ----------------------------------------------------------------------------------------------------


def test_a_door_fault_is_seen_only_when_it_is_next() -> None:
    core = simple()
    core.extend_script([fail(429), fail("connection_dropped")])
    assert core.door_fault() is None

    core.answer(Call("POST", "/"))

    assert core.door_fault() is not None


def test_an_attempt_that_was_turned_away_is_journalled() -> None:
    core = simple()
    core.extend_script([fail("connection_refused", times=2)])

    took = [core.take_door_fault("connection_refused", connection=0, sender="t", ended="refused") for _ in range(3)]

    assert took == [True, True, False]
    first, _ = core.journal.calls
    assert (first.method, first.path, first.sender, first.status) == ("", "", "t", None)
    assert (first.ended, first.answered_by, first.faults) == (
        "refused",
        "composed + connection_refused",
        ("connection_refused",),
    )


def test_another_door_fault_is_left_where_it_is() -> None:
    core = simple()
    core.extend_script([fail("connection_refused")])

    assert not core.take_door_fault("connection_dropped", connection=1, sender=None, ended="closed")
    assert len(core.journal) == 0
    assert core.door_fault() is not None


def test_the_instants_at_which_the_door_may_change_are_known() -> None:
    core = simple()
    core.extend_script([fail(529, during=(5, 30))])
    assert core.next_door_change(0) is None

    core.extend_script([fail("connection_refused", during=(10, 20))])

    assert [core.next_door_change(at_s) for at_s in (0, 5, 30)] == [5, 10, None]


def test_a_refusal_belongs_to_the_window_it_came_in() -> None:
    core = simple()
    core.extend_script([fail("connection_refused", during=(0, 10))])
    assert isinstance(core.clock, VirtualClock)
    core.clock.advance(10)

    def take(**at: float) -> bool:
        return core.take_door_fault("connection_refused", connection=0, sender=None, ended="refused", **at)

    assert (take(), take(at_s=9.0)) == (False, True)
    assert [entry.arrived_at for entry in core.journal] == [10.0]


# --- failures of our own -----------------------------------------------------------------------------------------


def test_a_failure_of_our_own_is_told_and_kept(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    core = real()
    monkeypatch.setattr(core.provider, "_answer", lambda *given: 1 / 0)

    answered, entry = core.answer(call)

    assert answered.head is not None
    assert (answered.status, answered.head.header("x-should-retry")) == (500, "false")
    message = json.loads(answered.body)["error"]["message"]
    assert message == "windtunnel itself failed: ZeroDivisionError: division by zero"
    assert [type(error) for error in core.failures] == [ZeroDivisionError]
    assert entry.error_type == "api_error"


@pytest.mark.parametrize("value", ["en \u2013 dash", "two\r\nheaders: 1"])
def test_a_head_that_cannot_be_sent_is_a_failure_of_our_own(
    value: str, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = real()
    monkeypatch.setattr(core.provider, "_answer", lambda *given: Plan((Head(200, (("x-a", value),)), End())))

    answered, entry = core.answer(call)

    assert answered.status == 500
    assert "windtunnel itself failed" in answered.body.decode()
    assert (len(core.failures), entry.answered_by) == (1, "broken")


def test_a_stranger_to_a_virtual_clock_is_told_what_to_do(call: Call) -> None:
    core = real()
    core.extend_script([fail(429)])

    answered, _ = core.answer_stranger(call)

    assert answered.head is not None
    assert (answered.status, answered.head.header("x-should-retry")) == (400, "false")
    assert 'clock="real"' in json.loads(answered.body)["error"]["message"]
    assert core.script.left == [fail(429)]


# --- chance ------------------------------------------------------------------------------------------------------

STEPS = (reply("Hello", thinking="Hm", tool_use={"name": "t"}), fail("rate_limited"), reply(), fail("reset_mid_body"))


def answers(core: Core, call: Call) -> list[tuple[Any, ...]]:
    core.extend_script(STEPS)
    made = []
    for number in range(6):
        plan, _ = core.answer(replace(call, arrived_at=float(number), json=None))
        made.append(plan.steps)
    return made


def test_one_seed_gives_one_run_to_the_byte(call: Call) -> None:
    assert answers(real(seed=7), call) == answers(real(seed=7), call)


def test_another_seed_gives_another_run(call: Call) -> None:
    assert all(
        one != other for one, other in zip(answers(real(seed=7), call), answers(real(seed=8), call), strict=True)
    )


def test_a_reset_begins_the_run_anew(call: Call) -> None:
    core = real(seed=7)
    first = answers(core, call)

    core.reset()

    assert len(core.journal) == 0
    assert core.script.left == []
    assert answers(core, call) == first


def test_a_reset_forgets_what_calls_and_failures_left_behind() -> None:
    core = simple(lambda call, take, random: 1 / 0)
    core.answer(Call("POST", "/"))

    core.reset()

    assert core.failures == []
    assert core.provider.was_reset  # type: ignore[attr-defined]


def test_calls_on_many_threads_take_each_step_once(call: Call) -> None:
    core = real()
    core.extend_script([fail(429, message=str(number)) for number in range(80)])
    threads = [
        threading.Thread(target=lambda: [core.answer(replace(call)) for _ in range(20)], daemon=True) for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert [entry.number for entry in core.journal] == list(range(1, 81))
    assert [entry.answered_by for entry in core.journal] == ["fail 429"] * 80
    assert isinstance(core.script, Script) and core.script.left == []


def test_the_limit_of_a_body_is_the_providers() -> None:
    assert simple().max_body_bytes("/abc") == 4


def test_a_plan_keeps_its_silences(call: Call) -> None:
    core = simple(lambda call, take, random: Plan((Wait(2.0), *plan(200).steps)))

    answered, _ = core.answer(call)

    assert answered.waits == [2.0]
