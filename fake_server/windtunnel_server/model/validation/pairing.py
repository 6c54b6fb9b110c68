"""Which call every tool result answers, and whether every call is answered in time.

Recorded: consecutive messages of one role count as one turn here, also in the paths of the errors. What stands before
the last compaction block is ignored by the service (wire.md 9.3), and a thread's earlier messages are not sent at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.rule import Asked, Example, Rule

_EACH_CALL: Final = "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
_EACH_RESULT: Final = "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."

#: Blocks that only one side may write.
_SIDES: Final = {"tool_use": "assistant", "tool_result": "user"}


def _on_its_side(asked: Asked) -> Iterator[Problem]:
    for kind, side in _SIDES.items():
        for placed in asked.by_type.get(kind, ()):
            if placed.role != side:
                yield invalid(f"messages.{placed.message}", f"`{kind}` blocks can only be in `{side}` messages")


def _distinct(asked: Asked) -> Iterator[Problem]:
    """Recorded: an id may come again in a later turn."""
    for calls in asked.once(paired).calls.values():
        if len(calls) != len(set(calls)):
            yield invalid("messages", "`tool_use` ids must be unique")


def _answered(asked: Asked) -> Iterator[Problem]:
    pairs = asked.once(paired)
    for turn, calls in pairs.calls.items():
        if turn == pairs.last and _may_stay_open(asked):
            continue
        # A result behind text comes too late (documented).
        answered = {id for order, (place, id) in enumerate(pairs.results.get(turn + 1, ())) if order == place}
        missing = ", ".join(call for call in calls if call not in answered)
        if missing:
            what = "`tool_use` ids were found without `tool_result` blocks immediately after"
            yield invalid(f"messages.{turn}", f"{what}: {missing}. {_EACH_CALL}")


def _expected(asked: Asked) -> Iterator[Problem]:
    pairs = asked.once(paired)
    for turn, results in pairs.results.items():
        calls = pairs.calls.get(turn - 1, ())
        for place, id in results:
            if id not in calls:
                what = "unexpected `tool_use_id` found in `tool_result` blocks"
                yield invalid(f"messages.{turn}.content.{place}", f"{what}: {id}. {_EACH_RESULT}")


def _single(asked: Asked) -> Iterator[Problem]:
    for turn, results in asked.once(paired).results.items():
        seen: set[str] = set()
        for place, id in results:
            if id in seen:
                what = f"each tool_use must have a single result. Found multiple `tool_result` blocks with id: {id}"
                yield invalid(f"messages.{turn}.content.{place}", what)
            seen.add(id)


def _searches_done(asked: Asked) -> Iterator[Problem]:
    """Look at web searches that the turn was to end with; others may be waited for (unverified)."""
    done = {placed.block.get("tool_use_id") for placed in asked.by_type.get("web_search_tool_result", ())}
    for placed in asked.by_type.get("server_tool_use", ()):
        id = placed.block.get("id")
        if placed.block.get("name") != "web_search" or id in done or not _goes_on(asked, placed.message):
            continue
        what = f"`web_search` tool use with id `{id}` was found without a corresponding `web_search_tool_result` block"
        yield invalid(f"messages.{placed.message}", what)


def _goes_on(asked: Asked, message: int) -> bool:
    """Tell whether the user said something of their own right after a message of the assistant."""
    following = asked.messages[message + 1 : message + 2]
    if not following or following[0]["role"] != "user":
        return False
    content = following[0]["content"]
    return isinstance(content, str) or any(block["type"] != "tool_result" for block in content)


class Paired(NamedTuple):
    """Calls and results by the number of their turn."""

    calls: Mapping[int, list[str]]
    #: Place in the turn, and id of the call.
    results: Mapping[int, list[tuple[int, str]]]
    #: Number of the last turn.
    last: int


def paired(asked: Asked) -> Paired:
    """Find calls and results that have to fit; none of a thread, whose earlier messages are not here."""
    kinds, turns = asked.by_type, asked.turns
    calls: dict[int, list[str]] = {}
    results: dict[int, list[tuple[int, str]]] = {}
    last = turns[-1].number if turns else 0
    if not asked.model.era.pairs_tools or asked.request.get("thread") is not None:
        return Paired(calls, results, last)
    begin = max((turns[placed.message].number for placed in kinds.get("compaction", ())), default=0)
    for placed in kinds.get("tool_use", ()):
        turn = turns[placed.message].number
        if turn >= begin:
            calls.setdefault(turn, []).append(placed.block["id"])
    for placed in kinds.get("tool_result", ()):
        turn, offset = turns[placed.message]
        if turn >= begin:
            results.setdefault(turn, []).append((offset + placed.place, placed.block["tool_use_id"]))
    return Paired(calls, results, last)


def _may_stay_open(asked: Asked) -> bool:
    return asked.terms.endpoint == "count_tokens" or asked.request.get("compaction") is not None


_QUESTION: Final = {"role": "user", "content": "How is the wind?"}
_A: Final = {"type": "tool_use", "id": "toolu_A", "name": "look", "input": {}}
_B: Final = _A | {"id": "toolu_B"}
_A_DONE: Final = {"type": "tool_result", "tool_use_id": "toolu_A", "content": "West."}
_SEARCH: Final = {"type": "server_tool_use", "id": "srvtoolu_A", "name": "web_search", "input": {"query": "wind"}}
_TOOLS: Final = [{"name": "look", "input_schema": {"type": "object"}}]


def _talk(calls: list[Any], said: list[Any]) -> Example:
    said_by = {"assistant": calls, "user": said}
    messages = [_QUESTION, *({"role": role, "content": content} for role, content in said_by.items())]
    return Example({"messages": messages, "tools": _TOOLS})


_WHOLE: Final = _talk([_A], [_A_DONE])

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="tools_on_their_sides",
        about="The assistant calls tools and the user gives their results.",
        source="public reports, several (2026)",
        passes=_WHOLE,
        fails=Example({"messages": [_QUESTION, {"role": "assistant", "content": [_A_DONE]}, _QUESTION]}),
        says="messages.1: `tool_result` blocks can only be in `user` messages",
        check=_on_its_side,
    ),
    Rule(
        name="tool_use_ids_unique",
        about="No two calls of a turn have one id.",
        source="wire.md 6.3",
        passes=_WHOLE,
        fails=_talk([_A, _A], [_A_DONE]),
        says="messages: `tool_use` ids must be unique",
        check=_distinct,
    ),
    Rule(
        name="tool_calls_are_answered",
        about="Every call has its result in the very next turn, before anything else.",
        source="wire.md 6.3, anthropics/claude-code#5989; results first: documented",
        passes=_WHOLE,
        fails=_talk([_A, _B], [{"type": "text", "text": "Well?"}, _A_DONE]),
        says=(
            "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_A, toolu_B. "
            + _EACH_CALL
        ),
        check=_answered,
    ),
    Rule(
        name="tool_results_answer_calls",
        about="Every result answers a call of the turn before.",
        source="wire.md 6.3; recorded (2026)",
        passes=_WHOLE,
        fails=Example({"messages": [_QUESTION, {"role": "user", "content": [_A_DONE]}], "tools": _TOOLS}),
        says="messages.0.content.1: unexpected `tool_use_id` found in `tool_result` blocks: toolu_A. " + _EACH_RESULT,
        check=_expected,
    ),
    Rule(
        name="tool_calls_have_one_result",
        about="No call has two results.",
        source="public reports, several (2025, 2026)",
        passes=_WHOLE,
        fails=_talk([_A], [_A_DONE, _A_DONE]),
        says=(
            "messages.2.content.1: each tool_use must have a single result. "
            "Found multiple `tool_result` blocks with id: toolu_A"
        ),
        check=_single,
    ),
    Rule(
        name="web_searches_have_results",
        about="A web search in the history has its result, unless the turn is still going on.",
        source="documented; public reports (2025, 2026)",
        passes=Example(
            {"messages": [_QUESTION, {"role": "assistant", "content": [_SEARCH]}], "model": "claude-opus-4-8"}
        ),
        fails=_talk([_SEARCH], [{"type": "text", "text": "Well?"}]),
        says=(
            "messages.1: `web_search` tool use with id `srvtoolu_A` was found without a corresponding "
            "`web_search_tool_result` block"
        ),
        check=_searches_done,
    ),
)
