"""HTTP archives (HAR 1.2), as browsers, proxies and Polly.js write them; mitmproxy's export among them."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from windtunnel.cassette.importing.whole import rewrapped
from windtunnel.cassette.interaction import CassetteError, Headers, Interaction, Request, Response
from windtunnel.cassette.record.doors import provider_of


def read(raw: bytes, path: Path) -> Sequence[Interaction]:
    """Read the entries of an archive in the order in which they began."""
    try:
        entries = json.loads(raw.removeprefix(b"\xef\xbb\xbf"))["log"]["entries"]
    except (ValueError, LookupError, TypeError):
        raise CassetteError(f"{path}: this is no HTTP archive: it has no log.entries") from None
    return sorted(map(_interaction, entries), key=_began)


def _began(interaction: Interaction) -> float:
    return interaction.recorded_at.timestamp() if interaction.recorded_at is not None else 0.0


def _interaction(entry: Mapping[str, Any]) -> Interaction:
    asked, said = entry["request"], entry["response"]
    response = Response(
        status=max(int(said.get("status") or 0), 0),
        reason=str(said.get("statusText") or ""),
        headers=_headers(said.get("headers") or ()),
        body=_content(said.get("content") or {}),
        head_at_s=_wait_s(entry),
        ended="complete" if said.get("status") else "refused",
        ended_at_s=_end_s(entry),
    )
    return Interaction(
        request=Request(
            method=str(asked["method"]),
            uri=str(asked["url"]),
            headers=_headers(asked.get("headers") or ()),
            body=_posted(asked.get("postData") or {}),
        ),
        response=rewrapped(response),
        provider=provider_of(str(asked["url"])),
        recorded_at=_instant(entry.get("startedDateTime")),
    )


def _headers(listed: Iterable[Mapping[str, Any]]) -> Headers:
    # HTTP/2's own fields (":authority") are no headers of HTTP/1.1.
    return tuple((str(one["name"]), str(one["value"])) for one in listed if not str(one["name"]).startswith(":"))


def _posted(posted: Mapping[str, Any]) -> bytes:
    text = posted.get("text")
    if text is None:
        return urlencode([(one["name"], one.get("value") or "") for one in posted.get("params") or ()]).encode()
    return base64.b64decode(text) if posted.get("encoding") == "base64" else str(text).encode("utf-8", "surrogatepass")


def _content(content: Mapping[str, Any]) -> bytes:
    text = content.get("text") or ""
    return base64.b64decode(text) if content.get("encoding") == "base64" else str(text).encode("utf-8", "surrogatepass")


def _wait_s(entry: Mapping[str, Any]) -> float | None:
    """From the request's end to the answer's first byte; HAR counts in milliseconds, and -1 stands for unknown."""
    wait = (entry.get("timings") or {}).get("wait", -1)
    return wait / 1000 if wait >= 0 else None


def _end_s(entry: Mapping[str, Any]) -> float | None:
    timings = entry.get("timings") or {}
    wait, receive = timings.get("wait", -1), timings.get("receive", -1)
    return (wait + receive) / 1000 if wait >= 0 and receive >= 0 else None


def _instant(text: Any) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if isinstance(text, str) and text else None
