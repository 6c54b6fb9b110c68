"""Every family of rules, in the order in which they are asked (unverified)."""

from __future__ import annotations

from typing import Final

from windtunnel_server.model.validation import (
    betas,
    block_examples,
    caching,
    context_edits,
    conversation,
    counting,
    drafts,
    field_examples,
    limits,
    media,
    pairing,
    sampling,
    speeds,
    structured,
    summaries,
    support,
    surfaces,
    system_turns,
    thinking,
    tool_changes,
    tool_examples,
    tool_rules,
    tool_types,
)
from windtunnel_server.model.validation.rule import Rule

FAMILIES: Final = {
    "shapes of fields": field_examples.RULES,
    "shapes of tools": tool_examples.RULES,
    "shapes of blocks": block_examples.RULES,
    "differences of the doors": surfaces.RULES,
    "betas": betas.RULES,
    "tool changes": tool_changes.RULES,
    "system messages": system_turns.RULES,
    "caching": caching.RULES,
    "conversation": conversation.RULES,
    "tool calls": pairing.RULES,
    "limits": limits.RULES,
    "images and documents": media.RULES,
    "thinking": thinking.RULES,
    "sampling": sampling.RULES,
    "tools": tool_rules.RULES,
    "tools by model": tool_types.RULES,
    "tool schemas": drafts.RULES,
    "structured output": structured.RULES,
    "support": support.RULES,
    "speed": speeds.RULES,
    "counts": counting.RULES,
    "context edits": context_edits.RULES,
    "summaries": summaries.RULES,
}

#: Rules by name, in order.
RULES: Final = {rule.name: rule for family in FAMILIES.values() for rule in family}

#: Those that look at more than the shape.
CHECKED: Final[tuple[Rule, ...]] = tuple(rule for rule in RULES.values() if rule.check is not None)
