"""Which models have a fast mode.

Documented (platform.claude.com/docs/en/build-with-claude/fast-mode, September to November 2026): Fable 5.2, Opus 5.5, Opus 5
and Opus 4.8; Opus 4.6 answers at the usual speed and price; Opus 4.7 refuses since 2026-07-24, and so do all others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.speed import answers_fast
from windtunnel_server.model.validation.rule import Asked, Example, Rule


def _fast(asked: Asked) -> Iterator[Problem]:
    if asked.request.get("speed") == "fast" and not answers_fast(asked.model):
        yield invalid("", f"'{asked.model.id}' does not support the `speed` parameter.")


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="fast_mode_supported",
        about="Fast mode is asked of models that have it: Fable 5.2, Opus 5.5, 5 and 4.8; Opus 4.6 takes no notice.",
        source="platform.claude.com/docs/en/build-with-claude/fast-mode; public reports of the words (2026)",
        passes=Example({"model": "claude-opus-5-5", "speed": "fast"}),
        fails=Example({"speed": "fast"}),
        says="'claude-sonnet-5' does not support the `speed` parameter.",
        check=_fast,
    ),
)
