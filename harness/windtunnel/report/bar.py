"""Where a wait lies in its envelope, as a line of characters."""

from __future__ import annotations

import math

from windtunnel.policies import Envelope

WIDTH = 11
#: The envelope takes the middle third; what is outside is drawn on the same scale until the edge.
_LEFT, _RIGHT = 3, 7
#: Left end, right end, line between; a gap inside, a gap outside.
_FINE = ("├", "┤", "─", "●", "◆")
_ASCII = ("[", "]", "-", "o", "x")


def bar(gap_s: float, envelope: Envelope, *, ascii_only: bool = False) -> str:
    """Draw the envelope with the gap in it: a dot inside, a diamond outside; at the edge where it is far off.

    An envelope without width has one mark, and everything beside it is outside.
    """
    if envelope.source == "unknown" or not math.isfinite(envelope.high_s):
        return ""
    left, right, line, inside, outside = _ASCII if ascii_only else _FINE
    cells = [" "] * WIDTH
    cells[_LEFT : _RIGHT + 1] = [left, *line * (_RIGHT - _LEFT - 1), right]
    place, within = _place(gap_s, envelope)
    cells[place] = inside if within else outside
    return "".join(cells)


def _place(gap_s: float, envelope: Envelope) -> tuple[int, bool]:
    """Return the cell of the gap, and whether it is inside (to a microsecond)."""
    low, high = envelope.low_s, envelope.high_s
    if low - 1e-6 <= gap_s <= high + 1e-6:
        share = 0.5 if high - low < 2e-6 else (gap_s - low) / (high - low)
        return _LEFT + round(min(max(share, 0.0), 1.0) * (_RIGHT - _LEFT)), True
    # An envelope without width gives no scale: a cell is a tenth of the wait then.
    cell_s = (high - low) / (_RIGHT - _LEFT) or max(high / 10, 1e-6)
    if gap_s < low:
        return max(_LEFT - math.ceil(min((low - gap_s) / cell_s, WIDTH)), 0), False
    return min(_RIGHT + math.ceil(min((gap_s - high) / cell_s, WIDTH)), WIDTH - 1), False
