"""Runs pytest inside pytest, in strict mode and with warnings as errors, and looks at what it reports."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import freezegun  # noqa: F401  # imported here once: an inner run forgets what it imports
import pytest

import windtunnel.cassette_tests.recorder
import windtunnel.cassette_tests.summary
import windtunnel.report.html
import windtunnel.session  # noqa: F401
from windtunnel.cassette.files import save
from windtunnel.cassette.interaction import Interaction, Request, Response

# Imported here and to the last part: an inner run forgets what it imports, and other tests would meet two of each class.
with contextlib.suppress(ImportError):
    import anthropic

    anthropic.Anthropic(api_key="none").close()

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


# --- cassettes ----------------------------------------------------------------------------------------------------

#: As `helpers.BODY`, in the inner tests.
BODY = {"model": "claude-sonnet-4-6", "max_tokens": 10, "messages": [{"role": "user", "content": "Hello"}]}
KEY = "sk-ant-api03-" + "Q1w2E3r4" * 11 + "AA"


def _taken(said: str = "recorded", asked: str = "Hello", **response: Any) -> Interaction:
    body = BODY | {"messages": [{"role": "user", "content": asked}]}
    answer = json.dumps({"content": [{"type": "text", "text": said}]}).encode()
    request = Request(method="POST", uri="https://api.anthropic.com/v1/messages", body=json.dumps(body).encode())
    given: dict[str, Any] = {"status": 200, "headers": (("content-type", "application/json"),), "body": answer}
    return Interaction(request=request, response=Response(**given | response), provider="anthropic")


@pytest.fixture
def taken() -> Callable[..., Interaction]:
    """Make an interaction: `taken(said, asked, **response)`."""
    return _taken


@pytest.fixture
def cassette(pytester: pytest.Pytester) -> Callable[..., Path]:
    """Write a cassette for the inner `test_it.py`: `cassette(name, *interactions)`."""

    def write(name: str, *interactions: Interaction, folder: str = "cassettes/test_it") -> Path:
        file = pytester.path / folder / f"{name}.yaml"
        save(file, interactions or [_taken()], expected=None)
        return file

    return write


class Upstream:
    """A service that counts what reaches it, and answers with the number."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.key = KEY
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                upstream.asked.append({name.lower(): value for name, value in self.headers.items()})
                content = [{"type": "text", "text": f"answer {len(upstream.asked)}"}]
                body = json.dumps({"content": content, "usage": {"input_tokens": 5, "output_tokens": 9}}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    """Where the environment says that the service is."""
    found = Upstream()
    monkeypatch.setenv("ANTHROPIC_BASE_URL", found.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.delenv("CI", raising=False)
    yield found
    found.stop()
