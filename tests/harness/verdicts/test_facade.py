"""`windtunnel.verdict`: verdicts on a journal that may still grow."""

from __future__ import annotations

import pytest

from windtunnel.policies import POLICIES, Policy, PolicyError, custom
from windtunnel.verdicts import EXACT, Verdicts


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


def test_who_listens_is_told_the_policies_as_they_were_applied(told):
    told_of: list[Policy] = []
    own = custom(base_s=30)
    verdicts = Verdicts(lambda: told.entries, on_asked=told_of.append)

    verdicts.backoff()
    verdicts.backoff("anthropic_python", max_retries=4)
    verdicts.backoff(own)

    python = POLICIES["anthropic_python"]
    assert told_of == [python, python.changed(max_retries=4), own]


def test_an_unknown_policy_is_an_error_not_a_verdict(told):
    with pytest.raises(PolicyError, match="nearest first"):
        Verdicts(lambda: told.entries).backoff("claude")


def test_a_missing_retry_is_no_failure_while_the_client_runs(told):
    told.call(0.0, 429, count=0, sender="thread 1")

    assert Verdicts(lambda: told.entries).backoff().failed
    assert Verdicts(lambda: told.entries, finished=lambda: False).backoff().unknown
