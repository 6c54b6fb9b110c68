"""What has to hold for a request that thinks: the kind its model knows, its budget, and the thoughts it sends back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, Final

from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.pairing import paired
from windtunnel_server.model.validation.rule import Asked, Example, Placed, Rule
from windtunnel_server.wire.signature import judge, sign

_DOCS: Final = "Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking"
_ADAPTIVE: Final = 'Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
_THOUGHTS: Final = ("thinking", "redacted_thinking")


def _kind(asked: Asked) -> str | None:
    thinking = asked.request.get("thinking")
    kind = thinking.get("type") if isinstance(thinking, Mapping) else None
    return kind if isinstance(kind, str) else None


def _known(asked: Asked) -> Iterator[Problem]:
    kind, era = _kind(asked), asked.model.era
    if kind is None or kind in era.thinking:
        return
    if kind == "adaptive":
        yield invalid("", "adaptive thinking is not supported on this model")
    elif kind == "enabled":
        # unverified: the words for models that do not think at all.
        plain = f"'{asked.request['model']}' does not support thinking."
        words = f'"thinking.type.enabled" is not supported for this model. {_ADAPTIVE}'
        yield invalid("", words if era.thinks else plain)
    elif kind == "disabled" and "between_tools" in era.thinking:
        yield invalid("", _BETWEEN)
    elif kind in ("disabled", "between_tools"):
        tail = f" {_ADAPTIVE}" if kind == "disabled" else ""
        yield invalid("", f'"thinking.type.{kind}" is not supported for this model.{tail}')


_BETWEEN: Final = (
    'To turn thinking off on this model, send "thinking": {"type": "between_tools"} instead of {"type": "disabled"}. '
    "The model does not think before responding. The short updates it writes between tool calls come back as thinking "
    "blocks."
)


def _effortless(asked: Asked) -> Iterator[Problem]:
    effort = (asked.request.get("output_config") or {}).get("effort")
    off = _kind(asked) in ("disabled", "between_tools")
    if off and asked.model.era.high_effort_thinks and effort in ("xhigh", "max"):
        what = f"output_config.effort '{effort}' is not supported when thinking is disabled on this model."
        yield invalid("", f"{what} Use effort 'high' or below, or enable thinking.")


def _within_budget(asked: Asked) -> Iterator[Problem]:
    if _kind(asked) != "enabled" or any(beta.startswith("interleaved-thinking-") for beta in asked.terms.betas):
        return
    limit = asked.request.get("max_tokens")
    if limit is not None and asked.request["thinking"].get("budget_tokens", 0) >= limit:
        what = f"`max_tokens` must be greater than `thinking.budget_tokens`. {_DOCS}"
        yield invalid("", f"{what}#max-tokens-and-context-window-size")


def _unforced(asked: Asked) -> Iterator[Problem]:
    """Recorded: adaptive thinking goes with a forced choice."""
    choice = asked.request.get("tool_choice") or {}
    if _kind(asked) == "enabled" and choice.get("type") in ("any", "tool"):
        yield invalid("", "Thinking may not be enabled when tool_choice forces tool use.")


def _sampled(asked: Asked) -> Iterator[Problem]:
    if _kind(asked) not in ("enabled", "adaptive"):
        return
    temperature, top_p, top_k = (asked.request.get(name) for name in ("temperature", "top_p", "top_k"))
    tail = "when thinking is enabled or in adaptive mode. Please consult our documentation at"
    docs = f"{tail} https://platform.claude.com/docs/en/build-with-claude/extended-thinking"
    if temperature is not None and temperature != 1:
        yield invalid("", f"`temperature` may only be set to 1 {docs}")
    if top_p is not None and top_p < 0.95:
        yield invalid("", f"`top_p` must be greater than or equal to 0.95 or unset {docs}")
    if top_k is not None and top_k > 0:
        yield invalid("", f"`top_k` must be unset {docs}")


def _placed(asked: Asked) -> Iterator[Problem]:
    """Look at the turn that began the calls which are being answered; adaptive thinking has no such rule."""
    if _kind(asked) != "enabled":
        return
    start = _start_of_calls(asked)
    first = _first_kind(asked, start) if start is not None else "thinking"
    if first not in _THOUGHTS:
        what = f"Expected `thinking` or `redacted_thinking`, but found `{first}`. {_BEGIN_WITH_THOUGHT}"
        yield invalid(f"messages.{start}.content.0.type", f"{what} {_DOCS}")


# The misspelling is the service's.
_BEGIN_WITH_THOUGHT: Final = (
    "When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost "
    "set of `tool_use` and `tool_result` blocks). We recommend you include thinking blocks from previous turns. To avoid "
    "this requirement, disable `thinking`."
)


def _start_of_calls(asked: Asked) -> int | None:
    """Give the first turn of the assistant in the run of calls and results that ends the conversation."""
    pairs = asked.once(paired)
    start = None
    turn = pairs.last
    while turn in pairs.results and turn - 1 in pairs.calls:
        start = turn - 1
        turn -= 2
    return start


def _first_kind(asked: Asked, turn: int) -> str:
    for message, place in zip(asked.messages, asked.turns, strict=True):
        if place.number == turn and message["content"]:
            return "text" if isinstance(message["content"], str) else str(message["content"][0]["type"])
    return "text"


def _not_last(asked: Asked) -> Iterator[Problem]:
    """Only of the last message: earlier ones may hold nothing else (unverified)."""
    last = asked.messages[-1] if asked.messages else {"role": "user", "content": ""}
    content = last["content"]
    if last["role"] == "assistant" and isinstance(content, list) and content and content[-1]["type"] in _THOUGHTS:
        what = f"The final block in an assistant message cannot be `{content[-1]['type']}`."
        yield invalid(f"messages.{len(asked.messages) - 1}", what)


def _signed(asked: Asked) -> Iterator[Problem]:
    if not _thinks(asked):
        return
    for placed in asked.by_type.get("thinking", ()):
        if judge(str(placed.block.get("signature")), str(placed.block.get("thinking"))) in ("altered", "nonsense"):
            yield _forged(placed, "signature")
    for placed in asked.by_type.get("redacted_thinking", ()):
        if judge(str(placed.block.get("data")), "") == "nonsense":
            yield _forged(placed, "data")


def _forged(placed: Placed, key: str) -> Problem:
    return invalid(placed.path, f"Invalid `{key}` in `{placed.block['type']}` block")


def _thinks(asked: Asked) -> bool:
    """Tell whether thoughts of the history are looked at; where nothing thinks they are not (documented)."""
    kind = _kind(asked)
    return asked.model.era.thinks_unasked if kind is None else kind != "disabled"


def _thought(text: str, signed: str = "Tides.") -> dict[str, Any]:
    return {"type": "thinking", "thinking": text, "signature": sign(signed, Random(0))}


_ENABLED: Final = {"type": "enabled", "budget_tokens": 1_024}
_FOUR_FIVE: Final = {"model": "claude-sonnet-4-5", "max_tokens": 2_048, "thinking": _ENABLED}
_OLDER: Final = {"version": "2023-06-01"}
_CALL: Final = {"type": "tool_use", "id": "toolu_A", "name": "look", "input": {}}
_DONE: Final = {"type": "tool_result", "tool_use_id": "toolu_A", "content": "West."}
_TOOLS: Final = [{"name": "look", "input_schema": {"type": "object"}}]


def _loop(*said: Any, **changes: Any) -> Example:
    messages = [{"role": "user", "content": "Look."}, {"role": "assistant", "content": [*said, _CALL]}]
    messages.append({"role": "user", "content": [_DONE]})
    return Example({**_FOUR_FIVE, "messages": messages, "tools": _TOOLS, **changes})


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="thinking_kind_known",
        about="A model is asked for a kind of thinking it has.",
        source="wire.md 6.3, 10; documented; those of the 5.5 models: public reports (2026)",
        passes=Example({"thinking": {"type": "disabled"}}),
        fails=Example({"thinking": _ENABLED, "max_tokens": 2_048}),
        says=f'"thinking.type.enabled" is not supported for this model. {_ADAPTIVE}',
        check=_known,
    ),
    Rule(
        name="high_effort_thinks",
        about="Opus 5, Sonnet 5.5 and Haiku 5.5 do not turn thinking off at efforts above high.",
        source="documented; public reports (2026)",
        passes=Example(
            {"model": "claude-opus-5", "thinking": {"type": "disabled"}, "output_config": {"effort": "high"}}
        ),
        fails=Example({"model": "claude-opus-5", "thinking": {"type": "disabled"}, "output_config": {"effort": "max"}}),
        says=(
            "output_config.effort 'max' is not supported when thinking is disabled on this model. "
            "Use effort 'high' or below, or enable thinking."
        ),
        check=_effortless,
    ),
    Rule(
        name="thinking_budget_below_max_tokens",
        about="The budget is smaller than `max_tokens`, unless thinking is interleaved by beta.",
        source="wire.md 6.3, 10",
        passes=Example({**_FOUR_FIVE, "max_tokens": 1_024}, {"betas": frozenset({"interleaved-thinking-2025-05-14"})}),
        fails=Example({**_FOUR_FIVE, "max_tokens": 1_024}),
        says=(
            f"`max_tokens` must be greater than `thinking.budget_tokens`. {_DOCS}#max-tokens-and-context-window-size"
        ),
        check=_within_budget,
    ),
    Rule(
        name="thinking_is_not_forced_to_call",
        about="No tool is forced while thinking is enabled; adaptive thinking may be.",
        source="wire.md 10; public reports, many; recorded for adaptive",
        passes=Example({**_FOUR_FIVE, "tools": _TOOLS, "tool_choice": {"type": "auto"}}),
        fails=Example({**_FOUR_FIVE, "tools": _TOOLS, "tool_choice": {"type": "any"}}),
        says="Thinking may not be enabled when tool_choice forces tool use.",
        check=_unforced,
    ),
    Rule(
        name="thinking_is_not_sampled",
        about="With thinking, temperature is 1, top_p at least 0.95 and top_k left out.",
        source="public reports, many; recorded: a top_p of 0.95 passes",
        passes=Example({**_FOUR_FIVE, "top_p": 0.95}, _OLDER),
        fails=Example({**_FOUR_FIVE, "temperature": 0.5}, _OLDER),
        says=(
            "`temperature` may only be set to 1 when thinking is enabled or in adaptive mode. Please consult our "
            "documentation at https://platform.claude.com/docs/en/build-with-claude/extended-thinking"
        ),
        check=_sampled,
    ),
    Rule(
        name="calls_begin_with_thinking",
        about="With thinking enabled, the turn whose calls are being answered begins with a thought.",
        source="wire.md 6.3; documented for enabled only",
        passes=_loop(_thought("Tides.")),
        fails=_loop(),
        says=(
            f"messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. "
            f"{_BEGIN_WITH_THOUGHT} {_DOCS}"
        ),
        check=_placed,
    ),
    Rule(
        name="thinking_is_not_last",
        about="The last message does not end with a thought.",
        source="public reports, several (2026)",
        passes=_loop(_thought("Tides.")),
        fails=Example(
            {
                "messages": [
                    {"role": "user", "content": "Look."},
                    {"role": "assistant", "content": [_thought("Tides.")]},
                ]
            }
        ),
        says="messages.1: The final block in an assistant message cannot be `thinking`.",
        check=_not_last,
    ),
    Rule(
        name="thinking_is_as_it_was",
        about="Thoughts come back as they were given: our own fit their signature, others have one that could be real.",
        source="wire.md 6.3; recorded signatures",
        passes=_loop(_thought("Tides.")),
        fails=_loop(_thought("Tides, and more.")),
        says="messages.1.content.0: Invalid `signature` in `thinking` block",
        check=_signed,
    ),
)
