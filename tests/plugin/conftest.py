"""Runs pytest inside pytest, in strict mode and with warnings as errors, and looks at what it reports."""

from __future__ import annotations

from collections.abc import Callable

import freezegun  # noqa: F401  # imported here once: an inner run forgets what it imports
import pytest

import windtunnel.report.html
import windtunnel.session  # noqa: F401

INI = """
[pytest]
strict = true
filterwarnings = error
"""

#: Two workers of pytest-xdist, without the plugins that take seconds to import in each.
WORKERS = ["-n", "2", "-p", "no:hypothesispytest", "-p", "no:inline_snapshot"]

#: What the inner tests share. They call the fake by `urllib`, which costs nothing to import.
HELPERS = '''
import json
import os
import urllib.error
import urllib.request

BODY = {"model": "claude-sonnet-4-6", "max_tokens": 10, "messages": [{"role": "user", "content": "Hello"}]}


def ask(url=None, key=None, body=BODY):
    """Ask the fake (the one that the environment names) and return the text of its answer."""
    asked = urllib.request.Request((url or os.environ["ANTHROPIC_BASE_URL"]) + "/v1/messages", json.dumps(body).encode())
    asked.add_header("x-api-key", key or os.environ["ANTHROPIC_API_KEY"])
    asked.add_header("anthropic-version", "2023-06-01")
    asked.add_header("content-type", "application/json")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=700) as answer:
        return json.load(answer)["content"][0]["text"]
'''


@pytest.fixture
def workers() -> list[str]:
    """Arguments that spread an inner run over two processes."""
    return WORKERS


@pytest.fixture
def run(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Run pytest on the text of a test file, in this process; `ini` is added to its configuration."""

    def run(source: str, *args: str, ini: str = "", conftest: str = "") -> pytest.RunResult:
        pytester.makeini(INI + ini)
        pytester.makeconftest(conftest)
        pytester.makepyfile(helpers=HELPERS, test_it="from windtunnel import fail, reply\n\n" + source)
        pytester.syspathinsert()
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", *args)

    return run
