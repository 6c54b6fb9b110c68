"""Every recorded exchange is found by its request, as any client might write it, and comes out byte for byte."""

from __future__ import annotations

import base64
import gzip
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from windtunnel import Windtunnel
from windtunnel.cassette.interaction import Interaction, Request, Response
from windtunnel.cassette.plans import plan_of
from windtunnel.cassette.player import Player

DOORS = {"bedrock": "/bedrock", "vertex": "/vertex", "foundry": "/foundry"}


def exchanges(corpus: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(corpus.glob("exchanges-*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def answered(exchange: dict[str, Any]) -> bytes:
    body = exchange.get("response_body_raw") or exchange["response_body"]
    if exchange["response_kind"] == "eventstream":
        return base64.b64decode(body)
    if isinstance(body, str):
        return body.encode()
    return b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def headers(named: dict[str, Any] | None) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in (named or {}).items())


def written(body: Any, *, backwards: bool = False) -> bytes:
    """Write a request; backwards: as another client would, keys in another order and with spaces."""
    if body is None or isinstance(body, str):
        return (body or "").encode()
    if backwards and isinstance(body, dict):
        return json.dumps(dict(reversed(body.items())), indent=1).encode()
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def interaction(exchange: dict[str, Any]) -> Interaction:
    asked = Request(
        method=exchange["method"],
        uri=exchange["url"],
        headers=headers(exchange["request_headers"]),
        body=written(exchange["request_body"]),
    )
    answer = Response(status=exchange["status"], headers=headers(exchange["response_headers"]), body=answered(exchange))
    return Interaction(request=asked, response=answer, provider=exchange["provider"])


@pytest.mark.slow
@pytest.mark.parametrize("backwards", [False, True], ids=["as recorded", "as another client writes it"])
def test_every_exchange_is_found_and_comes_out_byte_for_byte(corpus: Path, backwards: bool) -> None:
    recorded = list(exchanges(corpus))
    player = Player([("corpus", [interaction(exchange) for exchange in recorded])])

    with Windtunnel(clock="real", cassette=player) as tunnel:
        address = urlsplit(tunnel.url)
        assert address.hostname is not None
        connection = http.client.HTTPConnection(address.hostname, address.port)
        wrong = [one["id"] for one in recorded if not _comes_out(connection, one, backwards)]
        connection.close()

    assert len(recorded) > 2000
    assert (wrong, player.unplayed, player.misses) == ([], [], [])


def _comes_out(connection: http.client.HTTPConnection, exchange: dict[str, Any], backwards: bool) -> bool:
    url = urlsplit(exchange["url"])
    path = DOORS.get(exchange["provider"], "") + url.path + (f"?{url.query}" if url.query else "")
    body = written(exchange["request_body"], backwards=backwards)
    content_type = next(
        (value for name, value in headers(exchange["request_headers"]) if name.lower() == "content-type"), ""
    )
    connection.request(exchange["method"], path, body=body, headers={"content-type": content_type})
    answer = connection.getresponse()
    return (answer.status, answer.read()) == (exchange["status"], answered(exchange))


@pytest.mark.slow
def test_the_official_sdk_gets_every_direct_exchange_byte_for_byte(corpus: Path) -> None:
    anthropic, httpx2 = pytest.importorskip("anthropic"), pytest.importorskip("httpx2")
    recorded = [
        one
        for one in exchanges(corpus)
        if one["provider"] == "anthropic" and one["api"] in ("messages", "count_tokens")
    ]
    player = Player([("corpus", [interaction(exchange) for exchange in recorded])])

    with (
        Windtunnel(clock="real", cassette=player) as tunnel,
        httpx2.Client(transport=tunnel.transport()) as http_client,
    ):
        client = anthropic.Anthropic(api_key="k", base_url="http://x.invalid", http_client=http_client, max_retries=0)

        def comes_out(exchange: dict[str, Any]) -> bool:
            path = urlsplit(exchange["url"]).path
            try:
                answer = client.post(path, body=exchange["request_body"], cast_to=httpx2.Response)
            except anthropic.APIStatusError as error:
                answer = error.response
            return (answer.status_code, answer.content) == (exchange["status"], answered(exchange))

        wrong = [one["id"] for one in recorded if not comes_out(one)]

    assert len(recorded) > 1500
    assert (wrong, player.unplayed) == ([], [])


def test_the_usage_that_was_recorded_is_reported(corpus: Path) -> None:
    whole = [one for one in exchanges(corpus) if one["response_kind"] == "json" and one["status"] == 200]
    bodies = [(one, one["response_body"]) for one in whole if isinstance(one["response_body"], dict)]
    messages = [(one, body) for one, body in bodies if body.get("type") == "message"]

    said = [plan_of(interaction(exchange).response).notes.get("usage") for exchange, _ in messages]

    assert len(messages) > 1000
    assert said == [body.get("usage") for _, body in messages]
