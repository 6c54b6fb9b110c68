"""A chain drawn to scale: attempts as bars, the waits between them, the allowed ends of each wait shaded."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from html import escape
from typing import TypeAlias

from windtunnel.verdicts.account import AttemptAccount, ChainAccount
from windtunnel.verdicts.units import duration, span

_Place: TypeAlias = Callable[[float], float]

WIDTH, MARGIN, ROW, AXIS = 900, 24, 26, 30
#: A bar narrower than this could not be seen.
_LEAST = 3.0

STYLE = """
svg.timeline { width: 100%; min-width: 36rem; height: auto; display: block; margin: .5rem 0; }
.timeline text { font: 11px system-ui, sans-serif; fill: var(--soft); paint-order: stroke; stroke: var(--paper);
  stroke-width: 5px; stroke-linejoin: round; }
.timeline .axis { stroke: var(--rule); } .timeline .wait { stroke: var(--soft); stroke-dasharray: 2 3; }
.timeline .allowed { fill: var(--pass); opacity: .25; } .timeline .attempt { fill: var(--note); }
.timeline .bad { fill: var(--fail); } .timeline .doubtful { fill: var(--unknown); }
"""

_CLASSES = {"early": "attempt bad", "late": "attempt bad", "not allowed": "attempt bad", "unsure": "attempt doubtful"}


def timeline(chain: ChainAccount) -> str:
    """Return an SVG of the chain; one row an attempt, one scale for all."""
    attempts = chain.attempts
    first, last = attempts[0].at_s, max(_ends(chain))
    scale = (WIDTH - 2 * MARGIN) / max(last - first, 1e-6)
    height = ROW * len(attempts) + AXIS
    rows = [_row(chain, place, first, scale) for place in range(len(attempts))]
    label = escape(f"Timeline of {chain.title}: {len(attempts)} attempts in {duration(last - first)}", quote=True)
    opening = f'<svg class="timeline" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{label}">'
    return "".join([opening, *rows, _axis(first, last, height - AXIS + 6), "</svg>"])


def _ends(chain: ChainAccount) -> Iterator[float]:
    """The instants that the drawing must have room for; an envelope that never ends does not count."""
    for place, attempt in enumerate(chain.attempts):
        yield attempt.at_s
        yield attempt.at_s if attempt.ended_at_s is None else attempt.ended_at_s
        if attempt.envelope is not None and math.isfinite(attempt.envelope.high_s):
            yield (chain.attempts[place - 1].ended_at_s or 0.0) + attempt.envelope.high_s


def _row(chain: ChainAccount, place: int, first: float, scale: float) -> str:
    attempt, top = chain.attempts[place], ROW * place + 5

    def x(at_s: float) -> float:
        return round(MARGIN + (at_s - first) * scale, 2)

    end = attempt.at_s if attempt.ended_at_s is None else attempt.ended_at_s
    width = max(round((end - attempt.at_s) * scale, 2), _LEAST)
    start, kind = x(attempt.at_s), _CLASSES.get(attempt.mark, "attempt")
    name = escape(f"attempt {attempt.number} at {duration(attempt.at_s)}: {attempt.answer} {attempt.mark}".strip())
    parts = [_wait(chain.attempts[place - 1], attempt, x, top)] if place else []
    parts.append(f'<rect class="{kind}" x="{start}" y="{top}" width="{width}" height="14"><title>{name}</title></rect>')
    # Beside the bar, on the side where there is room.
    room = start + width < WIDTH / 2
    side = f'x="{start + width + 5:.2f}"' if room else f'x="{start - 5:.2f}" text-anchor="end"'
    return "".join([*parts, f'<text {side} y="{top + 11}">#{attempt.number} {escape(attempt.answer)}</text>'])


def _wait(before: AttemptAccount, attempt: AttemptAccount, x: _Place, top: int) -> str:
    if before.ended_at_s is None:
        return ""
    begin, middle = x(before.ended_at_s), top + 7
    line = f'<line class="wait" x1="{begin}" x2="{x(attempt.at_s)}" y1="{middle}" y2="{middle}"/>'
    allowed = attempt.envelope
    if allowed is None or not math.isfinite(allowed.high_s):
        return line
    low, high = x(before.ended_at_s + allowed.low_s), x(before.ended_at_s + allowed.high_s)
    title = escape(f"allowed: {span(allowed.low_s, allowed.high_s)} after attempt {before.number}; {allowed.why}")
    shade = f'<rect class="allowed" x="{low}" y="{top - 3}" width="{max(high - low, _LEAST):.2f}" height="20">'
    return f"{shade}<title>{title}</title></rect>{line}"


def _axis(first: float, last: float, y: int) -> str:
    line = f'<line class="axis" x1="{MARGIN}" x2="{WIDTH - MARGIN}" y1="{y}" y2="{y}"/>'
    ends = ((MARGIN, "start", first), (WIDTH - MARGIN, "end", last))
    texts = (f'<text x="{x}" y="{y + 14}" text-anchor="{anchor}">{duration(at)}</text>' for x, anchor, at in ends)
    return line + "".join(texts)
