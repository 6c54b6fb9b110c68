"""From what was asked for to the cases: scenarios × clients × providers × seeds, less what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from windtunnel.scenario.case import Case
from windtunnel.scenario.library import Found
from windtunnel_server.script import unknown_word


class MatrixError(ValueError):
    """A wish that no case fits; the message says which, and what is on offer."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Every `count`-th case, beginning with the `index`-th, counted from 1: together the shards are all of them."""

    index: int = 1
    count: int = 1

    @classmethod
    def read(cls, text: str) -> Shard:
        """Read "2/5"."""
        index, slash, count = text.partition("/")
        if not (slash and index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
            raise MatrixError(f"--shard {text}: write the number of the shard and of how many, from 1/1 up: 2/5")
        return cls(int(index), int(count))

    def of(self, cases: Sequence[Case]) -> list[Case]:
        return list(cases[self.index - 1 :: self.count])


def cases(
    found: Sequence[Found],
    *,
    clients: Sequence[str],
    providers: Sequence[str],
    seeds: Sequence[int],
    policy: str | None = None,
    chosen: Mapping[str, str] | None = None,
) -> list[Case]:
    """Return the cases in the order of the scenarios. `chosen` keeps those whose variables have these values."""
    kept = [one for one in found if _has(one, chosen or {})]
    if found and not kept:
        _refuse_choice(found, chosen or {})
    return [
        Case(id=asked, scenario=one.scenario, client=client, provider=provider, seed=seed, policy=policy)
        for asked, one in zip(_asked(kept), kept, strict=True)
        for client in dict.fromkeys(clients)  # what is asked for twice is run once
        for provider in dict.fromkeys(providers)
        for seed in dict.fromkeys(seeds)
    ]


def _asked(found: Sequence[Found]) -> list[str]:
    """What one types for each: its short name where that is enough."""
    paths: dict[str, set[str]] = {}
    for one in found:
        paths.setdefault(one.id, set()).add(str(one.path))
    return [one.id if one.shipped and len(paths[one.id]) == 1 else str(one.path) for one in found]


def _has(one: Found, chosen: Mapping[str, str]) -> bool:
    values = {name: str(value) for name, value in one.scenario.variables.items()}
    return all(values.get(name) == value for name, value in chosen.items())


def _refuse_choice(found: Sequence[Found], chosen: Mapping[str, str]) -> None:
    names = Counter(name for one in found for name in one.scenario.variables)
    for name in chosen:
        if name not in names:
            raise MatrixError(unknown_word("--set", name, names))
    values = {f"{name}={value}" for one in found for name, value in one.scenario.variables.items() if name in chosen}
    wanted = ", ".join(f"{name}={value}" for name, value in chosen.items())
    raise MatrixError(f"--set: no scenario has {wanted}; there are {', '.join(sorted(values))}")
