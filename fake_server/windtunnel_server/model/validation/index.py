"""Every family of rules, in the order in which they are asked (unverified)."""

from __future__ import annotations

from typing import Final

from windtunnel_server.model.validation import conversation, limits, tool_rules
from windtunnel_server.model.validation.rule import Rule

FAMILIES: Final = {
    "conversation": conversation.RULES,
    "limits": limits.RULES,
    "tools": tool_rules.RULES,
}

#: Rules by name, in order.
RULES: Final = {rule.name: rule for family in FAMILIES.values() for rule in family}

#: Those that look at more than the shape.
CHECKED: Final[tuple[Rule, ...]] = tuple(rule for rule in RULES.values() if rule.check is not None)
