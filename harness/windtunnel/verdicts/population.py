"""Backoff over many retries: is the jitter really there and of the declared shape, and do clients come back in step?

One wait inside its envelope says little about chance, hundreds say a lot. Both verdicts read the reports of the backoff
verdict, of one run or of many, and look only at waits that came from backoff, in chains that are certain: a hint of
the server is the same for everyone.
"""

from __future__ import annotations

from windtunnel.verdicts._jitter import FEWEST_WAITS, jitter
from windtunnel.verdicts._synchrony import TOGETHER_S, WINDOW, synchrony
from windtunnel.verdicts._waits import COARSEST, FALSE_ALARM

__all__ = ["COARSEST", "FALSE_ALARM", "FEWEST_WAITS", "TOGETHER_S", "WINDOW", "jitter", "synchrony"]
