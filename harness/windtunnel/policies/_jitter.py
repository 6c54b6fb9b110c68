"""How chance changes a delay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from windtunnel.policies._errors import PolicyError


@dataclass(frozen=True, slots=True)
class Jitter:
    """How chance changes a delay d; `share` is a fraction of it, and every wait in the range is as likely as any other.

    none: d exactly · subtract: from d·(1-share) to d · add: from d to d·(1+share) · spread: share to either side ·
    full: from 0 to d.
    """

    kind: Literal["none", "subtract", "add", "spread", "full"] = "none"
    share: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in _JITTER:
            raise PolicyError(f"jitter {self.kind!r} is not known (known: {', '.join(_JITTER)})")
        if self.kind in ("none", "full") and self.share:
            raise PolicyError(f"{self} has no share; leave {self.share!r} out, or choose subtract, add or spread")
        if not 0 <= self.share <= 1:
            raise PolicyError(f"jitter share {self.share!r} is not a fraction from 0 to 1; write 0.25 for 25 %")

    def around(self, delay_s: float) -> tuple[float, float]:
        """Return the shortest and the longest wait for a delay of `delay_s`."""
        low, high = _JITTER[self.kind](self.share)
        return delay_s * low, delay_s * high

    @property
    def present(self) -> bool:
        """Whether chance changes anything at all."""
        low, high = self.around(1.0)
        return low < high

    def __str__(self) -> str:
        words = {"none": "no jitter", "full": "full jitter", "subtract": "less up to", "add": "plus up to"}
        text = words.get(self.kind, "give or take")
        return text if self.kind in ("none", "full") else f"{text} {self.share:.0%}"


_JITTER: Mapping[str, Callable[[float], tuple[float, float]]] = {
    "none": lambda share: (1.0, 1.0),
    "subtract": lambda share: (1.0 - share, 1.0),
    "add": lambda share: (1.0, 1.0 + share),
    "spread": lambda share: (1.0 - share, 1.0 + share),
    "full": lambda share: (0.0, 1.0),
}
