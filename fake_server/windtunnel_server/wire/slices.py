"""How a model's text and tool input are cut into deltas."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any, Final

from windtunnel_server.wire.compact import dumps
from windtunnel_server.wire.generation import Generation, generation


@dataclass(frozen=True, slots=True)
class Slicing:
    """How long deltas are, in characters; None: as the model's own.

    `eager` is the fine-grained streaming of tool input: cut like text, without regard to keys and values.
    """

    text_piece: int | None = None
    input_piece: int | None = None
    eager: bool = False


#: Every piece as long as the model would make it.
NATURAL: Final = Slicing()

#: First generation → median characters of a text or thinking delta (FACTS 6; 5.x off recorded streams of sonnet-5).
_MEDIAN: Final[tuple[tuple[Generation, float], ...]] = (((0, 0), 9), ((4, 6), 40), ((4, 7), 87), ((5, 0), 70))
#: The first delta of a block is shorter (FACTS 6).
_MEDIAN_OF_FIRST: Final = 4
#: Spread of the logarithm; gives the recorded quartiles of the 4.x models (5, 9, 17 characters).
_SIGMA: Final = 0.9
#: Longest text delta recorded: 168 characters.
_LONGEST: Final = 168
#: Input slices are 2 to 12 characters long, each equally often, and begin anew at every top-level key
#: (counted over 1,277 recorded slices; 91 of 91 keys).
_INPUT: Final = (2, 12)

#: Stand-ins for tokens: a word with the blank before it, a run of signs, a run of blanks. Covers every character.
_WORD: Final = re.compile(r"\s?\w{1,12}|[^\w\s]{1,6}|\s+")


@dataclass(frozen=True, slots=True)
class Cutter:
    """Cuts what one model says. Chance comes from `rng`."""

    model: str
    slicing: Slicing
    rng: Random

    def text(self, text: str) -> list[str]:
        """Cut text or thinking; the pieces joined are the text."""
        if self.slicing.text_piece is not None:
            return _even(text, self.slicing.text_piece)
        return list(self._as_spoken(text))

    def input(self, value: Any) -> list[str]:
        """Cut a tool input; the pieces joined are its JSON. The first piece is always empty.

        An empty input has no further piece (clients treat the empty text as `{}`; unverified on the wire). A string
        is sent as it is: that is how eager input that breaks off is written.
        """
        text = value if isinstance(value, str) else input_json(value)
        if value == {} or not text:
            return [""]
        if self.slicing.input_piece is not None:
            return ["", *_even(text, self.slicing.input_piece)]
        if self.slicing.eager or not isinstance(value, Mapping):
            return ["", *self._as_spoken(text)]
        return ["", *self._by_key(value)]

    def _by_key(self, value: Mapping[str, Any]) -> list[str]:
        pieces = [piece for part in _parts(value) for piece in self._short(part)]
        pieces[-1] += "}"
        return pieces

    def _short(self, part: str) -> Iterator[str]:
        while part:
            size = self.rng.randint(*_INPUT)
            yield part[:size]
            part = part[size:]

    def _as_spoken(self, text: str) -> Iterator[str]:
        piece, size = "", self._draw(_MEDIAN_OF_FIRST)
        for word in _WORD.findall(text):
            if piece and len(piece) + len(word) / 2 > size:
                yield piece
                piece, size = "", self._draw(_median(self.model))
            piece += word
        if piece:
            yield piece

    def _draw(self, median: float) -> float:
        return min(_LONGEST, median * math.exp(self.rng.gauss(0, _SIGMA)))


def input_json(value: Any) -> str:
    """Write a tool input as the model does: blanks behind `:` and `,` on the top level, compact below (recorded)."""
    if not isinstance(value, Mapping):
        return dumps(value)
    return "".join(_parts(value)) + "}" if value else "{}"


def _parts(value: Mapping[str, Any]) -> list[str]:
    pairs = [f"{dumps(str(key))}: {dumps(item)}" for key, item in value.items()]
    return [("{" if place == 0 else ", ") + pair for place, pair in enumerate(pairs)]


@lru_cache(maxsize=64)
def _median(model: str) -> float:
    known = generation(model)
    return max((first, median) for first, median in _MEDIAN if first <= known)[1]


def _even(text: str, size: int) -> list[str]:
    if size < 1:
        raise ValueError(f"a piece of {size} characters is none; give 1 or more, or None for the model's own sizes")
    return [text[start : start + size] for start in range(0, len(text), size)]
