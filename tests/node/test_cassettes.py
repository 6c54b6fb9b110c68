"""The TypeScript SDK before a cassette: it gets what is recorded, and nothing of it gets to the service."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from windtunnel.cassette.files import save
from windtunnel.cassette.interaction import Interaction, Request, Response

pytestmark = pytest.mark.slow

#: As in client.mjs.
ASKED = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 1000,
    "messages": [{"role": "user", "content": "Hello, tunnel."}],
}
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "content": [{"type": "text", "text": "recorded"}]}


def write(file: Path, asked: Any) -> Path:
    request = Request(method="POST", uri="https://api.anthropic.com/v1/messages", body=json.dumps(asked).encode())
    headers = (("content-type", "application/json"),)
    answer = Response(status=200, headers=headers, body=json.dumps(MESSAGE).encode())
    save(file, [Interaction(request=request, response=answer, provider="anthropic")], expected=None)
    return file


@pytest.mark.parametrize("is_recorded", [True, False])
def test_a_cassette_answers_and_nothing_reaches_the_service(sdk, serve, tmp_path, monkeypatch, is_recorded: bool):
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.setblocking(False)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", f"http://127.0.0.1:{canary.getsockname()[1]}")
        file = write(tmp_path / "hello.yaml", ASKED if is_recorded else ASKED | {"max_tokens": 1})
        served = serve("--cassette", str(file))

        outcome = sdk(served.env, "create", options={"maxRetries": 2})

        with pytest.raises(BlockingIOError):
            canary.accept()
    if is_recorded:
        assert outcome["result"]["content"] == MESSAGE["content"]
    else:
        assert "No recording answers POST /v1/messages" in str(outcome["error"])
    assert [entry.status for entry in served.journal] == [200 if is_recorded else 400]
