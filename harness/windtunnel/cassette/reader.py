"""Reads what `spots.py` has found, when it is asked for: an interaction as YAML would give it, or its request alone."""

from __future__ import annotations

import binascii
import datetime as dt
import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final

from windtunnel.cassette.grammar import HEADER, OURS
from windtunnel.cassette.spots import Span, Spot, ours
from windtunnel.cassette.vcr import FORMAT, KEY


def structure(spot: Spot) -> dict[str, Any]:
    """Return an interaction as YAML would, except that every body is bytes."""
    method, uri, request_headers = spot.request.groups()
    return {
        "request": {
            "method": _word(method),
            "uri": _word(uri),
            "headers": dict(_headers(request_headers)),
            "body": request_body(spot),
        },
        **answer(spot),
    }


def answer(spot: Spot) -> dict[str, Any]:
    """Return the answer of an interaction alone, as it stands in the whole."""
    code, message, response_headers = spot.response.group(1, 2, 3)
    return {
        "response": {
            "status": {"code": int(code), "message": json.loads(message)},
            "headers": dict(_headers(response_headers)),
            KEY: {"format": FORMAT, **dict(_ours(spot.response))},
            "body": {"string": _bytes(spot.response.string, spot.response_body)},
        }
    }


def method_and_uri(spot: Spot) -> tuple[str, str]:
    """Return what a request asked for, without building the rest."""
    return _word(spot.request[1]), _word(spot.request[2])


def request_body(spot: Spot) -> bytes:
    """Return the body of a request, without building the rest."""
    return _bytes(spot.request.string, spot.request_body)


def _word(written: bytes) -> str:
    return str(json.loads(written)) if written[:1] == b'"' else written.decode("ascii")


def _headers(written: bytes | None) -> list[tuple[str, list[str]]]:
    # Split at line ends alone: `splitlines` knows others too.
    return [_header(line) for line in (written or b"").split(b"\n") if line]


@lru_cache(maxsize=4096)
def _header(line: bytes) -> tuple[str, list[str]]:
    """Read a line of headers; most stand in every answer of a recording. Nobody changes the lists."""
    found = HEADER.fullmatch(line + b"\n")
    assert found is not None, "the grammar has matched it before"
    return _word(found[1]), json.loads(found[2])


def _ours(response: re.Match[bytes]) -> Iterator[tuple[str, Any]]:
    for name in OURS:
        written = ours(response, name)
        if written is not None:
            yield name, _VALUES.get(name, json.loads)(written)


def _instant(written: bytes) -> dt.datetime:
    return dt.datetime.fromisoformat(written.decode())


def _day(written: bytes) -> dt.date:
    return dt.date.fromisoformat(written.decode())


#: How the values of our own keys are read; numbers and lists are JSON.
_VALUES: Final[dict[str, Callable[[bytes], Any]]] = {
    "provider": _word,
    "recorded_at": _instant,
    "expires": _day,
    "ended": _word,
}


def _bytes(raw: bytes, span: Span) -> bytes:
    margin = b"\n" + b" " * span.margin
    written = raw[span.start : span.end]
    if span.style == "quoted":
        text: str = json.loads(written.replace(b"\\" + margin, b""))
        return text.encode("utf-8")
    head, _, _ = written.partition(b"\n")
    # From the line end in front of the first line, so that this line is like the others.
    lines = written[len(head) :]
    if span.style == "folded":
        return lines[len(margin) : -1].replace(margin, b" ")
    text_lines = lines.replace(margin, b"\n")[1:]
    if span.style == "binary":
        return binascii.a2b_base64(text_lines)
    return _chomped(text_lines, head[2:])


def _chomped(lines: bytes, chomping: bytes) -> bytes:
    """Treat the line ends at the end of a block as YAML does: keep all (+), none (-), or one."""
    if chomping == b"+":
        return lines
    whole = lines.rstrip(b"\n")
    return whole + b"\n" if whole and not chomping else whole
