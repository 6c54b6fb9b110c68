"""Flows as mitmproxy saves them (`mitmdump -w FILE`): tnetstrings, one a flow, one behind the other.

Its HAR export goes through `har.py`. Read from version 4 of its flow format on (mitmproxy 3, 2018): the keys used here have
kept their names since (mitmproxy, `io/compat.py`). Tried on flows that mitmproxy 7.0 (14), 8.1, 9.0, 10.1 and 11.0 (21) wrote.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from windtunnel.cassette.importing.broken import ended_by
from windtunnel.cassette.importing.lost import Lost, whole
from windtunnel.cassette.importing.numbered import REMEDY, Read, one
from windtunnel.cassette.importing.whole import rewrapped
from windtunnel.cassette.interaction import CassetteError, Headers, Interaction, Request, Response, header
from windtunnel.cassette.record.doors import provider_of

_OLDEST: Final = 4
_PORTS: Final = {"http": 80, "https": 443}
_PORT: Final = re.compile(r":\d+$")


def read(raw: bytes, path: Path) -> Read:
    """Read the HTTP flows of a dump; others (TCP, DNS, websockets' messages) are passed over.

    What follows a flow that was cut is lost. CassetteError where not even the first one is whole.
    """
    flows: list[tuple[str, Mapping[str, Any]]] = []
    cut: list[Lost] = []
    try:
        for flow in parse(raw):
            flows.append((f"flow {len(flows) + 1}", flow))
    except (ValueError, LookupError, TypeError) as error:
        if not flows:
            raise CassetteError(f"{path}: this is no dump of mitmproxy, or it was cut: {error}; {REMEDY}") from None
        cut = [Lost(place=f"flow {len(flows) + 1}", why=f"the dump is cut or damaged from here on ({error})")]
    listed = [numbered_flow for numbered_flow in flows if numbered_flow[1].get("type") == "http"]
    return [_told(path, place, flow) for place, flow in listed] + cut


def _told(path: Path, place: str, flow: Mapping[str, Any]) -> Interaction | Lost:
    return one(path, place, flow, _interaction)


def _interaction(flow: Mapping[str, Any], place: str) -> Interaction | Lost:
    version = flow.get("version")
    if not isinstance(version, int) or version < _OLDEST:
        raise ValueError(f"its version is {version}; save it again with a mitmproxy from version {_OLDEST} on")
    asked, said = flow["request"], flow.get("response")
    request = Request(
        method=_text(asked["method"]), uri=_uri(asked), headers=_headers(asked["headers"]), body=asked["content"] or b""
    )
    interaction = Interaction(
        request=request,
        response=_response(asked, said, flow),
        provider=provider_of(request.uri),
        recorded_at=_instant(asked.get("timestamp_start")),
    )
    kept = whole(interaction, place, keeps_none=_kept_out(asked, said))
    return kept if isinstance(kept, Lost) else replace(kept, response=rewrapped(kept.response))


def _kept_out(asked: Mapping[str, Any], said: Mapping[str, Any] | None) -> str | None:
    """Say which body is not there at all: mitmproxy keeps none of what it streams, and none of an answer that broke off."""
    if said is not None and said["content"] is None:
        return "answer"
    return "request" if asked["content"] is None and _has_body(asked) else None


def _has_body(asked: Mapping[str, Any]) -> bool:
    return any(name.lower() in ("content-length", "transfer-encoding") for name, _ in _headers(asked["headers"]))


def _response(asked: Mapping[str, Any], said: Mapping[str, Any] | None, flow: Mapping[str, Any]) -> Response:
    sent = asked.get("timestamp_end") or asked.get("timestamp_start")
    error = flow.get("error")
    broke_at = error.get("timestamp") if error else None
    if said is None:
        return Response(status=0, ended=ended_by(error and error.get("msg")), ended_at_s=_since(sent, broke_at))
    return Response(
        status=int(said["status_code"]),
        reason=_text(said.get("reason") or b""),
        headers=_headers(said["headers"]),
        body=said["content"] or b"",
        head_at_s=_since(sent, said.get("timestamp_start")),
        ended=ended_by(error.get("msg")) if error else "complete",
        ended_at_s=_since(sent, said.get("timestamp_end") or broke_at),
    )


def _uri(asked: Mapping[str, Any]) -> str:
    scheme, port = _text(asked["scheme"]), asked["port"]
    # HTTP/2 has the authority in the place of the header.
    host = header(_headers(asked["headers"]), "host") or _text(asked.get("authority") or b"") or _text(asked["host"])
    named = host if _PORT.search(host) or port == _PORTS.get(scheme) else f"{host}:{port}"
    return f"{scheme}://{named}{_text(asked['path'])}"


def _headers(listed: Sequence[Sequence[bytes]]) -> Headers:
    return tuple((_text(name), _text(value)) for name, value in listed)


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "surrogateescape")


def _since(sent: float | None, at: float | None) -> float | None:
    return None if sent is None or at is None else round(max(at - sent, 0.0), 6)


def _instant(at: float | None) -> dt.datetime | None:
    return None if at is None else dt.datetime.fromtimestamp(at, dt.UTC)


# --- tnetstrings: a length, a colon, so many bytes, and a letter for the type -----------------------------------------


def parse(raw: bytes) -> Iterator[Any]:
    """Read values one behind the other. ValueError or LookupError for what is none."""
    place = 0
    while place < len(raw):
        value, place = _value(raw, place)
        yield value


def _value(raw: bytes, place: int) -> tuple[Any, int]:
    colon = raw.find(b":", place, place + 13)
    if colon < 0 or not raw[place:colon].isdigit():
        raise ValueError(f"no length at byte {place}")
    end = colon + 1 + int(raw[place:colon])
    if end >= len(raw):
        raise ValueError(f"{end + 1 - len(raw)} bytes are missing at its end")
    if raw[end : end + 1] not in _TYPES:
        raise ValueError(f"no type at byte {end}")
    return _TYPES[raw[end : end + 1]](raw[colon + 1 : end]), end + 1


def _truth(written: bytes) -> bool:
    return {b"true": True, b"false": False}[written]


def _mapping(written: bytes) -> dict[str, Any]:
    parts = iter(parse(written))
    return {_text(key): value for key, value in zip(parts, parts, strict=True)}


_TYPES: Final[Mapping[bytes, Callable[[bytes], Any]]] = {
    b",": bytes,
    b";": lambda written: written.decode("utf-8"),
    b"#": int,
    b"^": float,
    b"!": _truth,
    b"~": lambda written: None,
    b"]": lambda written: list(parse(written)),
    b"}": _mapping,
}
