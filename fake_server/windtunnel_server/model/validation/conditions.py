"""Conditions on the terms of a call: a key or a member of a union is there under them, or is not."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from windtunnel_server.model.validation.terms import Terms

Condition: TypeAlias = Callable[[Terms], bool]


def with_beta(*names: str) -> Condition:
    """Make the condition that one of these betas is asked for; a name that ends in `-` stands for all that begin so."""
    prefixes = tuple(name for name in names if name.endswith("-"))

    @lru_cache(maxsize=256)
    def asked(betas: frozenset[str]) -> bool:
        return any(beta in names or (bool(prefixes) and beta.startswith(prefixes)) for beta in betas)

    def met(terms: Terms) -> bool:
        return asked(terms.betas)

    return met


def elsewhere(*surfaces: str) -> Condition:
    """Make the condition that the call came by another door than these."""
    closed = frozenset(surfaces)

    def met(terms: Terms) -> bool:
        return terms.surface not in closed

    return met


def every(*conditions: Condition) -> Condition:
    """Make the condition that all of them are met."""
    return lambda terms: all(condition(terms) for condition in conditions)


def some(*conditions: Condition) -> Condition:
    """Make the condition that one of them is met."""
    return lambda terms: any(condition(terms) for condition in conditions)


def on_messages(terms: Terms) -> bool:
    """The condition that a message is to be made, not counted."""
    return terms.endpoint == "messages"


def on_older(terms: Terms) -> bool:
    """The condition of an API version before 2026-10-21."""
    return not terms.modern
