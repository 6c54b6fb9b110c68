"""What the tests with Node share: the official TypeScript SDK in a process of its own, in two generations."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from windtunnel_server.journal import Entry, entry_from_json

HERE = Path(__file__).parent
PACKAGES = HERE / "node_modules" / ".installed"


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command that talks by lines on its standard input and output; it is stopped behind the block."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


class Sdk:
    """The SDK in a running process of Node: an order in, what came of it out."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert self._answer() == "ready"

    def __call__(self, env: Mapping[str, str], action: str, *, options: Any = None, **request: Any) -> dict[str, Any]:
        """Do one of the actions in client.mjs; `request` is laid over its usual request."""
        assert self.process.stdin is not None
        order = {"env": dict(env), "action": action, "options": options or {}, "request": request}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        outcome: dict[str, Any] = self._answer()
        return outcome

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"client.mjs is gone with exit code {self.process.wait()}; what it said is on standard error"
        return json.loads(line)


@pytest.fixture(scope="session")
def node(lacking: Callable[[str], NoReturn]) -> str:
    """Path of Node."""
    found = shutil.which("node")
    if found is None:
        lacking("node is not installed; on Debian: apt-get install nodejs npm, then: make test")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=50).stdout.strip()
    if int(version.lstrip("v").partition(".")[0] or 0) < 18:
        lacking(f"node is {version or 'broken'}, and the SDK needs 18 or newer: install a newer one")
    return found


@pytest.fixture(scope="session")
def packages(node: str, lacking: Callable[[str], NoReturn]) -> str:
    """Path of a Node that finds the packages of package.json."""
    if not PACKAGES.exists():
        lacking("the packages of tests/node/package.json are not installed; with npm and a network: make node-packages")
    return node


@pytest.fixture(scope="session", params=["0", "1"])
def generation(request: pytest.FixtureRequest) -> str:
    """Generation of the SDK; they speak two versions of the API."""
    return str(request.param)


@pytest.fixture(scope="session")
def sdk(packages: str, generation: str) -> Iterator[Sdk]:
    """The SDK of a generation; one process serves all tests, each call makes a client of its own."""
    with running(packages, str(HERE / "client.mjs"), generation) as process:
        yield Sdk(process)


class Served:
    """A fake started by `windtunnel serve`, and its control API."""

    def __init__(self, ready: Mapping[str, Any]) -> None:
        self.env: dict[str, str] = ready["env"]
        self._control: str = ready["control_url"]

    def script(self, *steps: Mapping[str, Any]) -> None:
        urllib.request.urlopen(f"{self._control}/script", data=json.dumps(steps).encode()).close()

    @property
    def journal(self) -> list[Entry]:
        with urllib.request.urlopen(f"{self._control}/journal") as answer:
            return [entry_from_json(json.loads(line)) for line in answer]


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Start `windtunnel serve` with options; it is stopped behind the test."""
    with ExitStack() as stack:

        def start(*options: str) -> Served:
            process = stack.enter_context(running(sys.executable, "-m", "windtunnel", "serve", *options))
            assert process.stdout is not None
            return Served(json.loads(process.stdout.readline()))

        yield start
