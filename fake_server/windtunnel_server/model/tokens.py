"""Token counts: one account for count_tokens and for usage alike, made here, without the network.

Text is counted by the models' own pieces (see `tokenizer`), almost always to the token. What surrounds it (frame, hidden
prompts of tools, tags of a tool call) is taken from recorded counts. docs/reference/tokens.md has the errors, measured over
the recorded requests and answers; images, PDFs, hidden thinking and server tools are guesses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from windtunnel_server.model.eras import CLAUDE_5, Era
from windtunnel_server.model.models import find
from windtunnel_server.model.token_blocks import (
    CALLS,
    block_tokens,
    opening_tokens,
    schema_tokens,
    text_tokens,
    thinking_tokens,
    tool_tokens,
)
from windtunnel_server.model.token_frames import (
    ASSISTANT_FIRST,
    CITATIONS,
    COMPACTING,
    EACH_RESULT,
    FORMAT,
    FRAMES,
    JOINED,
    NAMED_TOOL,
    RESULTS,
    Frame,
)
from windtunnel_server.model.token_seams import seam
from windtunnel_server.model.tokenizer.vocabularies import Vocabulary
from windtunnel_server.wire.message import Block

Section = Literal["tools", "system", "messages"]


#: Asked in this order it is answered at once for what JSON gives.
_OBJECT = (dict, Mapping)


class Piece(NamedTuple):
    """A block of a prompt, where it stands, and what it adds in tokens."""

    section: Section
    #: Whose turn it is in; empty outside of messages.
    role: str
    block: Mapping[str, Any]
    weight: float


def text_weight(text: str, vocabulary: Vocabulary) -> float:
    """Count the tokens of a text that stands by itself."""
    return float(text_tokens(text, vocabulary))


def count_input(request: Mapping[str, Any]) -> int:
    """Count the input tokens of a Messages request: system, tools, messages, and what surrounds them."""
    pieces, closing = weigh(request)
    return max(1, round(sum(piece.weight for piece in pieces) + closing))


def weigh(request: Mapping[str, Any]) -> tuple[list[Piece], float]:
    """Take a prompt apart into its blocks and weigh each, with the frame before it; and what closes the last turn.

    The frame of a turn stands behind it: where a cache breakpoint is on the last block, the recorded remainder is just
    that (3 tokens, 2 from Opus 4.8 on). Blocks counted before, in any request, are not counted again.
    """
    era = era_of(request.get("model"))
    frame = FRAMES[era.vocabulary]
    messages = [message for message in request.get("messages") or () if isinstance(message, _OBJECT)]
    pieces: list[Piece] = []
    waiting = float(frame.request)
    for section, role, block, weight in _blocks(request, messages, era, frame):
        waiting += weight
        if block is not None:
            pieces.append(Piece(section, role, block, waiting))
            waiting = 0.0
    # The turn that an assistant's last message leaves open is not closed.
    closed = bool(messages) and messages[-1].get("role") != "assistant"
    return pieces, waiting + (frame.turn if closed else 0)


_Weighed = tuple[Section, str, Any, float]


def _blocks(
    request: Mapping[str, Any], messages: list[Mapping[str, Any]], era: Era, frame: Frame
) -> Iterator[_Weighed]:
    """Give section, role, block and tokens; what stands before a block comes without one (None)."""
    tools = _tool_list(request)
    for place, tool in enumerate(tools):
        prompt = 0.0 if place else _tool_prompt(request, era)
        yield "tools", "", tool, prompt + 1 + tool_tokens(tool, era.vocabulary)
    system = _listed(request.get("system"))
    for place, block in enumerate(system):
        opening = 0.0 if place else _opening(block, lined=bool(tools) or era.system_line)
        yield "system", "", block, opening + _text_after(system, place, era)
    if settings := _settings(request, messages, era, bool(system)):
        yield "messages", "", None, settings
    # Thinking that an edit leaves is in the prompt, on every model (recorded: Haiku 4.5).
    kept = era.keeps_thinking or "clear_thinking_20251015" in _edits(request)
    yield from _turns(messages, era, frame, keeps_thinking=kept)


def _opening(block: Mapping[str, Any], *, lined: bool) -> float:
    """Count what stands before a system prompt; a line end at its beginning is part of that (recorded)."""
    return float(lined - str(block.get("text", "")).startswith("\n"))


def _settings(request: Mapping[str, Any], messages: list[Mapping[str, Any]], era: Era, has_system: bool) -> float:
    """Count what the request's settings add to the prompt: thinking, citations, and the format of the answer."""
    total = 0.0
    if _mapping(request.get("thinking")).get("type") == "enabled":
        total += FRAMES[era.vocabulary].thinking
    if any(_mapping(block.get("citations")).get("enabled") for block in _documents(messages)):
        total += CITATIONS
    format = _mapping(_mapping(request.get("output_config")).get("format")) or _mapping(request.get("output_format"))
    if "schema" in format:
        total += FORMAT + has_system + schema_tokens(format["schema"], era.vocabulary)
    if "compact_20260112" in _edits(request):
        total += COMPACTING
    return total


