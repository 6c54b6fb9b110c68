"""How one recording differs from another of the same calls, sorted by what it means to a client."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias, cast, get_args

from windtunnel.cassette.interaction import Interaction, Response
from windtunnel.cassette.match import Asked, Matching, from_request
from windtunnel.cassette.match.difference import first
from windtunnel.cassette.reported import kind_of, named
from windtunnel.cassette.shape import Shape, order, shape

#: "cosmetic": no client may care; "additive": there is more than there was; "breaking": what was there is gone or another.
Tier: TypeAlias = Literal["cosmetic", "additive", "breaking"]
TIERS: Final[tuple[Tier, ...]] = get_args(Tier)

#: Headers that clients go by; others come and go with the edge of the service.
_READ: Final = (
    "retry-after",
    "request-id",
    "x-amzn-requestid",
    "x-should-retry",
    "anthropic-ratelimit-requests-remaining",
)
#: Headers whose values clients go by.
_OBEYED: Final = ("x-should-retry",)
#: Fields whose values are words of the API that clients branch on.
_WORDS: Final = ("type", "role", "stop_reason", "stopReason")
#: Of those, the ones that depend on the question.
_OWN: Final = ("stop_reason", "stopReason")
#: Fields that only say how many blocks and deltas there were.
_UNTOLD: Final = (".type", ".index")
#: Events that end a stream instead of carrying it on.
_FAILURES: Final = ("error", "exception")
#: Fields that a path names with their kind only (`shape.py`).
_KINDED: Final = (".delta", ".content_block")
_MOST_PATHS: Final = 6
#: Columns of a terminal; what goes beyond them is set off on further lines.
_COLUMNS: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One difference. `number` is the interaction's in the older recording, in the newer one if it is only there."""

    tier: Tier
    number: int
    where: str
    why: str

    def __str__(self) -> str:
        line = f"{self.tier}: interaction {self.number}, {self.where}: {self.why}"
        return textwrap.fill(line, _COLUMNS, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)

    def to_json(self) -> dict[str, Any]:
        return {"tier": self.tier, "number": self.number, "where": self.where, "why": self.why}


def compare(old: Sequence[Interaction], new: Sequence[Interaction]) -> list[Drift]:
    """Compare two recordings, worst first. Interactions that ask the same belong together, in their order.

    Of what is left, those that ask at the same place belong together, and how they ask otherwise is told.
    """
    pairs = _paired(old, new, range(len(old)), range(len(new)), _key)
    rest = [at for at in range(len(old)) if at not in pairs]
    free = sorted(set(range(len(new))) - set(pairs.values()))
    near = _paired(old, new, rest, free, _place)
    found = [drift for at, there in pairs.items() for drift in _pair(at + 1, old[at], new[there])]
    found += [drift for at, there in near.items() for drift in _alike(at + 1, old[at], new[there])]
    for at in rest:
        if at not in near:
            why = f"{_line(old[at])} is not asked any more"
            found.append(Drift(tier="breaking", number=at + 1, where="request", why=why))
    for at in free:
        if at not in near.values():
            why = f"{_line(new[at])} was not asked before"
            found.append(Drift(tier="additive", number=at + 1, where="request", why=why))
    return sorted(found, key=lambda drift: (-TIERS.index(drift.tier), drift.number))


def _paired(
    old: Sequence[Interaction],
    new: Sequence[Interaction],
    olds: Iterable[int],
    news: Iterable[int],
    key: Callable[[Interaction], Any],
) -> dict[int, int]:
    """Give each of the older ones the first of the newer ones that has the same key and is still free."""
    free: dict[Any, list[int]] = defaultdict(list)
    for at in news:
        free[key(new[at])].append(at)
    waiting = {at: free[key(old[at])] for at in olds}
    return {at: places.pop(0) for at, places in waiting.items() if places}


def _key(interaction: Interaction) -> Any:
    asked: Asked = from_request(interaction.request)
    return asked.method, asked.place, asked.parameters, repr(asked.canonical)


def _place(interaction: Interaction) -> Any:
    asked: Asked = from_request(interaction.request)
    body = asked.canonical
    return asked.method, asked.place, isinstance(body, dict) and bool(body.get("stream"))


def _line(interaction: Interaction) -> str:
    return from_request(interaction.request).line


def _asked_otherwise(number: int, old: Interaction, new: Interaction) -> Drift:
    difference = first(Matching.of(), from_request(new.request), from_request(old.request))
    why = "is asked otherwise"
    if difference is not None:
        why += f": {difference.where} was {difference.recorded}, and is {difference.seen}"
    return Drift(tier="additive", number=number, where="request", why=why)


def _alike(number: int, old: Interaction, new: Interaction) -> Iterator[Drift]:
    """Compare answers to different questions: how they end says nothing of the API."""
    for drift in _pair(number, old, new):
        own = drift.where.endswith(_OWN) and drift.tier == "breaking"
        yield replace(drift, tier="cosmetic") if own else drift
    yield _asked_otherwise(number, old, new)


