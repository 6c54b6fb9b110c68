"""Headers as VCR has them, one list of values for each name, and back to the order they were sent in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from windtunnel.cassette.interaction import Headers
from windtunnel.cassette.misfit import Misfit, Place, kind, text


def grouped(headers: Headers) -> dict[str, list[str]]:
    """Return the values of each name, names in the order of their first."""
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name, []).append(value)
    return values


def order(headers: Headers) -> list[str] | None:
    """Return the names of the headers, where their order is lost by grouping them."""
    names = [name for name, _ in headers]
    return None if names == [name for name, _ in _one_by_one(grouped(headers))] else names


def flat(headers: Any, order: Any, place: Place) -> Headers:
    """Return headers one by one, in their `order` where one was kept and is still theirs. Misfit for what are none."""
    if headers is None:
        return ()
    if not isinstance(headers, Mapping):
        raise Misfit(place, f"is {kind(headers)}, not a mapping")
    if order is None and (quickly := _plain(headers)) is not None:
        return quickly
    values = {_header_text(name, place): list(_values(headers[name], (*place, name))) for name in headers}
    return _ordered(values, order) if _fits(values, order) else tuple(_one_by_one(values))


def _plain(headers: Mapping[Any, Any]) -> Headers | None:
    """Return headers that are written as this module writes them; None for all others."""
    if not all(type(each) is list for each in headers.values()):
        return None
    pairs = tuple([(name, value) for name, each in headers.items() for value in each])
    return pairs if all(type(name) is str and type(value) is str for name, value in pairs) else None


def _one_by_one(values: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, each in values.items() for value in each)


def _fits(values: Mapping[str, list[str]], order: Any) -> bool:
    """Say whether an order is one of these headers: somebody may have added or removed one by hand."""
    return (
        isinstance(order, list)
        and all(isinstance(name, str) for name in order)
        and Counter(order) == {name: len(each) for name, each in values.items()}
    )


def _ordered(values: Mapping[str, list[str]], order: Sequence[str]) -> Headers:
    left = {name: iter(each) for name, each in values.items()}
    return tuple((name, next(left[name])) for name in order)


def _values(values: Any, place: Place) -> Iterator[str]:
    for value in values if isinstance(values, list | tuple) else [values]:
        yield value if type(value) is str else _header_text(value, place)


def _header_text(value: Any, place: Place) -> str:
    """Return a name or a value as a text: numbers are written without quotes by hand, bytes by some recorders."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if type(value) in (int, float):
        return str(value)
    return text(value, place)