def _edits(request: Mapping[str, Any]) -> list[Any]:
    """Give the types of the context edits that are asked for."""
    edits = _mapping(request.get("context_management")).get("edits")
    return [edit.get("type") for edit in edits if isinstance(edit, _OBJECT)] if isinstance(edits, list) else []


def _documents(messages: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for message in messages:
        yield from (block for block in _listed(message.get("content")) if block.get("type") == "document")


def _turns(messages: list[Mapping[str, Any]], era: Era, frame: Frame, *, keeps_thinking: bool) -> Iterator[_Weighed]:
    before: Any = None
    names: dict[Any, str] = {}
    loop = _loop_start(messages)
    for place, message in enumerate(messages):
        role = message.get("role")
        if before is None:
            yield "messages", str(role), None, ASSISTANT_FIRST if role == "assistant" else 0
        else:
            yield "messages", str(role), None, frame.turn if role != before else JOINED
        before = role
        blocks = _listed(message.get("content"))
        keeps = keeps_thinking or place >= loop
        for block, weight in _message(blocks, names, era, frame, keeps_thinking=keeps):
            yield "messages", str(role), block, weight


def _loop_start(messages: list[Mapping[str, Any]]) -> int:
    """Find where the last loop of tool calls begins: after the last message that is no tool result."""
    for place in range(len(messages) - 1, -1, -1):
        message = messages[place]
        blocks = _listed(message.get("content"))
        if message.get("role") == "user" and not any(block.get("type") == "tool_result" for block in blocks):
            return place
    return 0


def _message(
    blocks: list[Mapping[str, Any]], names: dict[Any, str], era: Era, frame: Frame, *, keeps_thinking: bool
) -> Iterator[tuple[Mapping[str, Any], float]]:
    calls, results = 0, [block for block in blocks if block.get("type") == "tool_result"]
    for place, block in enumerate(blocks):
        kind = block.get("type")
        weight = _text_after(blocks, place, era) if kind == "text" else 0.0
        if kind in CALLS:
            weight = block_tokens(block, era.vocabulary) + (frame.further_call if calls else frame.call)
            names[block.get("id")] = str(block.get("name", ""))
            calls += 1
        elif kind == "tool_result":
            weight = block_tokens(block, era.vocabulary) + _around_result(block, results, names, era, frame)
        elif kind in ("thinking", "redacted_thinking"):
            weight = block_tokens(block, era.vocabulary) if keeps_thinking else 0.0
        elif kind != "text":
            weight = block_tokens(block, era.vocabulary)
        yield block, weight


def _around_result(
    block: Mapping[str, Any], results: list[Mapping[str, Any]], names: Mapping[Any, str], era: Era, frame: Frame
) -> float:
    if len(results) == 1:
        return frame.result
    name = text_tokens(names.get(block.get("tool_use_id"), ""), era.vocabulary)
    return EACH_RESULT + name + (RESULTS if block is results[0] else 0)


def _text_after(blocks: list[Mapping[str, Any]], place: int, era: Era) -> float:
    """Count a text, and the seam to the text before it."""
    text, before = blocks[place].get("text"), blocks[place - 1].get("text") if place else None
    tokens = block_tokens(blocks[place], era.vocabulary)
    if isinstance(text, str) and isinstance(before, str):
        tokens += seam(before, text, era.vocabulary)
    return tokens


def _listed(content: Any) -> list[Mapping[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return [block for block in content or () if isinstance(block, _OBJECT)]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _tool_list(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [tool for tool in request.get("tools") or () if isinstance(tool, Mapping)]


def _tool_prompt(request: Mapping[str, Any], era: Era) -> float:
    choice = _mapping(request.get("tool_choice"))
    return float(era.tool_prompt[choice.get("type") in ("any", "tool")] + _named(choice, era))


def count_output(
    content: Iterable[Block], model: str, *, ended: bool = True, request: Mapping[str, Any] | None = None
) -> int:
    """Count the output tokens of an answer; `ended` False for one that `max_tokens` cut short.

    `request` is what it answers: an answer that goes on where a prefill or a tool result left off, or whose tool was
    forced, is a few tokens shorter.
    """
    era = era_of(model)
    blocks = [block for block in content if not str(block.get("type")).endswith("_tool_result")]
    total = FRAMES[era.vocabulary].end if ended else 0
    if not blocks:
        return max(0, total - 1)
    if any(block.get("type") == "thinking" for block in blocks):
        total += FRAMES[era.vocabulary].after_thinking
    total += _calls(blocks, era) - _given(blocks[0], request or {}, era)
    return max(0, total + sum(block_tokens(block, era.vocabulary) for block in blocks))


def _calls(blocks: Sequence[Block], era: Era) -> int:
    """Count what stands around the tool calls of an answer."""
    frame, calls = FRAMES[era.vocabulary], sum(block.get("type") in CALLS for block in blocks)
    return frame.call + frame.further_call * (calls - 1) if calls else 0


def _given(first: Block, request: Mapping[str, Any], era: Era) -> int:
    """Count what the model need not write, since the prompt ends with it."""
    choice = _mapping(request.get("tool_choice"))
    if first.get("type") == "tool_use" and choice.get("type") in ("any", "tool"):
        return FRAMES[era.vocabulary].forced + _named(choice, era)
    if first.get("type") == "text" and _goes_on(request):
        return opening_tokens(str(first.get("text", "")), era.vocabulary)
    return 0


def _goes_on(request: Mapping[str, Any]) -> bool:
    messages = [message for message in request.get("messages") or () if isinstance(message, _OBJECT)]
    if not messages:
        return False
    blocks = _listed(messages[-1].get("content"))
    return messages[-1].get("role") == "assistant" or any(block.get("type") == "tool_result" for block in blocks)


def _named(choice: Mapping[str, Any], era: Era) -> int:
    """Count the name of the one tool that is asked for."""
    if choice.get("type") != "tool":
        return 0
    return NAMED_TOOL + text_tokens(str(choice.get("name", "")), era.vocabulary)


def count_thinking(content: Iterable[Block], model: str) -> int:
    """Count the thinking in an answer; hidden thinking is guessed from the length of its signature."""
    vocabulary = era_of(model).vocabulary
    return sum(thinking_tokens(block, vocabulary) for block in content if block.get("type") == "thinking")


def era_of(model: object) -> Era:
    """Give the era of a model id; of an unknown one, the latest."""
    known = find(model) if isinstance(model, str) else None
    return CLAUDE_5 if known is None else known.era
