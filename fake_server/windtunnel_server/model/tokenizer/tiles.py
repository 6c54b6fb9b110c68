"""The least number of pieces of a vocabulary that cover a string."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from windtunnel_server.model.tokenizer.marks import BEGIN, CAPITAL, CAPITALS, END, MARKS

_FOLDER: Final = Path(__file__).parent / "vocabulary"
#: How the files write what could not be seen in them.
_MARKS: Final = {"⟨": BEGIN, "⟩": END, "⇧": CAPITAL, "⇪": CAPITALS, "␣": " ", "␠": "\u3000", "␉": "\t"}
#: Parts the pieces while a line end may be one.
_PARTED: Final = "\0"
#: Strings whose cost is remembered.
_REMEMBERED: Final = 1 << 16
_LONGEST_REMEMBERED: Final = 64


class Tiles:
    """A vocabulary and what strings cost in it. Reads its files when it is made (some 30 ms)."""

    def __init__(self, name: str) -> None:
        """Read the vocabulary `name` ("v3" or "v4_7")."""
        self._pieces = frozenset(_pieces(name))
        self._reach = _reach(self._pieces)
        singles = {piece.encode() for piece in self._pieces if len(piece) == 1 and piece not in MARKS}
        self._beginnings = singles | {bytes.fromhex(line) for line in _lines(f"{name}_bytes")}
        #: What single characters cost, and other strings.
        self._single: dict[str, int] = {}
        self._known: dict[str, int] = {}

    def cost(self, text: str) -> int:
        """Count the pieces that `text` takes at least; a character that is in none takes some for its bytes."""
        if text in self._pieces:
            return 1
        known = self._known.get(text)
        if known is None:
            known = self._cover(text)
            if len(text) <= _LONGEST_REMEMBERED:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[text] = known
        return known

    def _cover(self, text: str) -> int:
        pieces, reach, singles, length = self._pieces, self._reach, self._single, len(text)
        # No character takes more than its four bytes.
        best = [0, *[4 * length] * length]
        for start in range(length):
            so_far = best[start]
            char = text[start]
            single = so_far + (singles.get(char) or self._cost_of_one(char))
            if single < best[start + 1]:
                best[start + 1] = single
            so_far += 1
            for end in range(start + 2, min(length, start + reach.get(text[start : start + 2], 1)) + 1):
                if so_far < best[end] and text[start:end] in pieces:
                    best[end] = so_far
        return best[length]

    def _cost_of_one(self, char: str) -> int:
        found = self._single[char] = 1 if char in self._pieces else self._cover_bytes(char.encode())
        return found

    def _cover_bytes(self, text: bytes) -> int:
        best = list(range(len(text) + 1))
        for end in range(2, len(text) + 1):
            covered = (best[start] + 1 for start in range(end - 1) if text[start:end] in self._beginnings)
            best[end] = min(best[end - 1] + 1, *covered, end)
        return best[-1]


def _pieces(name: str) -> list[str]:
    text = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    # One piece a line; the signs for white space come last, when the line ends are no longer needed.
    for sign, meant in _MARKS.items():
        text = text.replace(sign, meant)
    pieces = text.replace("\n", _PARTED).replace("␤", "\n").split(_PARTED)
    return pieces[:-1]


def _lines(name: str) -> list[str]:
    return (_FOLDER / f"{name}.txt").read_text(encoding="ascii").split()


def _reach(pieces: frozenset[str]) -> dict[str, int]:
    """Give the length of the longest piece that begins with two characters."""
    reach: dict[str, int] = {}
    for piece in pieces:
        head, length = piece[:2], len(piece)
        if length > 1 and length > reach.get(head, 1):
            reach[head] = length
    return reach
