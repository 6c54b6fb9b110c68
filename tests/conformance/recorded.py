"""The corpus as interactions: what was kept of each exchange, written down as a recorder would have."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from windtunnel.cassette.interaction import Headers, Interaction, Request, Response

#: Where exchanges went whose recorder kept the path only.
_HOSTS: Final = {"anthropic": "https://api.anthropic.com", "other": "https://gateway.example"}

#: What stands in a record for the bytes of a file.
_ELIDED: Final = re.compile(rb'"(<elided base64 [^"]*>)"')


def records(corpus: Path) -> Iterator[dict[str, Any]]:
    """Give every record of real traffic."""
    for file in sorted(corpus.glob("exchanges-*.jsonl.gz")):
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def interaction(record: Mapping[str, Any]) -> Interaction:
    """Return a record as an interaction. What is not known of it is not made up, its host apart."""
    url = record["url"]
    provider = record["provider"]
    return Interaction(
        request=Request(
            method=record["method"],
            uri=url if url.startswith("http") else _HOSTS[provider] + url,
            headers=_headers(record["request_headers"]),
            body=_asked(record),
        ),
        response=Response(
            status=record["status"],
            headers=_headers(record["response_headers"], len(body := _answer(record))),
            body=body,
        ),
        provider="anthropic" if provider == "other" else provider,
        recorded_at=_instant(record["recorded_at"]),
    )


def _asked(record: Mapping[str, Any]) -> bytes:
    """Return the body of the request. Where none was kept for a POST of JSON, one that can be asked stands in for it."""
    body = _written(record["request_body"])
    if record["provider"] == "bedrock":
        # boto3 sends base64 and nothing else.
        return _ELIDED.sub(lambda found: b'"%s"' % base64.b64encode(found[1]), body)
    if body or record["method"] != "POST" or record["api"] not in ("messages", "count_tokens"):
        return body
    said: dict[str, Any] = {"model": record["model"] or "unknown", "max_tokens": 1, "messages": []}
    return _written(said | ({"stream": True} if record["streaming"] else {}))


def _answer(record: Mapping[str, Any]) -> bytes:
    said = record.get("response_body_raw") or record["response_body"]
    if record["response_kind"] == "eventstream":
        return base64.b64decode(said)
    return _written(said)


def _written(value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, Mapping) and set(value) == {"b64"}:
        return base64.b64decode(value["b64"])
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def _headers(headers: Mapping[str, Any], size: int | None = None) -> Headers:
    """Return headers without the content coding, which no record has kept; the length is that of the body."""
    listed = ((name, value if isinstance(value, list) else [value]) for name, value in headers.items())
    flat = ((name, str(one)) for name, values in listed for one in values)
    if size is None:
        return tuple(flat)
    kept = ((name, value) for name, value in flat if name.lower() != "content-encoding")
    return tuple((name, str(size) if name.lower() == "content-length" else value) for name, value in kept)


def _instant(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
