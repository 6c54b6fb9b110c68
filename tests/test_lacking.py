"""A test whose tool is not installed is skipped with the reason, but never in CI, where a skip would go unseen."""

from __future__ import annotations

import pytest

WHAT = "the hammer is not installed; on Debian: apt-get install hammer"


def test_elsewhere_a_test_that_lacks_a_tool_is_skipped_with_the_reason(lacking, monkeypatch):
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match=WHAT):
        lacking(WHAT)


def test_in_ci_it_fails_with_the_reason(lacking, monkeypatch):
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match=WHAT):
        lacking(WHAT)
