"""Under which terms a request is judged: the API version, the surface, the betas, and how strictly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from windtunnel_server.model.models import MODERN

Endpoint = Literal["messages", "count_tokens"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of one call. They hash, so that what was found under them can be remembered."""

    #: `2023-06-01`, `2026-10-21`; a cloud's own name for a version counts as the older.
    version: str = MODERN
    endpoint: Endpoint = "messages"
    #: The door it came to: "anthropic", "bedrock", "bedrock-mantle", "aws", "vertex", "google-cloud", "foundry".
    surface: str = "anthropic"
    betas: frozenset[str] = frozenset()
    #: False: every request passes that can be answered at all.
    strict: bool = True
    #: Rules that are on although nobody vouches for them, and rules that are off, by name.
    on: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()
    #: Models retired by then, `YYYY-MM-DD`, are not found; None: every model answers.
    models_as_of: str | None = None

    @property
    def modern(self) -> bool:
        return self.version == MODERN
