"""Rules by name."""

from __future__ import annotations

import re

import pytest

from windtunnel.cassette.interaction import Request
from windtunnel.cassette.match.asked import Asked
from windtunnel.cassette.match.matchers import DEFAULT, MatchError, Matching, custom_says


def test_the_usual_rules_look_at_method_path_query_and_body() -> None:
    usual = Matching.of()

    assert (tuple(usual.readings), usual.body, usual.custom) == (DEFAULT[:3], True, ())
    assert not usual.reads_headers


def test_a_header_is_a_list_in_any_order_and_its_name_in_any_case() -> None:
    rule = Matching.of(["headers:anthropic-beta"])

    one = rule.key(Asked("POST", "/", headers=(("Anthropic-Beta", "a,b"),)))
    other = rule.key(Asked("POST", "/", headers=(("anthropic-beta", "b, a"),)))

    assert one == other != rule.key(Asked("POST", "/"))
    assert rule.reads_headers


def test_an_unknown_rule_names_those_there_are_nearest_first() -> None:
    with pytest.raises(MatchError, match=re.escape("match: unknown 'bodi'; did you mean body?")):
        Matching.of(["bodi"])


@pytest.mark.parametrize("wrong", [["method", 3], ["headers:"]])
def test_what_is_no_rule_is_refused(wrong: list[str]) -> None:
    with pytest.raises(MatchError):
        Matching.of(wrong)


@pytest.mark.parametrize(
    ("said", "meant"), [(None, None), (True, None), (False, "rule says no"), ("the day differs", "the day differs")]
)
def test_a_rule_of_ones_own_may_say_yes_no_or_why(said: object, meant: str | None) -> None:
    def rule(asked: Request, recorded: Request) -> object:
        return said

    request = Request(method="GET", uri="http://x/")

    assert custom_says(rule, request, request) == meant  # type: ignore[arg-type]
