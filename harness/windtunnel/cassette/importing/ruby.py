"""Cassettes of Ruby's VCR: `http_interactions`, with bodies as text or base64."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from windtunnel.cassette.importing.numbered import REMEDY, Read, numbered, structure
from windtunnel.cassette.importing.whole import rewrapped
from windtunnel.cassette.interaction import CassetteError, Headers, Interaction, Request, Response
from windtunnel.cassette.record.doors import provider_of


def read(raw: bytes, path: Path) -> Read:
    """Read a cassette's interactions."""
    found = structure(raw, path)
    if not isinstance(found, dict) or "http_interactions" not in found:
        raise CassetteError(f"{path}: this is no cassette of Ruby's VCR: it has no http_interactions")
    if "recorded_with" not in found:
        # It is written last.
        raise CassetteError(
            f"{path}: there is no recorded_with in it, so its end may be missing; {REMEDY}; "
            "if it is whole, add recorded_with: VCR"
        )
    return numbered(path, "interaction", found["http_interactions"], _interaction)


def _interaction(one: Mapping[str, Any], place: str) -> Interaction:
    asked, said = one["request"], one["response"]
    response = Response(
        status=int(said["status"]["code"]),
        reason=str(said["status"].get("message") or ""),
        headers=_headers(said.get("headers") or {}),
        body=_body(said.get("body") or {}),
    )
    return Interaction(
        request=Request(
            method=str(asked["method"]).upper(),
            uri=str(asked["uri"]),
            headers=_headers(asked.get("headers") or {}),
            body=_body(asked.get("body") or {}),
        ),
        response=rewrapped(response),
        provider=provider_of(str(asked["uri"])),
        recorded_at=_instant(one.get("recorded_at")),
    )


def _headers(headers: Mapping[str, Any]) -> Headers:
    listed = ((name, value if isinstance(value, list) else [value]) for name, value in headers.items())
    return tuple((str(name), str(value)) for name, values in listed for value in values)


def _body(body: Mapping[str, Any]) -> bytes:
    if "base64_string" in body:
        return base64.b64decode(body["base64_string"])
    text = body.get("string") or b""
    return text if isinstance(text, bytes) else str(text).encode("utf-8")


def _instant(value: Any) -> dt.datetime | None:
    if isinstance(value, dt.datetime):
        return value
    return parsedate_to_datetime(value) if isinstance(value, str) else None
