"""Compaction: a right one passes, and each rule broken by itself fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from windtunnel import Windtunnel, fail, reply
from windtunnel.verdicts.claims import Claim, Claims
from windtunnel.verdicts.compaction import judge
from windtunnel.verdicts.verdict import Verdict
from windtunnel_server.journal import Entry
from windtunnel_server.model.tokens import count_input

SYSTEM = [{"type": "text", "text": "You are a careful agent.", "cache_control": {"type": "ephemeral"}}]
TOOLS = [{"name": name, "description": f"To {name}.", "input_schema": {"type": "object"}} for name in ("read", "write")]
TOO_LONG = "prompt is too long: {} tokens > {} maximum"
SUMMARISE = "Write a summary of the conversation so far. Do not call any tools."
SUMMARY = "The user asked about the wind, and it was found to come from the west."
CONTINUED = "This session goes on from an earlier one. What was said: "

Body = dict[str, Any]
Message = dict[str, Any]


def user(text: str) -> Message:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def assistant(text: str) -> Message:
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


def call(id_: str) -> Message:
    return {"role": "assistant", "content": [{"type": "tool_use", "id": id_, "name": "read", "input": {"path": id_}}]}


def result(id_: str, text: str = "nothing in it") -> Message:
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": id_, "content": text}]}


def body(*messages: Message, **more: Any) -> Body:
    asked = {"model": "claude-sonnet-4-6", "max_tokens": 500, "system": SYSTEM, "tools": TOOLS, "messages": [*messages]}
    return deepcopy(asked | more)


@dataclass
class Telling:
    """A journal in the making, one conversation, a call a second."""

    entries: list[Entry] = field(default_factory=list)
    sender: str | None = None

    def answered(self, asked: Body, text: str = "It blows.", *, output: int = 10, block: bool = False) -> Entry:
        content = [{"type": "compaction", "content": SUMMARY}] if block else []
        content += [{"type": "text", "text": text}]
        said = {"type": "message", "id": "msg_1", "content": content, "stop_reason": "end_turn"}
        return self._add(asked, 200, said, usage={"input_tokens": count_input(asked), "output_tokens": output})

    def refused(self, asked: Body, *, limit: int = 200, message: str | None = None, status: int = 400) -> Entry:
        told = TOO_LONG.format(count_input(asked), limit) if message is None else message
        kind = {400: "invalid_request_error", 413: "request_too_large"}.get(status, "api_error")
        return self._add(asked, status, {"type": "error", "error": {"type": kind, "message": told}}, error_type=kind)

    def _add(self, asked: Body, status: int, said: Any, **more: Any) -> Entry:
        at = float(len(self.entries))
        raw = json.dumps(asked).encode()
        entry = Entry(
            number=len(self.entries) + 1,
            provider="anthropic",
            method="POST",
            path="/v1/messages",
            body=deepcopy(asked),
            bytes_in=len(raw),
            body_digest=sha256(raw).hexdigest(),
            arrived_at=at,
            sender=self.sender,
            status=status,
            response_headers=(("content-type", "application/json"),),
            sent=[json.dumps(said).encode()],
            ended="complete",
            ended_at=at + 0.5,
            **more,
        )
        self.entries.append(entry)
        return entry


HISTORY = [
    user("Which way does the wind blow? " + "gust " * 60),
    call("a"),
    result("a", "west " * 40),
    assistant("From the west. " + "calm " * 40),
    user("And how hard?"),
    assistant("Rather hard."),
]
PROMPT = user("Will it rain tomorrow?")
OVERFULL = body(*HISTORY, PROMPT)
ASKS_SUMMARY = body(*HISTORY[:4], user(SUMMARISE))
COMPACTED = body(user(CONTINUED + SUMMARY), *HISTORY[5:], PROMPT)
#: A window for which the first is too much.
FULL = count_input(OVERFULL) - 1


def told(*, summary: Body = ASKS_SUMMARY, then: Body = COMPACTED, limit: int = FULL) -> list[Entry]:
    """An overflow, a summary, and the turn again."""
    telling = Telling()
    telling.refused(OVERFULL, limit=limit)
    telling.answered(summary, SUMMARY)
    telling.answered(then)
    return telling.entries


def titles(verdict: Verdict, weight: str | None = None) -> list[str]:
    return [finding.title for finding in verdict.findings if weight in (None, finding.weight)]


# --- a right one ------------------------------------------------------------------------------------------------------


def test_a_right_compaction_passes_without_a_word():
    verdict = judge(told(), expected=True)

    assert verdict.passed, verdict.render()
    assert not verdict.findings
    assert verdict.summary == "1 occasion to shorten a conversation, 0 faults"


@pytest.mark.parametrize(
    "asked",
    [
        "CRITICAL: Respond with TEXT ONLY. Write your <summary> of the conversation so far.",
        "Please summarise our chat.",
        "Summarize the messages above.",
        "Compact the session history.",
    ],
)
def test_a_summary_request_is_known_by_its_last_words(asked):
    assert judge(told(summary=body(*HISTORY[:4], user(asked))), expected=True).passed


def test_a_summary_request_may_have_its_words_in_a_system_prompt_of_its_own():
    transcript = body(user(json.dumps(HISTORY)), system="You summarise conversations between a user and an agent.")
    del transcript["tools"]

    assert judge(told(summary=transcript), expected=True).passed


def test_a_summary_request_in_any_language_is_known_by_its_answer_coming_back():
    verdict = judge(told(summary=body(*HISTORY, user("Was bisher geschah, bitte in einem Absatz."))), expected=True)

    assert verdict.passed and not verdict.findings


def test_cache_marks_and_texts_of_the_client_itself_may_change():
    then = deepcopy(COMPACTED)
    then["system"] = [{"type": "text", "text": "x-anthropic-billing-header: cch=2"}, {**SYSTEM[0]}]
    del then["system"][1]["cache_control"]
    then["tools"][1]["cache_control"] = {"type": "ephemeral"}
    then["messages"][-1]["content"][0]["cache_control"] = {"type": "ephemeral"}

    assert judge(told(then=then), expected=True).passed


def test_a_summary_may_stand_in_the_system_prompt_beside_the_rest():
    then = body(PROMPT, system=[*SYSTEM, {"type": "text", "text": SUMMARY}])

    assert judge(told(then=then), expected=True).passed


# --- each rule broken -------------------------------------------------------------------------------------------------


def _grown(then: Body) -> None:
    then["messages"] = [user(SUMMARY), *HISTORY, PROMPT]


def _new_system(then: Body) -> None:
    then["system"] = "You go on with an earlier conversation."


def _no_tools(then: Body) -> None:
    then["tools"] = then["tools"][:1]


def _changed_tool(then: Body) -> None:
    then["tools"][0]["description"] = "To do something else."


def _changed_turn(then: Body) -> None:
    then["messages"][-1] = user("Go on with what the user asked last.")


def _call_alone(then: Body) -> None:
    then["messages"] = [user(SUMMARY), call("a"), PROMPT]


def _result_alone(then: Body) -> None:
    then["messages"] = [user(SUMMARY), assistant("Yes."), result("a"), assistant("So."), PROMPT]


BROKEN: dict[str, tuple[Callable[[Body], None], str]] = {
    "nothing left out": (_grown, "not smaller"),
    "another system prompt": (_new_system, "system prompt lost"),
    "a tool less": (_no_tools, "tools lost"),
    "a tool changed": (_changed_tool, "tools lost"),
    "the last turn reworded": (_changed_turn, "last user turn lost"),
    "a call without its result": (_call_alone, "tool call parted from its result"),
    "a result without its call": (_result_alone, "tool call parted from its result"),
}


@pytest.mark.parametrize(("change", "title"), BROKEN.values(), ids=BROKEN.keys())
def test_a_rule_broken_is_a_failure_that_says_which(change, title):
    then = deepcopy(COMPACTED)
    change(then)

    verdict = judge(told(then=then), expected=True)

    assert titles(verdict, "fail") == [title], verdict.render()
    assert verdict.failed
    assert verdict.findings[0].attempts[-1] == 3


def test_what_is_small_but_not_small_enough_fails():
    small = count_input(COMPACTED) - 1
    entries = told(summary=body(user(SUMMARISE)))

    assert titles(judge(entries, expected=True, context_window=small), "fail") == ["does not fit"]
    assert judge(entries, expected=True, context_window=small + 1).passed


def test_a_summary_request_that_overflows_fails_unless_a_smaller_one_follows():
    telling = Telling()
    telling.refused(OVERFULL, limit=FULL)
    telling.refused(body(*HISTORY, PROMPT, user(SUMMARISE)), limit=FULL)
    alone = judge(telling.entries, expected=True)
    telling.answered(ASKS_SUMMARY, SUMMARY)
    telling.answered(COMPACTED)
    recovered = judge(telling.entries, expected=True)

    assert sorted(titles(alone, "fail")) == ["gave up", "summary request does not fit"]
    assert recovered.passed
    assert titles(recovered) == ["summary request does not fit"]


def test_a_summary_that_is_never_used_fails():
    telling = Telling()
    telling.refused(OVERFULL)
    telling.answered(ASKS_SUMMARY, SUMMARY)

    verdict = judge(telling.entries, expected=True)

    assert titles(verdict, "fail") == ["gave up"]
    assert "made a summary and did not use it" in verdict.render()


def test_the_same_again_fails():
    telling = Telling()
    for _ in range(3):
        telling.refused(OVERFULL)

    verdict = judge(telling.entries, expected=False)

    assert titles(verdict, "fail") == ["sent the same again"]
    assert verdict.findings[0].attempts == (1, 2, 3)


def test_the_same_messages_with_something_else_changed_fail_if_refused_and_pass_if_answered():
    telling = Telling()
    telling.refused(OVERFULL)
    telling.refused(OVERFULL | {"metadata": {"user_id": "2"}})
    refused = judge(telling.entries, expected=False)
    telling = Telling()
    telling.refused(OVERFULL)
    telling.answered(OVERFULL | {"model": "claude-sonnet-4-5"})
    answered = judge(telling.entries)

    telling = Telling()
    telling.refused(OVERFULL)
    telling.refused(OVERFULL | {"metadata": {}}, status=500, message="Internal server error")
    broken = judge(telling.entries, expected=True)

    assert titles(refused, "fail") == ["sent the same again"]
    assert broken.unknown and titles(broken) == ["no turn followed"]
    assert answered.passed and titles(answered) == ["asked another way"]


# --- refused again, and loops -----------------------------------------------------------------------------------------


def refused_again(times: int, *, limit: int = FULL) -> list[Entry]:
    telling = Telling()
    telling.refused(OVERFULL, limit=limit)
    for number in range(times):
        telling.answered(body(*HISTORY[: 4 - number], user(SUMMARISE)), f"{number}: {SUMMARY}")
        telling.refused(body(user(f"{CONTINUED}{number}: {SUMMARY[number:]}"), PROMPT), limit=limit)
    return telling.entries


def test_to_stop_when_a_right_compaction_does_not_cure_it_is_right():
    verdict = judge(refused_again(1), expected=True)

    assert verdict.passed, verdict.render()
    assert titles(verdict) == ["overflowed again"]


def test_a_second_overflow_for_want_of_room_fails():
    verdict = judge(refused_again(1, limit=50), expected=True)

    assert titles(verdict, "fail") == ["overflowed again"]


def test_summary_after_summary_is_a_loop():
    verdict = judge(refused_again(4), expected=True)

    assert "compaction loop" in titles(verdict, "fail")
    assert "4 summaries without a turn" in verdict.render()


def test_summary_after_summary_without_asking_again_is_a_loop_too():
    telling = Telling()
    telling.refused(OVERFULL)
    for number in range(4):
        telling.answered(body(*HISTORY[:4], user(f"{SUMMARISE} Attempt {number}.")), SUMMARY)
    telling.answered(COMPACTED)

    assert titles(judge(telling.entries, expected=True), "fail") == ["compaction loop"]


def in_pieces(*, carried: bool) -> list[Entry]:
    """Five summaries, each of one message more, with or without what the one before has said."""
    telling, done = Telling(), []
    telling.refused(OVERFULL, limit=FULL)
    for place in (0, 1, 3, 4, 5):
        said = HISTORY[1:3] if place == 1 else HISTORY[place : place + 1]
        telling.answered(body(*done, *said, user(SUMMARISE)), f"{SUMMARY} Up to {place}.")
        done = [user(f"{CONTINUED}{SUMMARY} Up to {place}.")] if carried else [user(CONTINUED)]
    telling.answered(body(user(f"{CONTINUED}{SUMMARY} Up to 5."), PROMPT))
    return telling.entries


def test_a_summary_in_pieces_is_no_loop_if_each_goes_on_from_the_one_before():
    assert judge(in_pieces(carried=True), expected=True).passed
    assert "compaction loop" in titles(judge(in_pieces(carried=False), expected=True), "fail")


def test_going_on_from_a_summary_with_nothing_new_is_a_loop():
    telling = Telling()
    telling.refused(OVERFULL, limit=FULL)
    telling.answered(ASKS_SUMMARY, SUMMARY)
    for again in range(4):
        part = HISTORY[:1] if again % 2 else HISTORY[1:4]
        telling.answered(body(user(f"{CONTINUED}{SUMMARY} {again}"), *part, user(SUMMARISE)), SUMMARY)
    telling.answered(COMPACTED)

    assert "compaction loop" in titles(judge(telling.entries, expected=True), "fail")


@pytest.mark.parametrize(("turns", "loop"), [(2, False), (3, True)])
def test_a_compaction_at_every_turn_is_a_loop(turns, loop):
    telling = Telling()
    telling.answered(body(*HISTORY, PROMPT))
    history = [*HISTORY, PROMPT, assistant("No.")]
    for number in range(turns):
        telling.answered(body(*history, user(SUMMARISE)), f"{number}: {SUMMARY}")
        history = [user(f"{CONTINUED}{number}: {SUMMARY}"), assistant("Yes?"), user("?")]
        telling.answered(body(*history))

    verdict = judge(telling.entries)

    assert ("compaction loop" in titles(verdict, "fail")) == loop, verdict.render()


# --- giving up --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("expected", "value"), [(True, "fail"), (False, "pass"), (None, "unknown")])
@pytest.mark.parametrize("goes_on", [False, True])
def test_giving_up_is_judged_by_what_is_expected(expected, value, goes_on):
    telling = Telling()
    telling.answered(body(*HISTORY[:5]))
    telling.refused(OVERFULL)
    if goes_on:
        telling.answered(body(*HISTORY, user("Never mind.")))

    verdict = judge(telling.entries, expected=expected)

    assert (verdict.value, titles(verdict)) == (value, ["gave up"]), verdict.render()


def test_a_new_start_is_no_compaction():
    telling = Telling()
    telling.refused(OVERFULL)
    telling.answered(body(user("Something else altogether.")))

    assert titles(judge(telling.entries, expected=True), "fail") == ["gave up"]


def test_where_there_is_nothing_to_summarise_giving_up_is_right():
    telling = Telling()
    telling.refused(body(PROMPT))

    assert judge(telling.entries, expected=True).passed


def test_while_the_client_may_still_be_at_it_giving_up_is_unknown():
    telling = Telling()
    telling.refused(OVERFULL)

    assert judge(telling.entries, expected=True, finished=False).unknown


def test_a_summary_that_failed_for_another_reason_leaves_it_unknown():
    telling = Telling()
    telling.refused(OVERFULL)
    telling.refused(ASKS_SUMMARY, status=500, message="Internal server error")

    assert judge(telling.entries, expected=True).unknown


# --- other ways to shorten --------------------------------------------------------------------------------------------


def test_dropping_old_messages_is_known_and_held_to_the_same_rules():
    telling = Telling()
    telling.refused(OVERFULL)
    telling.answered(body(*HISTORY[4:], PROMPT))
    right = judge(telling.entries, expected=True)
    telling = Telling()
    telling.refused(OVERFULL)
    telling.answered(body(*HISTORY[2:], PROMPT))
    parted = judge(telling.entries, expected=True)

    assert right.passed and titles(right) == ["messages dropped"]
    assert titles(parted, "fail") == ["tool call parted from its result"]


def test_cleared_results_are_known_as_a_way_that_leaves_no_summary():
    cleared = [*HISTORY[:2], result("a", "[cleared]"), *HISTORY[3:], PROMPT]
    telling = Telling()
    telling.refused(OVERFULL)
    telling.answered(body(*cleared))

    verdict = judge(telling.entries, expected=True)

    assert verdict.passed
    assert titles(verdict) == ["shortened without a summary that can be seen"]


def test_a_shorter_answer_cures_an_overflow_by_max_tokens():
    message = (
        "input length and `max_tokens` exceed context limit: 190 + 500 > 300, decrease input length or `max_tokens`"
    )
    telling = Telling()
    telling.refused(OVERFULL, message=message)
    telling.answered(OVERFULL | {"max_tokens": 100})

    verdict = judge(telling.entries, expected=True)

    assert verdict.passed and titles(verdict) == ["asked for a shorter answer"]


def test_in_a_tool_loop_the_lost_prompt_is_only_perhaps_a_fault():
    loop = body(*HISTORY, PROMPT, call("b"), result("b", "rain " * 50))
    telling = Telling()
    telling.refused(loop)
    telling.answered(body(*HISTORY, user(SUMMARISE)), SUMMARY)
    telling.answered(body(user(CONTINUED + SUMMARY)))

    verdict = judge(telling.entries, expected=True)

    assert verdict.unknown and titles(verdict) == ["perhaps the user's turn was lost"]


# --- words of the surfaces --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "prompt is too long: 200251 tokens > 200000 maximum"),
        (400, "Prompt is too long"),
        (400, "Input is too long for requested model."),
        (413, "Request exceeds the maximum size"),
    ],
)
def test_an_overflow_is_known_in_the_words_of_each_surface(status, message):
    telling = Telling()
    telling.refused(OVERFULL, status=status, message=message)

    assert titles(judge(telling.entries, expected=True)) == ["gave up"]


def test_a_body_too_large_is_measured_in_bytes():
    telling = Telling()
    telling.refused(OVERFULL, status=413)
    telling.answered(ASKS_SUMMARY, SUMMARY)
    telling.answered(COMPACTED | {"metadata": {"user_id": "x" * 20_000}})

    verdict = judge(telling.entries, expected=True)

    assert titles(verdict, "fail") == ["not smaller"] and "bytes" in verdict.render()


@pytest.mark.parametrize("status", [400, 500])
def test_another_refusal_is_no_overflow(status):
    telling = Telling()
    telling.refused(OVERFULL, status=status, message="messages: text content blocks must be non-empty")

    assert titles(judge(telling.entries, expected=True)) == ["nothing to judge"]


# --- past a threshold -------------------------------------------------------------------------------------------------


def test_a_turn_past_the_threshold_has_to_be_shortened():
    telling = Telling()
    telling.answered(OVERFULL, output=1000)
    telling.answered(body(*HISTORY, PROMPT, assistant("It blows."), user("And then?")), output=1000)
    telling.answered(body(*HISTORY, PROMPT, assistant("It blows."), user("And then?"), assistant("-"), user("?")))

    assert titles(judge(telling.entries, threshold=1_000)) == ["not shortened past the threshold"]
    assert judge(telling.entries, threshold=1_000).failed
    assert not judge(telling.entries, threshold=1_000, expected=False).failed
    assert judge(telling.entries, threshold=100_000).unknown


def test_a_turn_past_the_threshold_that_is_shortened_passes():
    telling = Telling()
    telling.answered(OVERFULL, output=1000)
    telling.answered(body(*HISTORY, PROMPT, assistant("It blows."), user(SUMMARISE)), SUMMARY)
    telling.answered(body(user(CONTINUED + SUMMARY), assistant("Yes."), user("And then?")))

    verdict = judge(telling.entries, threshold=900)

    assert verdict.passed and not verdict.findings, verdict.render()


def test_in_the_middle_of_a_tool_loop_the_threshold_waits():
    telling = Telling()
    telling.answered(OVERFULL, output=1000)
    telling.answered(body(*HISTORY, PROMPT, call("b"), result("b")), output=1)

    assert not judge(telling.entries, threshold=900).failed


def test_a_threshold_crossed_by_the_last_answer_proves_nothing():
    telling = Telling()
    telling.answered(OVERFULL, output=1000)

    verdict = judge(telling.entries, threshold=900)

    assert verdict.unknown and titles(verdict) == ["no turn followed"]


# --- the service compacts ---------------------------------------------------------------------------------------------


def by_service(*, kept: bool) -> list[Entry]:
    block = {"type": "compaction", "content": SUMMARY}
    said = {"role": "assistant", "content": [*([block] if kept else []), {"type": "text", "text": "It blows."}]}
    edits = {"context_management": {"edits": [{"type": "compact_20260112"}]}}
    telling = Telling()
    telling.answered(OVERFULL | edits, block=True)
    telling.answered(body(*HISTORY, PROMPT, said, user("And then?"), **edits))
    return telling.entries


def test_a_block_of_the_service_that_comes_back_is_a_right_compaction():
    verdict = judge(by_service(kept=True))

    assert verdict.passed and not verdict.findings, verdict.render()


def test_a_block_of_the_service_that_is_lost_fails():
    assert titles(judge(by_service(kept=False)), "fail") == ["not smaller", "compaction block lost"]


def test_compaction_on_demand_is_known_by_its_parameter():
    block = {"role": "assistant", "content": [{"type": "compaction", "content": SUMMARY}]}
    telling = Telling()
    telling.answered(OVERFULL)
    telling.answered(body(*HISTORY, compaction={"type": "summarize"}), block=True)
    telling.answered(body(block, user("And then?")))

    verdict = judge(telling.entries)

    assert verdict.passed and not verdict.findings, verdict.render()


# --- what only looks like it ------------------------------------------------------------------------------------------


def test_a_user_who_asks_for_a_summary_is_no_compaction():
    asked = [*HISTORY, user("Please summarise our conversation so far.")]
    telling = Telling()
    telling.answered(body(*asked))
    telling.answered(body(*asked, assistant(SUMMARY), user("Thank you.")))

    assert titles(judge(telling.entries)) == ["nothing to judge"]


def test_a_new_conversation_behind_a_user_who_asked_for_a_summary_is_none_either():
    telling = Telling()
    telling.answered(body(user("Hi.")))
    telling.answered(body(user("Hi."), assistant("Hello."), user("Please summarise our conversation.")), SUMMARY)
    telling.answered(body(user("Another thing, " + "and longer, " * 50)))

    assert titles(judge(telling.entries)) == ["nothing to judge"]


def test_system_messages_between_turns_part_nothing():
    note = {"role": "system", "content": "A note of the client."}
    then = body(user(CONTINUED + SUMMARY), note, call("a"), note, result("a"), assistant("Yes."), PROMPT, note)

    assert judge(told(then=then), expected=True).passed


def test_many_calls_that_have_nothing_to_do_with_it_take_no_time():
    telling = Telling()
    for number in range(1500):
        telling.answered(body(user(f"Question {number}"), system=f"Agent {number}", tools=[]))

    assert judge(telling.entries, context_window=200_000).unknown


def test_requests_on_the_side_are_passed_over():
    telling = Telling()
    telling.refused(OVERFULL, limit=FULL)
    telling.answered(ASKS_SUMMARY, SUMMARY)
    telling.answered({"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [user("A title for: wind")]})
    telling.answered(COMPACTED)

    verdict = judge(telling.entries, expected=True)

    assert verdict.passed and not verdict.findings, verdict.render()


def test_nothing_too_long_and_nothing_shortened_is_unknown():
    telling = Telling()
    telling.answered(OVERFULL)

    assert titles(judge(telling.entries)) == ["nothing to judge"]
    assert judge([]).unknown


def test_bodies_that_are_none_and_doors_that_were_shut_are_passed_over():
    shut = Entry(number=1, provider="anthropic", method="", path="", ended="refused", ended_at=0.0)
    garbage = Entry(number=2, provider="anthropic", method="POST", path="/v1/messages", body=None, status=400)
    odd = Entry(
        number=3, provider="anthropic", method="POST", path="/v1/messages", body={"messages": ["a"]}, status=400
    )

    assert judge([shut, garbage, odd]).unknown


# --- several at once --------------------------------------------------------------------------------------------------


def mixed(senders: bool) -> list[Entry]:
    """Two clients, call by call: both overflow, one of them loses its tools."""
    bad = deepcopy(COMPACTED)
    _no_tools(bad)
    pairs = zip(told(), told(then=bad), strict=True)
    entries = [entry for pair in pairs for entry in pair]
    for place, entry in enumerate(entries):
        entry.number, entry.arrived_at, entry.ended_at = place + 1, float(place), place + 0.5
        entry.sender = f"thread {place % 2}" if senders else None
    return entries


def test_conversations_are_told_apart_by_thread():
    verdict = judge(mixed(senders=True), expected=True)

    assert titles(verdict) == ["tools lost"]
    assert verdict.findings[0].attempts == (2, 6)


def test_what_cannot_be_told_apart_proves_nothing():
    claims = Claims(calls=(Claim(outcome="success", client=0), Claim(outcome="success", client=1)))

    verdict = judge(mixed(senders=False), claims=claims, expected=True)

    assert not verdict.failed
    assert all(finding.title.startswith("perhaps") for finding in verdict.findings if finding.weight == "unknown")


# --- properties -------------------------------------------------------------------------------------------------------

WORDS = st.text("abcdefghij ", min_size=1, max_size=30).filter(str.strip)


@st.composite
def histories(draw: st.DrawFn) -> list[list[Message]]:
    """Turns, each the messages from a prompt to its answer, tool loops included."""
    turns = []
    for number in range(draw(st.integers(2, 5))):
        turn = [user(f"prompt {number}: {draw(WORDS)}")]
        for loop in range(draw(st.integers(0, 2))):
            turn += [call(f"id{number}{loop}"), result(f"id{number}{loop}", draw(WORDS))]
        turns.append([*turn, assistant(f"answer {number}: {draw(WORDS)}")])
    turns[0][0] = user("a long beginning " * 60)
    return turns


@st.composite
def compactions(draw: st.DrawFn) -> tuple[Body, Body, Body, str]:
    """A right compaction: the request that is too long, the one for the summary, the one after; and the summary."""
    turns = draw(histories())
    kept = draw(st.integers(0, len(turns) - 1))
    flat = [message for turn in turns for message in turn]
    head = [message for turn in turns[: len(turns) - kept] for message in turn]
    tail = [message for turn in turns[len(turns) - kept :] for message in turn]
    prompt = user(f"the last prompt: {draw(WORDS)}")
    summary = f"They spoke of this and that: {draw(WORDS)}"
    opening = [user(CONTINUED + summary), assistant("Understood.")]
    return body(*flat, prompt), body(*head, user(SUMMARISE)), body(*opening, *tail, prompt), summary


def tell(before: Body, asks: Body, after: Body, summary: str) -> list[Entry]:
    telling = Telling()
    telling.refused(before, limit=count_input(before) - 1)
    telling.answered(asks, summary)
    telling.answered(after)
    return telling.entries


@settings(max_examples=40)
@given(compactions())
def test_every_right_compaction_passes(made):
    verdict = judge(tell(*made), expected=True)

    assert verdict.passed and not verdict.findings, verdict.render()


@settings(max_examples=60)
@given(made=compactions(), how=st.sampled_from(sorted(BROKEN)))
def test_every_broken_one_fails_and_never_for_nothing(made, how):
    before, asks, after, summary = made
    change, title = BROKEN[how]
    if how == "nothing left out":
        after["messages"] = [user(CONTINUED + summary), *before["messages"]]
    else:
        change(after)

    verdict = judge(tell(before, asks, after, summary), expected=True)

    assert verdict.failed
    assert title in titles(verdict, "fail"), verdict.render()


# --- through a real socket --------------------------------------------------------------------------------------------


def ask(client: Any, messages: list[Message]) -> Any:
    return client.messages.create(model="claude-sonnet-4-6", max_tokens=100, messages=messages, system="Be brief.")


def turns_with(client: Any, shorten: Callable[[Any, list[Message]], Iterator[Message]], error: type[Exception]) -> None:
    """A client of a few lines: three turns, and `shorten` when one is too long."""
    history: list[Message] = []
    for prompt in ("One. " * 50, "Two.", "Three."):
        history.append(user(prompt))
        try:
            answer = ask(client, history)
        except error:
            history = list(shorten(client, history))
            answer = ask(client, history)
        history.append(assistant(answer.content[0].text))


def summarised(client: Any, history: list[Message]) -> Iterator[Message]:
    summary = ask(client, [*history[:-1], user(SUMMARISE)]).content[0].text
    yield user(CONTINUED + summary)
    yield assistant("Understood.")
    yield history[-1]


def forgotten(client: Any, history: list[Message]) -> Iterator[Message]:
    yield user(CONTINUED + ask(client, [*history[:-1], user(SUMMARISE)]).content[0].text)


@pytest.mark.parametrize(("shorten", "value"), [(summarised, "pass"), (forgotten, "fail")])
def test_it_reads_the_journal_of_a_real_client(shorten, value):
    anthropic = pytest.importorskip("anthropic")
    steps = [reply("First."), reply("Second."), fail("prompt_too_long"), reply(SUMMARY), reply("Third.")]
    with (
        Windtunnel(*steps) as tunnel,
        anthropic.Anthropic(
            base_url=tunnel.url, api_key=tunnel.api_key, http_client=anthropic.DefaultHttpxClient(verify=False)
        ) as client,
    ):
        turns_with(client, shorten, anthropic.BadRequestError)
        entries = tunnel.journal.calls

    verdict = judge(entries, expected=True)

    assert len(entries) == 5
    assert verdict.value == value, verdict.render()
