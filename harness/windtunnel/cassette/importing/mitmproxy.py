"""Flows as mitmproxy saves them (`mitmdump -w FILE`): tnetstrings, one a flow, one behind the other.

Its HAR export goes through `har.py`. Read from version 4 of its flow format on (mitmproxy 3, 2018): the keys used here have
kept their names since (mitmproxy, `io/compat.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from windtunnel.cassette.importing.whole import rewrapped
from windtunnel.cassette.interaction import CassetteError, Ended, Headers, Interaction, Request, Response, header
from windtunnel.cassette.record.doors import provider_of

_OLDEST: Final = 4
_PORTS: Final = {"http": 80, "https": 443}


def read(raw: bytes, path: Path) -> Sequence[Interaction]:
    """Read the HTTP flows of a dump; others (TCP, DNS, websockets' messages) are passed over."""
    try:
        flows = list(parse(raw))
    except (ValueError, IndexError, UnicodeDecodeError) as error:
        raise CassetteError(f"{path}: this is no dump of mitmproxy, or it was cut: {error}") from None
    return [_interaction(flow, path) for flow in flows if flow.get("type") == "http"]


def _interaction(flow: Mapping[str, Any], path: Path) -> Interaction:
    version = flow.get("version")
    if not isinstance(version, int) or version < _OLDEST:
        raise CassetteError(
            f"{path}: its flows are of version {version}; save them again with a newer mitmproxy (from {_OLDEST} on)"
        )
    asked, said = flow["request"], flow.get("response")
    request = Request(
        method=_text(asked["method"]), uri=_uri(asked), headers=_headers(asked["headers"]), body=asked["content"] or b""
    )
    return Interaction(
        request=request,
        response=rewrapped(_response(asked, said, flow)),
        provider=provider_of(request.uri),
        recorded_at=_instant(asked.get("timestamp_start")),
    )


def _response(asked: Mapping[str, Any], said: Mapping[str, Any] | None, flow: Mapping[str, Any]) -> Response:
    if said is None:
        return Response(status=0, ended=_broken(flow))
    sent = asked.get("timestamp_end") or asked.get("timestamp_start")
    return Response(
        status=int(said["status_code"]),
        reason=_text(said.get("reason") or b""),
        headers=_headers(said["headers"]),
        body=said["content"] or b"",
        head_at_s=_since(sent, said.get("timestamp_start")),
        ended="complete" if not flow.get("error") else _broken(flow),
        ended_at_s=_since(sent, said.get("timestamp_end")),
    )


def _broken(flow: Mapping[str, Any]) -> Ended:
    """How it broke off, as far as mitmproxy's words tell (unverified: they differ from version to version)."""
    said = str((flow.get("error") or {}).get("msg") or "").lower()
    if "client" in said:
        return "timeout"
    return "reset" if "reset" in said else "cut"


def _uri(asked: Mapping[str, Any]) -> str:
    scheme, port = _text(asked["scheme"]), asked["port"]
    host = header(_headers(asked["headers"]), "host") or _text(asked["host"])
    named = host if ":" in host or port == _PORTS.get(scheme) else f"{host}:{port}"
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
    """Read values one behind the other. ValueError or IndexError for what is none."""
    place = 0
    while place < len(raw):
        value, place = _value(raw, place)
        yield value


def _value(raw: bytes, place: int) -> tuple[Any, int]:
    colon = raw.index(b":", place, place + 13)
    end = colon + 1 + int(raw[place:colon])
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
