"""`windtunnel.verdict`: verdicts on a journal that may still grow."""

from __future__ import annotations

import pytest

from windtunnel.policies import PolicyError, custom
from windtunnel.verdicts import EXACT, Claims, Verdict, Verdicts


def test_every_verdict_looks_at_the_journal_anew(told):
    verdicts = Verdicts(lambda: told.entries, tolerance=EXACT)
    assert verdicts.backoff().unknown

    told.chain(0.0, 0.4, sender="thread 1")

    assert verdicts.backoff("anthropic_python").passed
    assert [chain.numbers for chain in verdicts.chains()] == [(1, 2)]


def test_a_policy_may_be_ones_own_and_its_retries_another_number(told):
    told.chain(0.0, 0.4, 1.3, 3.0, sender="thread 1")
    verdicts = Verdicts(lambda: told.entries, tolerance=EXACT)

    assert verdicts.backoff().failed
    assert verdicts.backoff(max_retries=3).passed
    assert verdicts.backoff(custom(base_s=30)).failed


def test_who_listens_is_told_each_verdict_as_it_was_given(told):
    told_of: list[Verdict] = []
    verdicts = Verdicts(lambda: told.entries, on_judged=told_of.append)

    given = [verdicts.backoff(), verdicts.backoff(custom(base_s=30)), verdicts.within(1e9)]

    assert told_of == given


def test_what_a_test_hands_over_goes_before_the_claims_of_the_run(told):
    told.chain(0.0, 0.4, sender="thread 1")
    verdicts = Verdicts(lambda: told.entries, claims=lambda: Claims(outcome="error"))

    assert verdicts.outcome().passed
    assert not verdicts.outcome("honest", {"outcome": "success"}).passed


def test_an_unknown_policy_is_an_error_not_a_verdict(told):
    with pytest.raises(PolicyError, match="nearest first"):
        Verdicts(lambda: told.entries).backoff("claude")


def test_a_missing_retry_is_no_failure_while_the_client_runs(told):
    told.call(0.0, 429, count=0, sender="thread 1")

    assert Verdicts(lambda: told.entries).backoff().failed
    assert Verdicts(lambda: told.entries, finished=lambda: False).backoff().unknown
