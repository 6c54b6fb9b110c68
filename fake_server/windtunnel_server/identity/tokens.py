"""Tokens as the API shapes them: minted from the seed, and told apart by their last four characters."""

from __future__ import annotations

import string
from random import Random
from typing import Final

#: Seen in public reports and in the API's documentation (`sk-ant-oat01-`); length and ending are those of API keys,
#: unverified for tokens.
ACCESS: Final = "sk-ant-oat01-"
REFRESH: Final = "sk-ant-ort01-"
_LENGTH, _ENDING = 108, "AA"

#: Says to whoever finds one that it opens nothing.
_WARNING: Final = "windtunnel-not-a-real-token-"
_LETTERS: Final = string.ascii_letters + string.digits + "-_"
_TAIL: Final = 2


class Tokens:
    """A mint. No two tokens end alike until every ending (64 · 64) has been used: the journal keeps four characters."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"tokens {seed}")
        self._tails: list[str] = []

    def access(self) -> str:
        return self._mint(ACCESS)

    def refresh(self) -> str:
        return self._mint(REFRESH)

    def code(self) -> str:
        """Mint a code that tokens are exchanged for. Its shape is unverified."""
        return "".join(self._random.choices(_LETTERS, k=43))

    def _mint(self, prefix: str) -> str:
        free = _LENGTH - len(prefix) - len(_WARNING) - _TAIL - len(_ENDING)
        return prefix + _WARNING + "".join(self._random.choices(_LETTERS, k=free)) + self._tail() + _ENDING

    def _tail(self) -> str:
        if not self._tails:
            self._tails = [first + second for first in _LETTERS for second in _LETTERS]
            self._random.shuffle(self._tails)
        return self._tails.pop()
