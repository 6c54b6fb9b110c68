"""Makes claims of what a test has in its hands: an SDK's messages, usage, exceptions, or the same as dicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from windtunnel.verdicts import _usage
from windtunnel.verdicts._claim import Claim, Claims, ClaimsError
from windtunnel.verdicts._claims_json import claims_from_json

_HERE = "claims_of"


def claims_of(*things: Any) -> Claims:
    """Make claims of what a client returned and raised, in the order of the requests.

    A message is a success with that text, those tool calls and that usage; an exception is an error; a usage object
    counts for the run, several are added up. Claims, a `Claim`, lists of all these, and dicts in the same shapes or
    in that of a claims file will do as well. ClaimsError for anything else.
    """
    if len(things) == 1 and isinstance(things[0], Claims):
        return things[0]
    given = list(_flat(things))
    if len(given) == 1 and isinstance(given[0], Mapping) and not _is_message(given[0]):
        return replace(claims_from_json(given[0], source=_HERE), source="in process")
    usages = [thing for thing in given if _is_usage(thing)]
    if not usages:
        return Claims(calls=tuple(_claim(thing) for thing in given))
    if len(usages) < len(given):
        raise ClaimsError(f"{_HERE}: a usage object counts for the whole run, so give messages or usages, not both")
    return Claims(usage=_usage.as_usage(_usage.added(_usage.counts(_usage_from(usage)) for usage in usages)))


def _flat(things: Iterable[Any]) -> Iterable[Any]:
    for thing in things:
        if isinstance(thing, (list, tuple)):
            yield from _flat(thing)
        else:
            yield thing


def _claim(thing: Any) -> Claim:
    if isinstance(thing, Claim):
        return thing
    if isinstance(thing, BaseException):
        status = getattr(thing, "status_code", None)
        return Claim(outcome="error", error=type(thing).__name__, status=status if isinstance(status, int) else None)
    if _is_message(thing):
        return _message(thing)
    raise ClaimsError(
        f"{_HERE}: {type(thing).__name__} is nothing a client could claim; give messages, exceptions, usage objects, "
        "a Claim, or a dict in the shape of one of these"
    )


def _message(message: Any) -> Claim:
    content = _get(message, "content") or []
    uses = [block for block in content if _get(block, "type") == "tool_use"]
    usage = _get(message, "usage")
    return Claim(
        outcome="success",
        text=_joined(content, "text"),
        thinking=_joined(content, "thinking"),
        tool_uses=tuple({key: _get(use, key) for key in ("id", "name", "input")} for use in uses),
        stop_reason=_get(message, "stop_reason"),
        message_id=_get(message, "id"),
        model=_get(message, "model"),
        usage=None if usage is None else _usage_from(usage),
    )


def _joined(content: Iterable[Any], kind: str) -> str:
    return "".join(_get(block, kind) or "" for block in content if _get(block, "type") == kind)


def _is_message(thing: Any) -> bool:
    return isinstance(_get(thing, "content"), (list, tuple)) and not isinstance(thing, Claim)


def _is_usage(thing: Any) -> bool:
    return not isinstance(thing, (Claim, BaseException)) and any(_get(thing, key) is not None for key in _usage.TOKENS)


def _usage_from(thing: Any) -> dict[str, Any]:
    """Take the numbers off a usage object, attribute by attribute; what it does not know it has not said."""
    usage = {key: _get(thing, key) for key in _usage.TOKENS}
    for name, keys in _usage.OBJECTS.items():
        inner = _get(thing, name)
        said = {} if inner is None else {key: value for key in keys if (value := _get(inner, key)) is not None}
        usage[name] = said or None
    rounds = [_usage_from(part) for part in _get(thing, "iterations") or ()]
    return {key: value for key, value in {**usage, "iterations": rounds or None}.items() if value is not None}


def _get(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)
