"""Cassettes of cassetter: VCR's outline, with bodies as values (its `conformance/format`, version 1).

It keeps JSON as a value, and so not its bytes: such a body is written compactly here, as the service does it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from windtunnel.cassette.importing.whole import rewrapped
from windtunnel.cassette.interaction import CassetteError, Headers, Interaction, Request, Response
from windtunnel.cassette.record.doors import provider_of


def read(raw: bytes, path: Path) -> Sequence[Interaction]:
    """Read the HTTP interactions of a cassette; those of gRPC and of websockets are passed over."""
    import yaml

    try:
        listed = yaml.load(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["interactions"]
    except (yaml.YAMLError, LookupError, TypeError):
        raise CassetteError(f"{path}: this is no cassette of cassetter: it has no interactions") from None
    return [_interaction(one) for one in listed]


def _interaction(one: Mapping[str, Any]) -> Interaction:
    asked, said = one["request"], one["response"]
    response = Response(
        status=int(said["status"]), headers=_headers(said.get("headers") or {}), body=_body(said.get("body") or {})
    )
    return Interaction(
        request=Request(
            method=str(asked["method"]),
            uri=str(asked["uri"]),
            headers=_headers(asked.get("headers") or {}),
            body=_body(asked.get("body") or {}),
        ),
        response=rewrapped(response),
        provider=provider_of(str(asked["uri"])),
        recorded_at=_instant(one.get("recorded_at")),
    )


def _headers(headers: Mapping[str, Sequence[str]]) -> Headers:
    return tuple((name, str(value)) for name, values in headers.items() for value in values)


def _body(body: Mapping[str, Any]) -> bytes:
    return _BODIES[body.get("type", "none")](body.get("content"))


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


_BODIES: Final[Mapping[str, Callable[[Any], bytes]]] = {
    "none": lambda content: b"",
    "json": _json,
    "text": lambda content: str(content).encode(),
    "binary": lambda content: bytes.fromhex(str(content)),
}


def _instant(value: Any) -> dt.datetime | None:
    return dt.datetime.fromisoformat(value) if isinstance(value, str) else value
