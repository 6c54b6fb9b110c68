"""Rules whose check is a table of shapes, written short: what passes, what does not, and what is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from windtunnel_server.model.validation.rule import Example, Rule

Changes = Mapping[str, Any]

SDK = "PY:types/beta (documented; the words are unverified)"


def shape(
    name: str,
    about: str,
    source: str,
    passes: Changes,
    fails: Changes,
    says: str,
    *,
    terms: Changes | None = None,
    lacking: Changes | None = None,
) -> Rule:
    """Make a rule of two requests, told as what differs from the plainest.

    Both come under the same terms; `lacking`: the bad one under these, as it lacks the beta that the good one has.
    """
    under = terms or {}
    good, bad = Example(passes, under), Example(fails, under if lacking is None else lacking)
    return Rule(name=name, about=about, source=source, passes=good, fails=bad, says=says)


def beta(*names: str) -> Changes:
    """The terms of a call that asks for these betas."""
    return {"betas": frozenset(names)}


def user(*content: Any) -> dict[str, Any]:
    """A conversation of one turn."""
    return {"messages": [{"role": "user", "content": list(content)}]}


def answered(*content: Any) -> dict[str, Any]:
    """A conversation in which the model has said this, and was told to go on."""
    turns = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": list(content)}]
    return {"messages": [*turns, {"role": "user", "content": "Go on"}]}
