"""Every rule keeps its word: its good example passes, its bad one is told what the rule says."""

from __future__ import annotations

import pytest

from windtunnel_server.model.validation import Terms, check
from windtunnel_server.model.validation.index import FAMILIES, RULES
from windtunnel_server.model.validation.rule import Example, Rule


def _terms(rule: Rule, example: Example) -> Terms:
    """A rule that nobody vouches for has to be turned on."""
    return Terms(**{"on": frozenset({rule.name})} | dict(example.terms))


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rules_good_example_passes(rule: Rule) -> None:
    assert check(rule.passes.request, _terms(rule, rule.passes)) is None


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rules_bad_example_is_told_what_the_rule_says(rule: Rule) -> None:
    problem = check(rule.fails.request, _terms(rule, rule.fails))

    assert problem is not None
    assert (problem.kind, problem.message) == (rule.kind, rule.says)


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES.values() if rule.check is not None], ids=lambda rule: rule.name
)
def test_a_rule_that_is_turned_off_is_not_asked(rule: Rule) -> None:
    terms = _terms(rule, rule.fails)

    told = check(rule.fails.request, Terms(**dict(rule.fails.terms) | {"off": frozenset({rule.name})}))

    assert check(rule.fails.request, terms) is not None
    assert told is None or told.message != rule.says


@pytest.mark.parametrize("rule", [rule for rule in RULES.values() if not rule.source], ids=lambda rule: rule.name)
def test_a_rule_without_a_source_is_off(rule: Rule) -> None:
    told = check(rule.fails.request, Terms(**rule.fails.terms))

    assert told is None or told.message != rule.says


def test_names_are_used_once() -> None:
    names = [rule.name for family in FAMILIES.values() for rule in family]

    assert len(names) == len(set(names))
