"""What has to hold for tools that come and go in the middle of a conversation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.conditions import with_beta
from windtunnel_server.model.validation.rule import Asked, Example, Rule

_INLINE: Final = "inline-tools-2026-09-15"
_asked_for: Final = with_beta("inline-tools-", "mid-conversation-tool-changes-")


def _need_a_beta(asked: Asked) -> Iterator[Problem]:
    if not _asked_for(asked.terms):
        for placed in asked.blocks("tool_addition", "tool_removal"):
            yield invalid(placed.path, f"`{placed.block['type']}` blocks require anthropic-beta: {_INLINE}")


def _adding() -> dict[str, Any]:
    addition = {"type": "tool_addition", "tool": {"type": "tool_reference", "name": "look"}}
    tool = {"name": "look", "input_schema": {"type": "object"}, "defer_loading": True}
    other = {"name": "read", "input_schema": {"type": "object"}}
    turns = [{"role": "user", "content": "Look."}, {"role": "system", "content": [addition]}]
    return {"model": "claude-opus-5", "tools": [other, tool], "messages": turns}


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="tool_changes_need_a_beta",
        about="Tools come and go in the middle of a conversation under a beta only.",
        source="BerriAI/litellm#44103 (September 2026)",
        passes=Example(_adding(), {"betas": frozenset({_INLINE})}),
        fails=Example(_adding()),
        says=f"messages.1.content.0: `tool_addition` blocks require anthropic-beta: {_INLINE}",
        check=_need_a_beta,
    ),
)
