"""`windtunnel serve`, as it is typed: what it says of a cassette. Everything else of it is in test_cli.py."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from windtunnel.cassette import files
from windtunnel.cassette.interaction import Interaction, Request, Response

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "windtunnel", "serve"]


@pytest.fixture
def cassette(tmp_path: Path) -> Path:
    taken = [
        Interaction(
            request=Request(method="POST", uri="https://api.anthropic.com/v1/messages", body=b'{"n":%d}' % number),
            response=Response(status=200, headers=(("content-type", "application/json"),), body=b"{}"),
        )
        for number in (1, 2)
    ]
    files.save(tmp_path / "a.yaml", taken, expected=None)
    return tmp_path / "a.yaml"


def _played(cassette: Path, *words: str, bodies: list[bytes]) -> tuple[list[int], list[str]]:
    """Serve a cassette, ask it, and stop; return the answers' status and what was said."""
    process = subprocess.Popen(
        [*COMMAND, "--cassette", cassette.name, *words],
        cwd=cassette.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"COLUMNS": "80"},
    )
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["url"]
    statuses = [_ask(url, body) for body in bodies]
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    return statuses, said.splitlines()[1:]


def _ask(url: str, body: bytes) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url + "/v1/messages", body) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_misses_are_told_as_they_happen_and_in_the_end_what_was_played(cassette: Path):
    statuses, said = _played(cassette, bodies=[b'{"n":1}', b'{"n":1}', b'{"n":77}', b'{"n":77}'])

    assert statuses == [200, 400, 400, 400]
    assert said == [
        "windtunnel: No recording answers POST /v1/messages (request 2).",
        "  nearest: interaction 1 of a.yaml",
        "  differs: nothing, but it has been played already; --allow-repeats lets it answer again",
        "  what to do: record it: windtunnel record --record new --cassette a.yaml",
        "windtunnel: No recording answers POST /v1/messages (request 3).",
        "  nearest: interaction 2 of a.yaml",
        "  differs: n  2  !=  77",
        "  what to do: record it: windtunnel record --record new --cassette a.yaml",
        "windtunnel: 1 of 2 interactions played; 3 requests not recorded, 2 different ones",
        "  not played: 2 of a.yaml",
    ]


def test_recordings_may_be_played_again_and_again(cassette: Path):
    statuses, said = _played(cassette, "--allow-repeats", bodies=[b'{"n":1}', b'{"n":1}', b'{"n":2}'])

    assert statuses == [200, 200, 200]
    assert said == ["windtunnel: 2 of 2 interactions played"]
