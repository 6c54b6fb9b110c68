"""How likely it is that chance alone did this: the tests behind the verdicts on populations. Pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Sequence


def distance(lows: Sequence[float], highs: Sequence[float]) -> float:
    """Return the Kolmogorov-Smirnov distance from the even distribution on 0 to 1.

    Each value is known to lie between its low and its high. The distance is the least that values in these ranges can
    have, so that a doubt about the values never counts against them.
    """
    number = len(lows)
    above = max((place + 1) / number - at for place, at in enumerate(sorted(highs)))
    below = max(at - place / number for place, at in enumerate(sorted(lows)))
    return min(max(above, below, 0.0), 1.0)


def ks_p_value(at_least: float, number: int) -> float:
    """Return the chance that `number` even, independent values have a distance of `at_least`.

    Twice the exact chance for one side (Birnbaum and Tingey 1951). That counts twice what is far off on both sides: it
    is never below the true value, and equal to it to three digits from 0.01 down. Where it is large, Stephens' (1970)
    approximation of Kolmogorov's limit is nearer and is taken.
    """
    if at_least <= 0:
        return 1.0
    bound = min(1.0, 2 * _one_sided(at_least, number))
    return bound if bound < 0.05 else min(bound, _kolmogorov(at_least, number))


def _one_sided(at_least: float, number: int) -> float:
    if at_least >= 1:
        return 0.0
    steps = math.floor(number * (1 - at_least))
    terms = (_term(at_least, number, place) for place in range(steps + 1))
    return min(1.0, at_least * math.fsum(terms))


def _term(at_least: float, number: int, place: int) -> float:
    below, above = at_least + place / number, 1 - at_least - place / number
    if above <= 0:
        return 0.0
    ways = math.lgamma(number + 1) - math.lgamma(place + 1) - math.lgamma(number - place + 1)
    return math.exp(ways + (place - 1) * math.log(below) + (number - place) * math.log(above))


def _kolmogorov(at_least: float, number: int) -> float:
    root = math.sqrt(number)
    scaled = (root + 0.12 + 0.11 / root) * at_least
    terms = ((-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101))
    return min(1.0, max(0.0, 2 * math.fsum(terms)))


def crowding(moments: Sequence[float], window: float) -> int:
    """Return how many moments lie in the fullest window of that length, both ends included."""
    ordered = sorted(moments)
    first = fullest = 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] > window:
            first += 1
        fullest = max(fullest, last - first + 1)
    return fullest


def crowding_p_value(at_least: int, number: int, share: float) -> float:
    """Return an upper bound on the chance that a window holds `at_least` of `number` independent moments.

    `share` is the chance of any one of them to lie in a window of that length, wherever it is. The fullest window may
    begin at a moment; to each of them, that the others join it is binomial; and there are `number` to begin at.
    """
    if at_least <= 1:
        return 1.0
    return min(1.0, number * binomial_tail(at_least - 1, number - 1, share))


def binomial_tail(at_least: int, number: int, share: float) -> float:
    """Return the chance of `at_least` successes in `number` trials with a chance of `share` each."""
    if at_least <= 0 or share >= 1:
        return 1.0
    if share <= 0:
        return 0.0
    return min(1.0, math.fsum(_binomial(place, number, share) for place in range(at_least, number + 1)))


def _binomial(place: int, number: int, share: float) -> float:
    ways = math.lgamma(number + 1) - math.lgamma(place + 1) - math.lgamma(number - place + 1)
    return math.exp(ways + place * math.log(share) + (number - place) * math.log1p(-share))
