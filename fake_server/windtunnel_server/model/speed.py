"""Fast mode: which models have it, and at which speed a request is answered.

Read in the API's documentation (platform.claude.com/docs/en/build-with-claude/fast-mode, September to November 2026):
Opus 4.6 falls back to the usual speed and price without an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from windtunnel_server.model.models import Model, find

Speed: TypeAlias = Literal["standard", "fast"]

#: By `Model.short_name`.
_FAST: Final = frozenset({"fable-5-2", "opus-5-5", "opus-5", "opus-4-8"})
_FALLS_BACK: Final = frozenset({"opus-4-6"})


def answers_fast(model: Model) -> bool:
    """Say whether a model answers a request for fast mode, be it at the usual speed."""
    return model.short_name in _FAST | _FALLS_BACK


def speed_of(request: Mapping[str, Any]) -> Speed | None:
    """Tell at which speed a request is answered; None where it asks for none."""
    asked = request.get("speed")
    if asked is None:
        return None
    model = find(str(request.get("model")))
    return "fast" if asked == "fast" and model is not None and model.short_name in _FAST else "standard"
