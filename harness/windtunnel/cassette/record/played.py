"""A recorded answer as bytes for a wire again: its head, then the body in the pieces in which it came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from windtunnel.cassette.interaction import Arrival, Headers, Request, Response, header
from windtunnel.cassette.record.message import Head

#: Finds the recorded answer to a request. One that has none is answered, too: by a refusal in the provider's words.
Answer: TypeAlias = Callable[[Request], Response]


def pieces(response: Response) -> Iterator[bytes]:
    """Return the body piece by piece; in one piece where nobody knows how it came."""
    at = 0
    for arrival in response.arrivals or (Arrival(0.0, len(response.body)),):
        if arrival.size:
            yield response.body[at : at + arrival.size]
        at += arrival.size


def on_the_wire(response: Response, method: str) -> Iterator[bytes]:
    """Return the bytes an HTTP/1.1 server would send, piece by piece; short where the answer was.

    The end of the connection belongs to it where `ends_connection` says so.
    """
    if not response.status:
        return
    headers = lengths_right(response, method)
    yield Head(("HTTP/1.1", str(response.status), response.reason), headers).written()
    is_chunked = _is_chunked(headers)
    for piece in pieces(response):
        yield b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece
    if is_chunked and response.ended == "complete" and method != "HEAD":
        yield b"0\r\n\r\n"


def ends_connection(response: Response) -> bool:
    """Say whether the connection ends with the answer: it was cut, or nothing else tells its length."""
    has_length = _is_chunked(response.headers) or header(response.headers, "content-length") is not None
    return response.ended != "complete" or not (has_length or response.status in (204, 304))


def lengths_right(response: Response, method: str) -> Headers:
    """Return the headers with the length that the body has now: what was redacted may be longer or shorter."""
    if response.ended != "complete" or method == "HEAD" or not response.body:
        return response.headers
    size = str(len(response.body))
    return tuple((name, size if name.lower() == "content-length" else value) for name, value in response.headers)


def _is_chunked(headers: Headers) -> bool:
    return "chunked" in (header(headers, "transfer-encoding") or "").lower()
