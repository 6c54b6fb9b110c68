"""How one recording differs from another of the same calls, sorted by what it means to a client."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

from windtunnel.cassette.interaction import Interaction, Response
from windtunnel.cassette.match import Asked
from windtunnel.cassette.match.asked import from_request
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
_MOST_PATHS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """One difference. `number` is the interaction's in the older recording, in the newer one if it is only there."""

    tier: Tier
    number: int
    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.tier}: interaction {self.number}, {self.where}: {self.why}"

    def to_json(self) -> dict[str, Any]:
        return {"tier": self.tier, "number": self.number, "where": self.where, "why": self.why}


def compare(old: Sequence[Interaction], new: Sequence[Interaction]) -> list[Drift]:
    """Compare two recordings; interactions that ask the same belong together, in their order. Worst first."""
    left: dict[Any, list[int]] = defaultdict(list)
    for place, interaction in enumerate(new):
        left[_key(interaction)].append(place)
    found: list[Drift] = []
    for number, interaction in enumerate(old, 1):
        places = left[_key(interaction)]
        if places:
            found += _pair(number, interaction, new[places.pop(0)])
        else:
            found.append(Drift(tier="breaking", number=number, where="request", why="is not asked any more"))
    alone = sorted(place for places in left.values() for place in places)
    found += [Drift(tier="additive", number=at + 1, where="request", why="was not asked before") for at in alone]
    return sorted(found, key=lambda drift: (-TIERS.index(drift.tier), drift.number))


def _key(interaction: Interaction) -> Any:
    asked: Asked = from_request(interaction.request)
    return asked.method, asked.place, asked.parameters, repr(asked.canonical)


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
        if not shapes:
            yield drift("cosmetic", "body", "the same values, written otherwise")
    if before.body == after.body and before.arrivals != after.arrivals:
        yield drift("cosmetic", "pace", "the same bytes, at other instants")


Found: TypeAlias = tuple[Tier, str, str]


def _headers(before: Response, after: Response) -> Iterator[Found]:
    old, new = named(before.headers), named(after.headers)
    if kind_of(old) != kind_of(new):
        yield "breaking", "header content-type", f"{kind_of(old) or 'none'} is now {kind_of(new) or 'none'}"
    for name in sorted(old.keys() - new.keys()):
        yield "breaking" if name in _READ else "cosmetic", f"header {name}", "is gone"
    for name in sorted(new.keys() - old.keys()):
        yield "additive", f"header {name}", "is new"


def _ending(before: Response, after: Response) -> Iterator[Found]:
    if before.ended != after.ended:
        yield "breaking", "ending", f"{before.ended} is now {after.ended}"


def _order(old: Interaction, new: Interaction) -> Iterator[Found]:
    before, after = order(old), order(new)
    fresh = sorted(set(after) - set(before))
    for name in fresh:
        yield "additive", f"event {name}", "is new"
    if before != [name for name in after if name not in fresh]:
        yield "breaking", "events", f"{', '.join(before)} are now {', '.join(after) or 'none'}"


def _shapes(old: Shape, new: Shape) -> Iterator[Found]:
    """Compare fields whose parents are there on both sides: a block that was not said this time proves nothing."""
    for path in _only(old.types, new.types):
        yield ("cosmetic", path, "was not said this time") if path.endswith("]") else ("breaking", path, "is gone")
    for path in _only(new.types, old.types):
        yield ("cosmetic", path, "was not said before") if path.endswith("]") else ("additive", path, "is new")
    for path in sorted(old.types.keys() & new.types.keys()):
        before, after = old.types[path] - {"null"}, new.types[path] - {"null"}
        if before and after and before != after:
            yield "breaking", path, f"{_or(before)} is now {_or(after)}"
    differing = [path for path, values in old.values.items() if path in new.values and new.values[path] != values]
    if differing:
        more = f" and {len(differing) - _MOST_PATHS} more" if len(differing) > _MOST_PATHS else ""
        yield "cosmetic", "values", f"others in {', '.join(sorted(differing)[:_MOST_PATHS])}{more}"


def _only(these: Mapping[str, Any], those: Mapping[str, Any]) -> list[str]:
    return sorted(path for path in these.keys() - those.keys() if _parent(path) in those)


def _parent(path: str) -> str:
    if path.endswith("]"):
        return path.rpartition("[")[0]
    return path.rpartition(".")[0]


def _or(types: set[str]) -> str:
    return " or ".join(sorted(types))
