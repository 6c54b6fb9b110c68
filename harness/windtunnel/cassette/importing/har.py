"""HTTP archives (HAR 1.2), as browsers, Playwright, proxies and Polly.js write them; mitmproxy's export among them."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from windtunnel.cassette.importing.attached import Attached, opened
from windtunnel.cassette.importing.broken import ended_by
from windtunnel.cassette.importing.lost import Lost, can_have_body, whole
from windtunnel.cassette.importing.numbered import REMEDY, Read, numbered
from windtunnel.cassette.importing.whole import rewrapped
from windtunnel.cassette.interaction import CassetteError, Ended, Headers, Interaction, Request, Response, header
from windtunnel.cassette.record.doors import provider_of

#: Where a recorder says how an exchange broke off: Chromium's own export and mitmproxy's, and Playwright's.
_ERRORS: Final = ("_error", "_failureText")
#: Answers of these media types say something, always.
_TELLING: Final = ("application/json", "text/event-stream", "application/vnd.amazon.eventstream")


def read(raw: bytes, path: Path) -> Read:
    """Read the entries of an archive in the order in which they began."""
    written, attached = opened(raw, path)
    try:
        entries = json.loads(written.removeprefix(b"\xef\xbb\xbf"))["log"]["entries"]
    except (LookupError, TypeError):
        raise CassetteError(f"{path}: this is no HTTP archive: it has no log.entries") from None
    except ValueError as error:
        raise CassetteError(f"{path}: this is no HTTP archive, or it was cut: {error}; {REMEDY}") from None
    return sorted(
        numbered(path, "entry", entries, lambda entry, place: _interaction(entry, place, attached)), key=_began
    )


def _began(one: Interaction | Lost) -> float:
    instant = one.recorded_at if isinstance(one, Interaction) else None
    return instant.timestamp() if instant is not None else 0.0


def _interaction(entry: Mapping[str, Any], place: str, attached: Attached) -> Interaction | Lost:
    asked, said = entry["request"], entry["response"]
    content = said.get("content") or {}
    response = Response(
        status=_status(said),
        reason=str(said.get("statusText") or ""),
        headers=_headers(said.get("headers") or ()),
        body=_content(content, attached),
        head_at_s=_wait_s(entry),
        ended=_ending(said),
        ended_at_s=_end_s(entry),
    )
    request = Request(
        method=str(asked["method"]),
        uri=str(asked["url"]).partition("#")[0],
        headers=_headers(asked.get("headers") or ()),
        body=_posted(asked.get("postData") or {}, asked.get("bodySize"), attached),
    )
    interaction = Interaction(
        request=request,
        response=response,
        provider=provider_of(request.uri),
        recorded_at=_instant(entry.get("startedDateTime")),
    )
    kept = whole(interaction, place, keeps_none="answer" if _is_kept_out(request, response, content) else None)
    return kept if isinstance(kept, Lost) else replace(kept, response=rewrapped(kept.response))


# --- how it ended -----------------------------------------------------------------------------------------------------


def _status(said: Mapping[str, Any]) -> int:
    return max(int(said.get("status") or 0), 0)


def _ending(said: Mapping[str, Any]) -> Ended:
    words = next((said[name] for name in _ERRORS if said.get(name)), None)
    if words is not None:
        return ended_by(words)
    return "complete" if _status(said) else "refused"


def _is_kept_out(request: Request, response: Response, content: Mapping[str, Any]) -> bool:
    """Say whether there was a body that the archive does not have: browsers drop those of streams, and of broken answers."""
    if response.body or not can_have_body(request.method, response.status):
        return False
    if header(response.headers, "content-length") == "0":
        return False
    return (content.get("size") or 0) > 0 or _kind(response.headers) in _TELLING


def _kind(headers: Headers) -> str:
    return (header(headers, "content-type") or "").partition(";")[0].strip().lower()


# --- what was said ----------------------------------------------------------------------------------------------------


def _headers(listed: Iterable[Mapping[str, Any]]) -> Headers:
    # HTTP/2's own fields (":authority") are no headers of HTTP/1.1. Chromium joins equal names with line ends.
    return tuple(
        (str(one["name"]), value)
        for one in listed
        if not str(one["name"]).startswith(":")
        for value in str(one["value"]).split("\n")
    )


def _posted(posted: Mapping[str, Any], size: Any, attached: Attached) -> bytes:
    if "_file" in posted:
        return attached(str(posted["_file"]))
    if posted.get("text") is None:
        return urlencode([(one["name"], one.get("value") or "") for one in posted.get("params") or ()]).encode()
    return _written(posted, (size,))


def _content(content: Mapping[str, Any], attached: Attached) -> bytes:
    if "_file" in content:
        return attached(str(content["_file"]))
    size = content.get("size") or 0
    # mitmproxy counts the bytes before they were unpacked.
    return _written(content, (size, size + (content.get("compression") or 0)))


def _written(content: Mapping[str, Any], sizes: Iterable[Any]) -> bytes:
    """Return the bytes behind a text. mitmproxy (11.0) reads those of no known charset as Latin-1; their number tells."""
    text = str(content.get("text") or "")
    if content.get("encoding") == "base64":
        return base64.b64decode(text)
    utf_8 = _encoded(text)
    return utf_8 if text.isascii() or len(utf_8) in sizes or len(text) not in sizes else _latin_1(text, utf_8)


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _latin_1(text: str, otherwise: bytes) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return otherwise


# --- when -------------------------------------------------------------------------------------------------------------


def _wait_s(entry: Mapping[str, Any]) -> float | None:
    """From the request's end to the answer's first byte; HAR counts in milliseconds, and -1 stands for unknown."""
    wait = (entry.get("timings") or {}).get("wait", -1)
    return _seconds(wait) if wait >= 0 and _status(entry["response"]) else None


def _end_s(entry: Mapping[str, Any]) -> float | None:
    timings = entry.get("timings") or {}
    wait, receive = timings.get("wait", -1), timings.get("receive", -1)
    return _seconds(wait + receive) if wait >= 0 and receive >= 0 and _status(entry["response"]) else None


def _seconds(milliseconds: float) -> float:
    """Microseconds are all that a cassette keeps."""
    return round(milliseconds / 1000, 6)


def _instant(text: Any) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if isinstance(text, str) and text else None
