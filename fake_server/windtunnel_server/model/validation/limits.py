"""How much a request may ask of its model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.rule import Asked, Example, Rule


def _output(asked: Asked) -> Iterator[Problem]:
    if asked.terms.endpoint == "count_tokens":
        return
    wanted, limit = asked.request["max_tokens"], asked.model.max_output
    if wanted < 0:
        yield invalid("max_tokens", "must be greater than or equal to 0")
    elif wanted > limit:
        allowed = "which is the maximum allowed number of output tokens for"
        yield invalid("max_tokens", f"{wanted} > {limit}, {allowed} {asked.request['model']}")


def _warming(asked: Asked) -> Iterator[Problem]:
    if asked.terms.endpoint == "messages" and asked.request["max_tokens"] == 0 and asked.request.get("stream"):
        yield invalid("max_tokens", "must be greater than or equal to 1 when `stream` is true")


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="max_tokens_within_limit",
        about="`max_tokens` is from 0 up to the model's output limit.",
        source="wire.md 6.3, 9.1; windows and limits: 11.2",
        passes=Example({"max_tokens": 128_000}),
        fails=Example({"max_tokens": 128_001}),
        says="max_tokens: 128001 > 128000, which is the maximum allowed number of output tokens for claude-sonnet-5",
        check=_output,
    ),
    Rule(
        name="warming_is_no_stream",
        about="A request that only warms the cache (`max_tokens: 0`) is no stream.",
        source="wire.md 8.2 (documented; the words are unverified)",
        passes=Example({"max_tokens": 0}),
        fails=Example({"max_tokens": 0, "stream": True}),
        says="max_tokens: must be greater than or equal to 1 when `stream` is true",
        check=_warming,
    ),
)
