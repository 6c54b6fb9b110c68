"""Changes to bytes: what is cut out, and what is put there. Everything between them stays as it was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from windtunnel.cassette.interaction import Arrival


class Edit(NamedTuple):
    """Put `text` where `[start:end]` was. Offsets are those of the bytes before any edit."""

    start: int
    end: int
    text: bytes
    #: Of secret, as `keep` in the rules calls it.
    kind: str

    def moved(self, by: int) -> Edit:
        """Return the same edit for bytes that begin `by` later."""
        return self._replace(start=self.start + by, end=self.end + by)


def merged(edits: Iterable[Edit], text: bytes) -> list[Edit]:
    """Return edits in order, none overlapping, without those that change nothing.

    Where edits overlap, the earliest and then the longest gives the placeholder, and all that any of them covers goes.
    """
    out: list[Edit] = []
    for edit in sorted(set(edits), key=lambda edit: (edit.start, -edit.end, edit.text)):
        if out and edit.start < out[-1].end:
            out[-1] = out[-1]._replace(end=max(edit.end, out[-1].end))
        else:
            out.append(edit)
    return [edit for edit in out if text[edit.start : edit.end] != edit.text]


def apply(text: bytes, edits: Sequence[Edit]) -> bytes:
    """Return `text` with edits made that `merged` put in order."""
    if not edits:
        return text
    out: list[bytes] = []
    at = 0
    for edit in edits:
        out += (text[at : edit.start], edit.text)
        at = edit.end
    return b"".join((*out, text[at:]))


def resized(arrivals: tuple[Arrival, ...], edits: Sequence[Edit]) -> tuple[Arrival, ...]:
    """Return arrivals whose sizes add up to the body again.

    A placeholder comes with the bytes among which its secret began; an arrival of which nothing is left is dropped.
    """
    if not edits:
        return arrivals
    out, start = [], 0
    for arrival in arrivals:
        end = start + arrival.size
        size = arrival.size + sum(_grown(edit, start, end) for edit in edits if edit.start < end and edit.end >= start)
        if size or not arrival.size:
            out.append(Arrival(arrival.at_s, size))
        start = end
    return tuple(out)


def _grown(edit: Edit, start: int, end: int) -> int:
    gone = max(0, min(edit.end, end) - max(edit.start, start))
    return (len(edit.text) if start <= edit.start < end else 0) - gone
