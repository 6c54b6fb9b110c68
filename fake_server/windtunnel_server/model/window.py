"""The context window: what fits, what is refused, and how much an answer may still say (wire.md 9.1)."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from windtunnel_server.model.models import Model
from windtunnel_server.model.problem import Problem
from windtunnel_server.wire.errors import KINDS

#: Opens the window that the models endpoint names: 1 M tokens on Sonnet 4 and 4.5.
LONG_CONTEXT_BETA: Final = "context-1m-2025-08-07"
#: An answer on a model before 4.5 may fill the window too, in the place of a refusal.
SOFT_WINDOW_BETA: Final = "model-context-window-exceeded-2025-08-26"


@dataclass(frozen=True, slots=True)
class Window:
    """The window of one call. Sizes are tokens."""

    tokens: int
    #: An answer may stop where the window is full; False: a `max_tokens` that could get there is refused.
    soft: bool

    def refusal(self, input_tokens: int, max_tokens: int) -> Problem | None:
        """Refuse what does not fit, in the API's words; None for what does."""
        if input_tokens > self.tokens:
            return _problem("prompt_too_long", tokens=input_tokens, limit=self.tokens)
        if input_tokens + max_tokens > self.tokens and not self.soft:
            name = "input_plus_max_tokens_too_long"
            return _problem(name, input=input_tokens, max_tokens=max_tokens, limit=self.tokens)
        return None

    def room(self, input_tokens: int) -> int:
        """Tokens that an answer may have before the window is full."""
        return max(self.tokens - input_tokens, 0)


def window_of(model: Model, *, set_to: int | None = None, betas: AbstractSet[str] = frozenset()) -> Window:
    """Find the window of a call: `set_to`, or the model's own with what its betas open."""
    opened = model.listed_window if LONG_CONTEXT_BETA in betas else None
    return Window(set_to or opened or model.window, model.era.soft_window or SOFT_WINDOW_BETA in betas)


def is_long(model: Model, input_tokens: int, betas: AbstractSet[str]) -> bool:
    """Say whether a prompt has grown beyond a window that only a beta opens any further: 200 K tokens."""
    return model.listed_window is not None and LONG_CONTEXT_BETA in betas and input_tokens > model.window


def _problem(kind: str, **values: object) -> Problem:
    return Problem(kind, KINDS[kind].text(values))