def _pair(number: int, old: Interaction, new: Interaction) -> Iterator[Drift]:
    def drift(tier: Tier, where: str, why: str) -> Drift:
        return Drift(tier=tier, number=number, where=where, why=why)

    before, after = old.response, new.response
    if before.status != after.status:
        yield drift("breaking", "status", f"{before.status} is now {after.status}")
        return
    for tier, where, why in (*_headers(before, after), *_ending(before, after), *_order(old, new)):
        yield drift(tier, where, why)
    if before.body != after.body:
        shapes = list(_shapes(shape(old), shape(new)))
        for tier, where, why in shapes:
            yield drift(tier, where, why)
        if not shapes and order(old) == order(new):
            yield drift("cosmetic", "body", "the same values, written otherwise")
    if before.body == after.body and before.arrivals != after.arrivals:
        yield drift("cosmetic", "pace", "the same bytes, at other instants")


Found: TypeAlias = tuple[Tier, str, str]


def _headers(before: Response, after: Response) -> Iterator[Found]:
    old, new = named(before.headers), named(after.headers)
    if kind_of(old) != kind_of(new):
        yield "breaking", "header content-type", f"{kind_of(old) or 'none'} is now {kind_of(new) or 'none'}"
    gone, come = sorted(old.keys() - new.keys()), sorted(new.keys() - old.keys())
    for name in _READ:
        if name in gone:
            yield "breaking", f"header {name}", "is gone"
        if name in come:
            yield "additive", f"header {name}", "is new"
    for tier, names, what in (("cosmetic", gone, "gone"), ("additive", come, "new")):
        if others := [name for name in names if name not in _READ]:
            yield cast(Tier, tier), "headers", f"{what}: {', '.join(others)}"
    for name in _OBEYED:
        if name in old and name in new and old[name] != new[name]:
            yield "breaking", f"header {name}", f"{old[name]} is now {new[name]}"


def _ending(before: Response, after: Response) -> Iterator[Found]:
    if before.ended != after.ended:
        yield "breaking", "ending", f"{before.ended} is now {after.ended}"


def _order(old: Interaction, new: Interaction) -> Iterator[Found]:
    before, after = order(old), order(new)
    fresh, gone = sorted(set(after) - set(before)), sorted(set(before) - set(after))
    for name in fresh:
        yield "breaking" if name.endswith(_FAILURES) else "additive", f"event {name}", "is new"
    for name in gone:
        yield "breaking", f"event {name}", "is gone"
    kept = [name for name in before if name not in gone]
    if kept != [name for name in after if name not in fresh]:
        yield "breaking", "events", f"{', '.join(before)} are now {', '.join(after) or 'none'}"


def _shapes(old: Shape, new: Shape) -> Iterator[Found]:
    """Compare fields whose parents are there on both sides: a block that was not said this time proves nothing."""
    for path in _only(old.types, new.types):
        yield ("cosmetic", path, "was not said this time") if path.endswith("]") else ("breaking", path, "is gone")
    for path in _only(new.types, old.types):
        yield "additive", path, "was not said before" if path.endswith("]") else "is new"
    changed = dict(_types(old, new))
    for path, why in changed.items():
        yield "breaking", path, why
    differing = [path for path, values in old.values.items() if path in new.values and new.values[path] != values]
    for path in differing:
        if path not in changed and _is_word(path, old, new):
            yield "breaking", path, f"{_said(old.values[path])} is now {_said(new.values[path])}"
    other = sorted(path for path in differing if path not in changed and not path.endswith(_UNTOLD))
    other = [path for path in other if not _is_word(path, old, new)]
    if other:
        more = f" and {len(other) - _MOST_PATHS} more" if len(other) > _MOST_PATHS else ""
        yield "cosmetic", "values", f"differ in {', '.join(other[:_MOST_PATHS])}{more}"


def _types(old: Shape, new: Shape) -> Iterator[tuple[str, str]]:
    """Give the fields of another type. A null says that there is nothing this time, except in the place of a count."""
    for path in sorted(old.types.keys() & new.types.keys()):
        before, after = old.types[path] - {"null"}, new.types[path] - {"null"}
        if before and after and before != after:
            yield path, f"{_or(before)} is now {_or(after)}"
        elif before == {"number"} and not after:
            yield path, "number is now null"


def _is_word(path: str, old: Shape, new: Shape) -> bool:
    """Say whether a field holds a word that clients branch on, and one is said that was not said before."""
    # In a list, each kind has a path of its own, and how many of them there are is the answer's own affair.
    if path.rpartition(".")[2] not in _WORDS:
        return False
    before, after = set(map(repr, old.values[path])), set(map(repr, new.values[path]))
    return before != after and "None" not in before ^ after


def _said(values: Sequence[Any]) -> str:
    return ", ".join(dict.fromkeys(map(str, values)))


def _only(these: Mapping[str, Any], those: Mapping[str, Any]) -> list[str]:
    """Give the paths that only one side has, below what both have. Events of a stream are told by their order."""
    return sorted(path for path in these.keys() - those.keys() if _parent(path) in those)


def _parent(path: str) -> str:
    if not path.endswith("]"):
        return path.rpartition(".")[0]
    outer = path.rpartition("[")[0]
    # A delta and a content block are named with their kind, and nothing stands for them without it.
    return outer.rpartition(".")[0] if outer.endswith(_KINDED) else outer


def _or(types: set[str]) -> str:
    return " or ".join(sorted(types))
