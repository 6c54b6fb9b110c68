"""Which claim is about which request, told by the instants at which both end.

A claim is made when its request is over, never before. So where claims and requests end in the same instants, equally
many in each, every claim was made in the instant in which its own request ended: one that was made later would leave its
request's instant a claim short, and no other claim can fill the place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, TypeVar

from windtunnel.verdicts.claims import Claim

T = TypeVar("T")

#: A claim's own instants are taken just before and just after its calls; on the real clock they can be read a
#: moment late. Our choice, far below any backoff.
SLACK_S: Final = 0.005


@dataclass(frozen=True, slots=True)
class Ending:
    """A request's span on the clock, in seconds."""

    begins_at: float
    ends_at: float
    #: All that a verdict can see of it: which of two with the same look a claim is about makes no difference.
    look: object
    #: Whose it is, where that is known.
    client: int | None = None


def by_end(claims: Sequence[Claim], endings: Sequence[Ending]) -> list[tuple[int, int]]:
    """Return pairs of places, of a claim and of a request. Left out are those that end together and are not alike.

    Nothing at all is told where the instants of claims and requests are not the same.
    """
    if len(claims) != len(endings) or any(claim.asked_at is None or claim.ended_at is None for claim in claims):
        return []
    instants = list(_instants(claims, endings))
    if any(len(made) != len(over) for made, over in instants):
        return []
    told = [pair for made, over in instants for pair in _told_apart(made, over, claims, endings)]
    return told if all(_asked_before(claims[made], endings[over]) for made, over in told) else []


def _instants(claims: Sequence[Claim], endings: Sequence[Ending]) -> Iterator[tuple[list[int], list[int]]]:
    """Yield the places of the claims and of the requests of each instant, both in the order of their beginnings."""
    made = sorted(range(len(claims)), key=lambda place: claims[place].asked_at or 0.0)
    over = sorted(range(len(endings)), key=lambda place: endings[place].begins_at)
    ends = sorted({claim.ended_at or 0.0 for claim in claims} | {ending.ends_at for ending in endings})
    cuts = [place for place, (one, other) in enumerate(pairwise(ends), start=1) if other - one > SLACK_S]
    for start, stop in pairwise([0, *cuts, len(ends)]):
        instant = frozenset(ends[start:stop])
        yield (
            [place for place in made if claims[place].ended_at in instant],
            [place for place in over if endings[place].ends_at in instant],
        )


def _told_apart(
    made: Sequence[int], over: Sequence[int], claims: Sequence[Claim], endings: Sequence[Ending]
) -> list[tuple[int, int]]:
    """Pair what ended in one instant: by the client; then, where all claims or all requests are alike, in any way."""
    of_client = {claims[place].client: place for place in made if _once(claims[place].client, made, claims)}
    known = [(of_client[client], place) for place in over if (client := endings[place].client) in of_client]
    if len({claim for claim, _ in known}) < len(known):
        return []
    claims_left = [place for place in made if place not in {claim for claim, _ in known}]
    left = [place for place in over if place not in {place for _, place in known}]
    alike = _same([_said(claims[place]) for place in claims_left]) or _same([endings[place].look for place in left])
    return [*known, *(zip(claims_left, left, strict=True) if alike else ())]


def _once(client: int, made: Sequence[int], claims: Sequence[Claim]) -> bool:
    return sum(claims[place].client == client for place in made) == 1


def _same(things: Sequence[object]) -> bool:
    return all(one == other for one, other in pairwise(things))


def _said(claim: Claim) -> Claim:
    return replace(claim, client=0, asked_at=None, ended_at=None)


def _asked_before(claim: Claim, ending: Ending) -> bool:
    return claim.asked_at is not None and claim.asked_at - SLACK_S <= ending.begins_at
