"""An interaction in a few lines: who was asked what, what came back, and what it cost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from windtunnel.cassette.entries import asked as asked_of
from windtunnel.cassette.entries import entry, model_of
from windtunnel.cassette.interaction import Interaction, header
from windtunnel.verdicts.sent import Sent, read

#: Longest text in the short form, in characters.
SHORT: Final = 90

#: What an answer says of how it ended, where it did not end well.
_ENDED: Final = {
    "reset": "reset by the server",
    "cut": "cut",
    "timeout": "given up by the client",
    "refused": "nobody answered the door",
}
#: Counts of usage, and the words for them.
_COUNTS: Final = {
    "input_tokens": "in",
    "output_tokens": "out",
    "cache_read_input_tokens": "read from the cache",
    "cache_creation_input_tokens": "written to it",
}


def describe(interaction: Interaction, *, longest: int | None = SHORT) -> list[str]:
    """Tell an interaction in a few lines, without line ends: the request, its last turn, the answer, how it ended.

    Texts are cut to `longest` characters; None: nothing is cut. Never raises: what cannot be read is not told.
    """
    asked = asked_of(interaction) or {}
    said = _said(interaction)
    lines = [_head(interaction, asked, said), *_asked(asked), *_answered(said, interaction), _end(interaction, said)]
    return [_cut(line, longest) for line in lines]


def _said(interaction: Interaction) -> Sent:
    try:
        return read(entry(interaction))
    except (AttributeError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
        # A recording may hold anything under the names of the API, and it must be saved all the same.
        return Sent(unknown="this is no answer of the API")


def _head(interaction: Interaction, asked: Mapping[str, Any], said: Sent) -> str:
    request = interaction.request
    streamed = "stream" if said.last_event or asked.get("stream") is True else ""
    parts = [_model(interaction, asked), streamed, *_sizes(asked), f"{request.method} {request.uri}"]
    if interaction.recorded_at is not None:
        parts.insert(0, f"{interaction.recorded_at:%Y-%m-%d}")
    return " · ".join(part for part in parts if part)


def _model(interaction: Interaction, asked: Mapping[str, Any]) -> str:
    if isinstance(asked.get("model"), str):
        return str(asked["model"])
    return model_of(interaction.request.uri) or ""


def _sizes(asked: Mapping[str, Any]) -> Iterator[str]:
    for key, one in (("messages", "message"), ("tools", "tool")):
        value = asked.get(key)
        if isinstance(value, list):
            yield f"{len(value)} {one}{'' if len(value) == 1 else 's'}"


def _asked(asked: Mapping[str, Any]) -> Iterator[str]:
    """Tell the last turn: what the user said last, and what came of the tools."""
    messages = asked.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    if isinstance(last, dict):
        for part in _parts(last.get("content")):
            yield f"{last.get('role', '?')}: {part}"


def _parts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield _flat(content)
    for block in content if isinstance(content, list) else []:
        if not isinstance(block, dict):
            continue
        # Converse has no `type`: the one key of a block says what it is.
        kind = str(block.get("type") or next(iter(block), ""))
        if isinstance(block.get("text"), str):
            yield _flat(block["text"])
        elif kind in ("tool_result", "toolResult"):
            result = block.get("content", block.get("toolResult"))
            inner = result.get("content") if isinstance(result, dict) else result
            yield f"[{kind}] {' '.join(_parts(inner))}".rstrip()
        else:
            yield f"[{kind}]"


def _answered(said: Sent, interaction: Interaction) -> Iterator[str]:
    if said.thinking:
        yield f"thinking: {_flat(said.thinking)}"
    if said.text:
        yield f"assistant: {_flat(said.text)}"
    for use in said.tool_uses:
        given = use.partial_json if use.input is None else json.dumps(use.input, ensure_ascii=False)
        yield f"calls {use.name}: {_flat(given)}"
    if said.error is not None:
        yield f"error: {' · '.join(_flat(str(part)) for part in (said.error.type, said.error.message) if part)}"
    elif said.empty and interaction.response.body:
        yield f"answer: {len(interaction.response.body)} bytes of {_type(interaction)}"


def _type(interaction: Interaction) -> str:
    named = header(interaction.response.headers, "content-type") or "no type"
    return named.partition(";")[0].strip()


def _end(interaction: Interaction, said: Sent) -> str:
    response = interaction.response
    parts = [
        str(response.status) if response.status else "no status",
        _flat(str(said.stop_reason or "")),
        *_usage(said),
    ]
    if response.ended_at_s is not None:
        parts.append(f"{response.ended_at_s:.3g} s")
    parts.append(_ENDED.get(response.ended, ""))
    return " · ".join(part for part in parts if part)


def _usage(said: Sent) -> Iterator[str]:
    usage = said.usage or {}
    told = [f"{usage[key]} {words}" for key, words in _COUNTS.items() if usage.get(key)]
    if told:
        yield f"tokens: {', '.join(told)}"


def _flat(text: str) -> str:
    return " ".join(text.split())


def _cut(line: str, longest: int | None) -> str:
    return line if longest is None or len(line) <= longest else f"{line[: longest - 1]}…"
