"""A prompt counted once: its blocks in the order the cache reads them, and the tokens up to each.

Context window, rate limits, prompt cache and usage all take their numbers from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from windtunnel_server.model.tokens import Piece, weigh


@dataclass(frozen=True, slots=True)
class Prompt:
    """The blocks of a request (tools, then system, then messages) and what they come to, in tokens."""

    pieces: tuple[Piece, ...]
    #: Tokens from the beginning up to the end of each block.
    upto: tuple[int, ...]
    #: Tokens of the whole, what closes the last turn included: what count_tokens says.
    tokens: int


def counted(request: Mapping[str, Any]) -> Prompt:
    """Count the prompt of a Messages request."""
    pieces, closing = weigh(request)
    sums = tuple(accumulate(piece.weight for piece in pieces))
    whole = (sums[-1] if sums else 0.0) + closing
    return Prompt(tuple(pieces), tuple(map(round, sums)), max(1, round(whole)))
