"""How not to do it: try until it works, at once, whatever the server says. `demo.py` shows what becomes of it."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from typing import Any


def ask(question: str) -> dict[str, Any]:
    """Return the answer to `question`, and hammer the server until there is one."""
    while True:
        try:
            with urllib.request.urlopen(_request(question)) as answer:
                message: dict[str, Any] = json.load(answer)
                return message
        except urllib.error.HTTPError as error:
            error.close()  # no wait, and no look at retry-after


def _request(question: str) -> urllib.request.Request:
    body = {"model": "claude-sonnet-4-6", "max_tokens": 100, "messages": [{"role": "user", "content": question}]}
    return urllib.request.Request(
        os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages",
        data=json.dumps(body).encode(),
        headers={
            "content-type": "application/json",
            "x-api-key": os.environ["ANTHROPIC_API_KEY"],
            "anthropic-version": "2023-06-01",
        },
    )
