"""How verdicts and reports write a time and a number of things."""

from __future__ import annotations

import math


def duration(seconds: float) -> str:
    """Write a length of time with the units a reader would choose: `0.437 s`, `5 min 0.000 s`, `12 µs`."""
    if math.isinf(seconds) or math.isnan(seconds):
        return "any time" if seconds > 0 else "no time"
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if 0 < seconds < 0.0005:
        return f"{max(round(seconds * 1e6), 1)} µs"
    millis = round(seconds * 1000)
    minutes, rest = divmod(millis, 60_000)
    hours, minutes = divmod(minutes, 60)
    words = [f"{hours} h"] * (hours > 0) + [f"{minutes} min"] * (hours > 0 or minutes > 0)
    return " ".join([*words, f"{rest / 1000:.3f} s"])


def span(low_s: float, high_s: float) -> str:
    """Write a range of times: `0.375 s to 0.500 s`, or one time where both ends are the same."""
    low, high = duration(low_s), duration(high_s)
    return low if low == high else f"{low} to {high}"


def counted(number: int, word: str) -> str:
    """Write `1 retry`, `2 retries`, `3 chains`."""
    plural = f"{word[:-1]}ies" if word.endswith("ry") else f"{word}es" if word.endswith("ss") else f"{word}s"
    return f"{number} {word if number == 1 else plural}"
