"""Cassettes of cassetter, YAML or TOML: VCR's outline, with bodies as values (its `conformance/format`, version 1).

It keeps JSON as a value, and so not its bytes: such a body is written compactly here, as the service does it.
"""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from windtunnel.cassette.importing.lost import Lost
from windtunnel.cassette.importing.numbered import REMEDY, Read, numbered, structure
from windtunnel.cassette.importing.whole import rewrapped
from windtunnel.cassette.interaction import CassetteError, Headers, Interaction, Request, Response
from windtunnel.cassette.record.doors import provider_of

#: How its TOML begins (0.16).
TOML: Final = b"version = 1"


def read(raw: bytes, path: Path) -> Read:
    """Read the HTTP interactions of a cassette, in the order in which they were recorded: it sorts them by address.

    Those of gRPC and of websockets are passed over.
    """
    found = _toml(raw, path) if raw.lstrip().startswith(TOML) else structure(raw, path)
    if not isinstance(found, dict) or "interactions" not in found:
        raise CassetteError(f"{path}: this is no cassette of cassetter: it has no interactions")
    listed = found["interactions"] or []
    # It ends each with the instant (0.16), so a file cut inside a body shows here.
    if listed and "recorded_at" in listed[0] and "recorded_at" not in listed[-1]:
        raise CassetteError(
            f"{path}, interaction {len(listed)}: it has no recorded_at, so its end is missing; {REMEDY}"
        )
    return sorted(numbered(path, "interaction", listed, _interaction), key=_recorded)


def _toml(raw: bytes, path: Path) -> Any:
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except ValueError as error:
        raise CassetteError(f"{path}: this is no TOML: {error}; {REMEDY}") from None


def _recorded(one: Interaction | Lost) -> float:
    instant = one.recorded_at if isinstance(one, Interaction) else None
    return instant.timestamp() if instant is not None else 0.0


def _interaction(one: Mapping[str, Any], place: str) -> Interaction:
    asked, said = one["request"], one["response"]
    response = Response(status=int(said["status"]), headers=_headers(said.get("headers") or {}), body=_body(said))
    return Interaction(
        request=Request(
            method=str(asked["method"]),
            uri=str(asked["uri"]),
            headers=_headers(asked.get("headers") or {}),
            body=_body(asked),
        ),
        response=rewrapped(response),
        provider=provider_of(str(asked["uri"])),
        recorded_at=_instant(one.get("recorded_at")),
    )


def _headers(headers: Mapping[str, Sequence[str]]) -> Headers:
    return tuple((name, str(value)) for name, values in headers.items() for value in values)


def _body(message: Mapping[str, Any]) -> bytes:
    if "body_type" in message:
        return _IN_TOML[message["body_type"]](message.get("body_content"))
    body = message.get("body") or {}
    return _BODIES[body.get("type", "none")](body.get("content"))


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _text(content: Any) -> bytes:
    return str(content).encode()


_BODIES: Final[Mapping[str, Callable[[Any], bytes]]] = {
    "none": lambda content: b"",
    "json": _json,
    "text": _text,
    "binary": lambda content: bytes.fromhex(str(content)),
}
#: TOML has no null, so JSON stands there as it is written.
_IN_TOML: Final = {**_BODIES, "json": _text}


def _instant(value: Any) -> dt.datetime | None:
    return dt.datetime.fromisoformat(value) if isinstance(value, str) else value
