"""A recording against the types of the installed SDK: what they lack, and what they want that is not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

from windtunnel.cassette.drift import TIERS, Drift
from windtunnel.cassette.entries import entry
from windtunnel.cassette.interaction import CassetteError, Interaction
from windtunnel.cassette.shape import said

#: The end of a path, the type of its answer in `anthropic.types`, and that of the beta, which knows more blocks.
_ANSWERS: Final = (
    ("/messages/count_tokens", "MessageTokensCount", "BetaMessageTokensCount"),
    ("/messages", "Message", "BetaMessage"),
    ("/invoke", "Message", "BetaMessage"),
    (":rawPredict", "Message", "BetaMessage"),
)
#: The events of a stream that have types of their own.
_EVENTS: Final = {
    name: (f"Raw{kind}Event", f"BetaRaw{kind}Event")
    for name, kind in {
        "message_start": "MessageStart",
        "content_block_start": "ContentBlockStart",
        "content_block_delta": "ContentBlockDelta",
        "content_block_stop": "ContentBlockStop",
        "message_delta": "MessageDelta",
        "message_stop": "MessageStop",
    }.items()
}


def against_sdk(interactions: Sequence[Interaction]) -> list[Drift]:
    """Compare answers with the installed SDK's types: fields it does not know are additive, others breaking. Worst first.

    Converse has no types in the SDK, and errors are not looked at. CassetteError where the SDK is not installed.
    """
    found = {drift: None for number, one in enumerate(interactions, 1) for drift in _drifts(number, one)}
    return sorted(found, key=lambda drift: (-TIERS.index(drift.tier), drift.number))


def misfits(interaction: Interaction) -> list[str]:
    """Say what the SDK's types find missing or of another type; nothing where the SDK is not installed."""
    try:
        found = [drift for drift in against_sdk([interaction]) if drift.tier == "breaking"]
    except CassetteError:
        return []
    return [f"{drift.where}: {drift.why}" for drift in found]


def _drifts(number: int, interaction: Interaction) -> Iterator[Drift]:
    call = entry(interaction)
    if call.status != 200 or interaction.response.ended != "complete":
        return
    for name, value in said(interaction):
        named = _EVENTS.get(name)
        names = named if name else next((pair[1:] for pair in _ANSWERS if call.path.endswith(pair[0])), None)
        if names is not None:
            yield from _of_value(number, f"[{name}]" if name else "", value, names)


def _of_value(number: int, where: str, value: Any, names: Sequence[str]) -> Iterator[Drift]:
    errors, unknown = _validated(_adapter(names[0]), value)
    if errors or unknown:
        beta = _validated(_adapter(names[1]), value)
        errors, unknown = min((errors, unknown), beta, key=lambda pair: (len(pair[0]), len(pair[1])))
    for path, why in errors:
        yield Drift(tier="breaking", number=number, where=_joined(where, path), why=why)
    for path in unknown:
        yield Drift(
            tier="additive", number=number, where=_joined(where, path), why="the installed SDK does not know it"
        )


def _joined(where: str, path: str) -> str:
    return f"{where}.{path}".strip(".") or "the answer"


def _validated(adapter: Any, value: Any) -> tuple[list[tuple[str, str]], list[str]]:
    from pydantic import ValidationError

    try:
        return [], sorted(set(_unknown(adapter.validate_python(value), "")))
    except ValidationError as error:
        return [(_place(each["loc"]), each["msg"]) for each in error.errors(include_url=False, include_input=False)], []


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(step) for step in loc if not isinstance(step, int))


def _unknown(value: Any, path: str) -> Iterator[str]:
    """Give the fields that a model has kept without knowing them."""
    from pydantic import BaseModel

    if isinstance(value, BaseModel):
        yield from (f"{path}.{name}".strip(".") for name in value.model_extra or ())
        for name in type(value).model_fields:
            yield from _unknown(getattr(value, name), f"{path}.{name}".strip("."))
    elif isinstance(value, list):
        for inner in value:
            yield from _unknown(inner, f"{path}[{getattr(inner, 'type', '')}]")


@cache
def _adapter(name: str) -> Any:
    from pydantic import TypeAdapter

    try:
        from anthropic import types
        from anthropic.types import beta
    except ImportError:
        raise CassetteError("the official SDK is not installed: pip install anthropic") from None
    found = getattr(beta if name.startswith("Beta") else types, name)
    return TypeAdapter(found)
