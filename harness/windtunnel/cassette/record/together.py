"""Tests that record into one cassette, one after the other or in several processes: what each of them adds to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from windtunnel.cassette.interaction import Interaction

_Key: TypeAlias = tuple[str, str, bytes]


def added(
    fresh: Iterable[Interaction], there: Iterable[Interaction], known: Iterable[Interaction]
) -> Sequence[Interaction]:
    """Return those of `fresh` that are not `there` by now; `known` is what was there when they began to be recorded.

    What another test has asked meanwhile, word for word, is not kept twice: only the first would ever be played. What
    one test itself has asked twice is.
    """
    meanwhile = Counter(map(_key, there))
    meanwhile.subtract(map(_key, known))
    result = []
    for interaction in fresh:
        key = _key(interaction)
        if meanwhile[key] > 0:
            meanwhile[key] -= 1
        else:
            result.append(interaction)
    return result


def _key(interaction: Interaction) -> _Key:
    return interaction.request.method, interaction.request.uri, interaction.request.body
