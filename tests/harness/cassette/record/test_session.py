"""A whole recording: what is learnt in its last exchange is gone from its first, in either recorder."""

from __future__ import annotations

import base64
import http.client
import json
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from windtunnel.cassette import files
from windtunnel.cassette.record.inprocess import recording
from windtunnel.cassette.record.session import RecordingSession
from windtunnel.cassette.record.writing import Writer
from windtunnel.cassette.redact import Redactor

SECRET = "q7Zr-opaque-value-0815-Xy2w/T+b"

#: Answers in which nothing names it.
ANSWERS = (
    json.dumps({"id": "k-1", "value": SECRET}),
    json.dumps({"note": base64.b64encode(f"a: {SECRET}".encode()).decode()}),
    json.dumps({"note": SECRET.encode().hex()}),
    json.dumps({"next": "https://a.b/?key=" + urllib.parse.quote(SECRET, "")}),
    json.dumps({"note": json.dumps({"in": json.dumps(SECRET)})}),
    '{"note":"' + "".join(f"\\u{ord(letter):04x}" for letter in SECRET) + '"}',
)


def _answer(body: str) -> list[bytes]:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return [head.encode() + body.encode()]


def _converse(url: str) -> list[str]:
    """Ask once for each answer, and then with the key that they told of; return what came."""
    connection = http.client.HTTPConnection(url.partition("://")[2])
    came = []
    for headers in (*({} for _ in ANSWERS), {"x-api-key": SECRET}):
        connection.request("POST", "/v1/messages", body=b"{}", headers={"content-type": "application/json", **headers})
        came.append(connection.getresponse().read().decode())
    connection.close()
    return came


def _through_the_proxy(cassette: Path, url: str) -> list[str]:
    with RecordingSession(cassette, provider="anthropic", upstream=url, environ={}) as session:
        return _converse(session.proxy.url)


def _in_process(cassette: Path, url: str) -> list[str]:
    writer = Writer(cassette)
    with recording(writer):
        came = _converse(url)
    writer.close()
    return came


@pytest.mark.parametrize("record", [_through_the_proxy, _in_process])
def test_a_secret_that_gives_itself_away_at_the_end_is_nowhere_in_the_recording(
    record: Callable[[Path, str], list[str]], canned: Any, tmp_path: Path
):
    upstream = canned(*map(_answer, (*ANSWERS, "{}")))

    came = record(tmp_path / "a.yaml", upstream.url)

    cassette = files.load(tmp_path / "a.yaml")
    assert came == [*ANSWERS, "{}"]
    assert len(cassette.interactions) == len(ANSWERS) + 1
    assert Redactor(environ={"SOME_API_KEY": SECRET}).scan(cassette.raw) == []
    assert json.loads(cassette.interactions[0].response.body) == {"id": "k-1", "value": "REDACTED"}


def test_secrets_of_the_environment_that_is_recorded_are_looked_for(canned: Any, tmp_path: Path):
    upstream = canned(_answer(ANSWERS[0]))
    environ = {"SOME_API_KEY": SECRET}

    with RecordingSession(tmp_path / "a.yaml", provider="anthropic", upstream=upstream.url, environ=environ) as session:
        connection = http.client.HTTPConnection(session.proxy.url.partition("://")[2])
        connection.request("POST", "/v1/messages", body=b"{}")
        connection.getresponse().read()
        connection.close()

    assert SECRET not in (tmp_path / "a.yaml").read_text(encoding="utf-8")
