"""The words with which recorders say how an exchange broke off."""

from __future__ import annotations

import pytest

from windtunnel.cassette.importing.broken import ended_by


@pytest.mark.parametrize(
    ("words", "ended"),
    [
        ("Client disconnected.", "timeout"),
        ("server closed connection", "cut"),
        ("HTTP/1 protocol error: peer closed connection without sending complete message body", "cut"),
        ("[Errno 111] Connect call failed", "refused"),
        ("net::ERR_CONNECTION_RESET", "reset"),
        ("net::ERR_CONNECTION_REFUSED", "refused"),
        ("net::ERR_INCOMPLETE_CHUNKED_ENCODING", "cut"),
        ("net::ERR_ABORTED", "timeout"),
        ("refused", "refused"),
        (None, "cut"),
    ],
)
def test_an_error_is_read_as_the_ending_it_stands_for(words: str | None, ended: str) -> None:
    assert ended_by(words) == ended
