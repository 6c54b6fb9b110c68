"""A cassette as a person reads it: who said what, how fast it came, how it ended, and what it cost."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from windtunnel.cassette.entries import bookings, entry
from windtunnel.cassette.interaction import Ended, Interaction
from windtunnel.verdicts.sent import Sent, read
from windtunnel_server.ledger import Account, Booking

#: Characters of a text that are shown, unless all of it is asked for.
SHORT: Final = 400
#: Of a system prompt, which says little about one call.
SHORT_SYSTEM: Final = 150

_MARGIN: Final = 13
_ENDED: Final[Mapping[Ended, str]] = {
    "complete": "",
    "reset": "RESET by the server",
    "cut": "CUT in mid-answer",
    "timeout": "GIVEN UP by the client",
    "refused": "NOBODY answered the door",
}
_KEPT: Final = ("max_tokens", "temperature", "thinking", "tool_choice", "output_config", "service_tier", "speed")


def conversation(interaction: Interaction, number: int, *, width: int = 80, longest: int | None = SHORT) -> list[str]:
    """Tell an interaction in lines of at most `width` characters. Texts are cut to `longest` characters; None: all is shown."""
    call = entry(interaction, number)
    body = call.body if isinstance(call.body, dict) else {}
    lines = [*_head(interaction, number, width), *_wrapped(_settings(body), width, "  ")]
    for speaker, text in (*_system(body, longest), *_turns(body)):
        lines += _said(speaker, text, width, longest)
    lines.append(f"  {' ' * 8}{'· ' * ((width - 12) // 4)}".rstrip())
    for speaker, text in _answer(interaction, _read(interaction, number)):
        lines += _said(speaker, text, width, longest)
    return [*lines, *_wrapped(" · ".join(_facts(interaction, number)), width, "  ")]


def total(interactions: Sequence[Interaction]) -> Account:
    """Add up what the calls of a cassette used, and would cost if they were made again at the prices of their day."""
    return sum((booking.account for booking in bookings(interactions)), Account())


def told(account: Account) -> str:
    """Tell an account on one line: "3 calls · 1,204 in, 96 out · $0.0051"."""
    counts = [
        (account.input_tokens, "in"),
        (account.output_tokens, "out"),
        (account.cache_read_input_tokens, "read from the cache"),
        (account.cache_creation_input_tokens, "written to it"),
    ]
    tokens = ", ".join(f"{count:,} {word}" for count, word in counts if count)
    parts = [f"{account.calls} call{'' if account.calls == 1 else 's'} that used something", tokens, _money(account)]
    return " · ".join(part for part in parts if part)


def _money(account: Account) -> str:
    cost = f"${account.cost_micro_usd / 1_000_000:.6f}".rstrip("0").rstrip(".")
    if not account.unpriced_calls:
        return cost
    unknown = f"{account.unpriced_calls} of unknown price"
    return unknown if account.unpriced_calls == account.calls else f"{cost} and {unknown}"


# --- the request -------------------------------------------------------------------------------------------------------


def _head(interaction: Interaction, number: int, width: int) -> Iterator[str]:
    day = f" · {interaction.recorded_at:%Y-%m-%d %H:%M}" if interaction.recorded_at is not None else ""
    start = f"── {number} ── {interaction.provider or 'unknown'}{day} "
    yield start + "─" * max(width - len(start), 2)
    yield from _wrapped(f"{interaction.request.method} {interaction.request.uri}", width, "  ")


def _settings(body: Mapping[str, Any]) -> str:
    parts = [str(body["model"])] if "model" in body else []
    parts += ["stream"] if body.get("stream") is True else []
    parts += [f"{key} {_flat(_compact(body[key]))}" for key in _KEPT if key in body]
    tools = [str(tool.get("name") or tool.get("type")) for tool in body.get("tools") or () if isinstance(tool, dict)]
    return " · ".join([*parts, f"tools {', '.join(tools)}"] if tools else parts)


def _system(body: Mapping[str, Any], longest: int | None) -> Iterator[tuple[str, str]]:
    system = body.get("system")
    blocks = system if isinstance(system, list) else [{"text": system}] if isinstance(system, str) else []
    text = "\n".join(str(block.get("text") or "") for block in blocks if isinstance(block, dict))
    if text:
        yield "system", text if longest is None else _cut(text, SHORT_SYSTEM)


def _turns(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for message in body.get("messages") or ():
        if isinstance(message, dict):
            yield from _blocks(str(message.get("role", "?")), message.get("content"))


def _blocks(role: str, content: Any) -> Iterator[tuple[str, str]]:
    if isinstance(content, str):
        yield role, content
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict):
            yield _block(role, block)


def _block(role: str, block: Mapping[str, Any]) -> tuple[str, str]:
    # Converse has no `type`: the one key of a block says what it is.
    kind = str(block.get("type") or next(iter(block), "?"))
    inner = block.get(kind) if isinstance(block.get(kind), dict) else block
    assert isinstance(inner, Mapping)
    marked = " (cached up to here)" if "cache_control" in block else ""
    if isinstance(block.get("text"), str):
        return role, f"{block['text']}{marked}"
    if kind in ("tool_use", "toolUse", "server_tool_use"):
        return role, f"calls {inner.get('name')} {_compact(inner.get('input'))}{marked}"
    if kind.endswith(("tool_result", "toolResult")):
        said = " ".join(text for _, text in _blocks(role, inner.get("content"))) or _compact(inner.get("content"))
        return "tool", f"{'failed: ' if inner.get('is_error') else ''}{said}{marked}"
    if kind == "thinking":
        return role, f"thought: {block.get('thinking')}"
    return role, f"[{kind}]{marked}"


# --- the answer --------------------------------------------------------------------------------------------------------


def _read(interaction: Interaction, number: int) -> Sent:
    try:
        return read(entry(interaction, number))
    except (AttributeError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
        # A recording may hold anything under the names of the API.
        return Sent(unknown="this is no answer of the API")


def _answer(interaction: Interaction, sent: Sent) -> Iterator[tuple[str, str]]:
    if sent.thinking:
        yield "thinking", sent.thinking
    if sent.text:
        yield "assistant", sent.text
    for use in sent.tool_uses:
        given = use.partial_json if use.input is None else _compact(use.input)
        yield "assistant", f"calls {use.name} {given}"
    if sent.error is not None:
        yield "error", " · ".join(part for part in (sent.error.type, sent.error.message) if part)
    elif sent.empty and interaction.response.body:
        yield "answer", b"".join(entry(interaction).sent).decode("utf-8", "backslashreplace")


def _facts(interaction: Interaction, number: int) -> Iterator[str]:
    response, sent = interaction.response, _read(interaction, number)
    yield f"{response.status} {response.reason}".strip() if response.status else "no status"
    if sent.stop_reason:
        yield sent.stop_reason
    booked: list[Booking] = bookings([interaction])
    if booked:
        yield told(booked[0].account).partition(" · ")[2]
    yield from _pace(interaction)
    if _ENDED[response.ended]:
        yield _ENDED[response.ended]


def _pace(interaction: Interaction) -> Iterator[str]:
    response = interaction.response
    if response.arrivals:
        first, last = response.arrivals[0].at_s, response.arrivals[-1].at_s
        gaps = [
            after.at_s - before.at_s for before, after in zip(response.arrivals, response.arrivals[1:], strict=False)
        ]
        pieces = len(response.arrivals)
        yield f"first byte after {first:.3g} s"
        if pieces > 1:
            yield f"{pieces} pieces in {last - first:.3g} s, longest gap {max(gaps):.2g} s"
    elif response.ended_at_s is not None:
        yield f"{response.ended_at_s:.3g} s"


# --- lines -------------------------------------------------------------------------------------------------------------


def _said(speaker: str, text: str, width: int, longest: int | None) -> list[str]:
    shown = (text if longest is None else _cut(text, longest)).strip()
    lines = [part for line in shown.splitlines() for part in _fold(line, width - _MARGIN)]
    first, *more = lines or [""]
    return [f"  {speaker:<{_MARGIN - 2}}{first}".rstrip(), *(f"{' ' * _MARGIN}{line}".rstrip() for line in more)]


def _fold(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, replace_whitespace=False, drop_whitespace=True, break_on_hyphens=False) or [""]


def _wrapped(text: str, width: int, margin: str) -> list[str]:
    return [f"{margin}{line}" for line in _fold(text, width - len(margin))] if text else []


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest].rstrip()} … ({len(text):,} characters)"


def _compact(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _flat(text: str) -> str:
    return _cut(" ".join(text.split()), 60)
