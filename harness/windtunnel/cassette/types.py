"""A recording against the types of the installed SDK: what they lack, and what they want that is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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


_CONVERSE: Final = "/converse"
#: Events that the SDK reads without a type of their own.
_UNTYPED: Final = ("ping", "error", "exception", "chunk", "completion")
_UNKNOWN: Final = "the installed SDK does not know it"


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
    if call.status != 200 or interaction.response.ended != "complete" or _CONVERSE in call.path:
        return
    for name, value in said(interaction):
        names = _EVENTS.get(name) if name else _names(call.path)
        if names is not None:
            yield from _of_value(number, f"[{name}]" if name else "", value, names)
        elif name and name not in _UNTYPED:
            yield Drift(tier="additive", number=number, where=f"event {name}", why=_UNKNOWN)


def _names(path: str) -> Sequence[str] | None:
    return next((names for end, *names in _ANSWERS if path.endswith(end)), None)


def _of_value(number: int, where: str, value: Any, names: Sequence[str]) -> Iterator[Drift]:
    errors, unknown = _validated(_adapter(names[0]), value)
    if errors or unknown:
        beta = _validated(_adapter(names[1]), value)
        errors, unknown = min((errors, unknown), beta, key=lambda pair: (len(pair[0]), len(pair[1])))
    for path, why in errors:
        yield Drift(tier="breaking", number=number, where=_joined(where, path), why=why)
    for path in unknown:
        yield Drift(tier="additive", number=number, where=_joined(where, path), why=_UNKNOWN)


def _joined(where: str, path: str) -> str:
    return f"{where}.{path}".strip(".") or "the answer"


def _validated(adapter: Any, value: Any) -> tuple[list[tuple[str, str]], list[str]]:
    """Return what does not fit, by path and in words, and the paths of fields and kinds that the types do not know."""
    from pydantic import ValidationError

    try:
        return [], sorted(set(_unknown(adapter.validate_python(value), "")))
    except ValidationError as error:
        return _sorted_out(error.errors(include_url=False, include_input=False), value)


def _sorted_out(errors: Sequence[Any], value: Any) -> tuple[list[tuple[str, str]], list[str]]:
    """Sort out what pydantic says of a union: it complains for every member, and only the one of that `type` is meant."""
    branches = {each["loc"][: at + 1] for each in errors for at, step in enumerate(each["loc"]) if _is_branch(step)}
    wrong = {branch for branch in branches if any(each["loc"] == (*branch, "type") for each in errors)}
    unions = {branch[:-1] for branch in branches}
    strange = {union for union in unions if all(branch in wrong for branch in branches if branch[:-1] == union)}
    kept = [each for each in errors if not any(each["loc"][: len(branch)] == branch for branch in wrong)]
    found = [(_place(each["loc"], value), each["msg"].removeprefix("Input ").lower()) for each in kept]
    return list(dict.fromkeys(found)), sorted({_place(union, value) for union in strange})


def _is_branch(step: int | str) -> bool:
    """Say whether a step of pydantic's path is the class of a union's member, and not a field."""
    return isinstance(step, str) and step[:1].isupper()


def _place(loc: Sequence[int | str], value: Any) -> str:
    """Write a path as those of `shape.py`: "content[text].text"."""
    path = ""
    for step in loc:
        if _is_branch(step):
            continue
        value = _inner(value, step)
        kind = value.get("type") if isinstance(value, Mapping) else None
        path += "" if isinstance(step, int) else f".{step}"
        path += f"[{kind}]" if isinstance(kind, str) else ""
    return path.strip(".")


def _inner(value: Any, step: int | str) -> Any:
    try:
        return value[step]
    except (LookupError, TypeError):
        return None


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
