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


def _warms_only(asked: Asked) -> Iterator[Problem]:
    """unverified: the words."""
    request = asked.request
    if asked.terms.endpoint != "messages" or request["max_tokens"] != 0:
        return
    unfit = {
        "thinking": (request.get("thinking") or {}).get("type") == "enabled",
        "output_config.format": bool((request.get("output_config") or {}).get("format")),
        "output_format": bool(request.get("output_format")),
        "tool_choice": (request.get("tool_choice") or {}).get("type") in ("any", "tool"),
    }
    for name, given in unfit.items():
        if given:
            yield invalid("max_tokens", f"must be greater than or equal to 1 when `{name}` is set")


_FORCED: Final = {
    "tools": [{"name": "look", "input_schema": {"type": "object"}}],
    "tool_choice": {"type": "any"},
}

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
    Rule(
        name="warming_asks_for_nothing",
        about="A request that only warms the cache has no enabled thinking, output format or forced choice.",
        source="wire.md 8.2 (documented; the words are unverified)",
        passes=Example({**_FORCED, "max_tokens": 0, "tool_choice": {"type": "auto"}}),
        fails=Example({**_FORCED, "max_tokens": 0}),
        says="max_tokens: must be greater than or equal to 1 when `tool_choice` is set",
        check=_warms_only,
    ),
)
