"""Compares what was handed on with what was sent, and says in what way they differ."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from windtunnel.verdicts.sent import Sent, ToolUse

Weight: TypeAlias = Literal["fail", "unknown", "note"]

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Difference:
    """One part that is not as it was sent; `what` is a title without an article: "text lost"."""

    what: str
    seen: str
    allowed: str
    advice: str
    weight: Weight = "fail"


def text_differs(kind: str, said: str, sent: str, earlier: Sequence[str]) -> Difference | None:
    """Hold the text of a whole answer against what was sent. `earlier` is what attempts before it had sent."""
    if said == sent:
        return None
    if (part := _from_earlier(said, sent, earlier)) is not None:
        return Difference(
            f"{kind} doubled after a retry",
            f"{shown(part)} of an earlier attempt, and behind it the whole answer",
            f"{shown(sent)}, once",
            "take back what was handed on of an attempt before you ask again, or hand it on only once it is whole",
        )
    title = f"{kind} lost" if _is_part(said, sent) else f"{kind} altered"
    return Difference(title, *_apart(said, sent), f"hand on every {kind} delta once, in order, as it came")


def partial_differs(
    kind: str, said: str, parts: Sequence[tuple[str, frozenset[int]]], *, sure: bool
) -> Difference | None:
    """Hold the text of a request that failed against what its attempts had sent: (text, where events ended in it)."""
    if not said or any(said == text for text, _ in parts):
        return None
    whole = [text for text, stops in parts if text.startswith(said) and len(said) in stops]
    if whole or any(text.startswith(said) for text, _ in parts):
        return Difference(
            f"less {kind} than had come",
            f"{shown(said)}, {len(said)} characters",
            f"{len(max((text for text, _ in parts), key=len))} characters had left before the failure",
            f"hand on the {kind} that came before a failure, or none of it",
            "note" if whole else "unknown",
        )
    texts = [text for text, _ in parts]
    doubled = next((text for text in reversed(texts) if text and said.endswith(text)), None)
    if doubled is not None and _from_earlier(said, doubled, texts) is not None:
        return Difference(
            f"{kind} doubled after a retry",
            f"{shown(said)}, put together from several attempts",
            f"what one attempt had sent: {shown(doubled)}",
            "take back what was handed on of an attempt before you ask again",
        )
    return Difference(
        f"{kind} altered", *_apart(said, max(texts, key=len, default="")), "hand on nothing that was not sent"
    )


def _from_earlier(said: str, sent: str, earlier: Sequence[str]) -> str | None:
    """Return what stands before the answer, where it is made of the beginnings of earlier attempts."""
    if not sent or not said.endswith(sent):
        return None
    head = rest = said[: len(said) - len(sent)]
    for text in earlier:
        size = next((n for n in range(min(len(text), len(rest)), 0, -1) if rest.startswith(text[:n])), 0)
        rest = rest[size:]
    return head if head and not rest else None


def _is_part(said: str, sent: str) -> bool:
    """Say whether it can be had by leaving characters out."""
    rest = iter(sent)
    return all(character in rest for character in said)


def _apart(said: str, sent: str) -> tuple[str, str]:
    """Show the two from just before the first difference."""
    place = next((i for i, (a, b) in enumerate(zip(said, sent, strict=False)) if a != b), min(len(said), len(sent)))
    start = max(place - 10, 0)
    return (
        f"{shown(said[start:])} from character {start} on, {len(said)} in all",
        f"{shown(sent[start:])} from character {start} on, {len(sent)} in all",
    )


def tools_differ(said: Sequence[Mapping[str, Any]], sent: Sequence[ToolUse], *, whole: bool) -> Difference | None:
    """Hold the tool calls against what was sent. Of an answer that broke off, the finished ones may be left out."""
    if len(said) > len(sent) or (whole and len(said) < len(sent)):
        what = "tool call lost" if len(said) < len(sent) else "tool call made up"
        advice = "hand on every tool_use block once, when it is closed"
        return Difference(what, _names(said), _names([{"name": use.name, "id": use.id} for use in sent]), advice)
    for place, (one, use) in enumerate(zip(said, sent, strict=False), start=1):
        if (found := _tool_differs(place, one, use, whole=whole)) is not None:
            return found
    return None


def _tool_differs(place: int, said: Mapping[str, Any], sent: ToolUse, *, whole: bool) -> Difference | None:
    for key in ("id", "name"):
        if key in said and said[key] != getattr(sent, key):
            advice = f"hand on the {key} of tool calls as it is in content_block_start"
            return Difference(f"tool {key} altered", f"{said[key]!r}", f"{getattr(sent, key)!r}", advice)
    if "input" not in said:
        return None
    if sent.input is None or not (sent.whole or whole):
        return _unfinished(place, said["input"], sent, claimed_whole=whole)
    if same_json(said["input"], sent.input):
        return None
    advice = "join the input_json_delta pieces of one block and parse them once it is closed"
    return Difference("tool input altered", _json(said["input"]), _json(sent.input), advice)


def _unfinished(place: int, said: Any, sent: ToolUse, *, claimed_whole: bool) -> Difference | None:
    """The JSON of the input broke off, or is none: nobody can say what it should have become."""
    if said is None or said == sent.partial_json:
        return None
    if claimed_whole:
        return Difference(
            f"tool call {place} was handed on with an input that is no JSON",
            _json(said),
            f"the JSON came as far as {shown(sent.partial_json)}",
            "parse the input once its block is closed, and call no tool where that fails",
        )
    return Difference(
        f"input of tool call {place} cannot be checked",
        _json(said),
        f"the JSON came as far as {shown(sent.partial_json)}",
        "hand on no tool call whose input did not come whole",
        "unknown",
    )


def same_json(one: Any, other: Any) -> bool:
    """Compare JSON values: 1 is 1.0, as most languages write it, and true is not 1."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same_json(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(same_json(a, b) for a, b in zip(one, other, strict=True))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def earlier_texts(readings: Iterable[Sent], kind: str) -> list[str]:
    """Return what attempts had sent of a kind, those that sent nothing left out."""
    return [text for sent in readings if (text := getattr(sent, kind))]


def shown(text: str) -> str:
    """Quote a text, or its beginning."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 2 * _SHOWN else f"{text[: 2 * _SHOWN]}…"


def _names(uses: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(str(use.get("name") or use.get("id")) for use in uses) or "none"
