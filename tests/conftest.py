"""What all tests share: how hypothesis runs, and what becomes of a test whose tool is not installed.

Hypothesis has no deadline, for the suite shares its cores; in CI it takes the same examples every time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NoReturn

import pytest
from hypothesis import settings

settings.register_profile("windtunnel", deadline=None, print_blob=True)
settings.register_profile(
    "windtunnel-ci", settings.get_profile("windtunnel"), derandomize=True, database=None, max_examples=60
)
settings.register_profile("windtunnel-quick", settings.get_profile("windtunnel"), max_examples=10)
_QUICK = "windtunnel-quick" if os.environ.get("WINDTUNNEL_QUICK") else "windtunnel"
settings.load_profile("windtunnel-ci" if os.environ.get("CI") else _QUICK)


@pytest.fixture(scope="session")
def lacking() -> Callable[[str], NoReturn]:
    """Say what a test lacks, and how to get it: the test is skipped, but fails in CI, which has to install it."""

    def lacks(what: str) -> NoReturn:
        if os.environ.get("CI"):
            pytest.fail(f"{what} (in CI nothing may be lacking: .ci/run installs it)", pytrace=False)
        pytest.skip(what)

    return lacks
