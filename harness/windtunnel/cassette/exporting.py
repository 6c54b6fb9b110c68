"""A cassette for other tools: plain VCR, and HAR 1.2."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from windtunnel.cassette.interaction import Headers, Interaction, header
from windtunnel.cassette.vcr import KEY, VERSION, to_vcr


def vcr(interactions: Sequence[Interaction]) -> bytes:
    """Write plain VCR, version 1, without our key: the instants, how an answer ended and the order of headers are lost."""
    import yaml

    listed = []
    for interaction in interactions:
        structure = to_vcr(interaction)
        del structure["response"][KEY]
        listed.append(structure)
    document = {"interactions": listed, "version": VERSION}
    written: bytes = yaml.dump(document, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), encoding="utf-8")
    return written


def har(interactions: Sequence[Interaction]) -> bytes:
    """Write an HTTP archive. Bodies that are not UTF-8 are base64, a request's too (its `encoding` is not in HAR 1.2)."""
    from importlib.metadata import version

    log = {"version": "1.2", "creator": {"name": "windtunnel", "version": version("windtunnel")}}
    document = {"log": {**log, "entries": [_entry(interaction) for interaction in interactions]}}
    return json.dumps(document, indent=1, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


#: Format → how it is written.
FORMATS: Final[Mapping[str, Callable[[Sequence[Interaction]], bytes]]] = {"vcr": vcr, "har": har}


def _entry(interaction: Interaction) -> dict[str, Any]:
    request, response = interaction.request, interaction.response
    head = response.head_at_s
    end = response.ended_at_s
    receive = -1.0 if head is None or end is None else (end - head) * 1000
    wait = -1.0 if head is None else head * 1000
    asked = {
        "method": request.method,
        "url": request.uri,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(request.headers),
        "queryString": [{"name": name, "value": value} for name, value in parse_qsl(urlsplit(request.uri).query, True)],
        "headersSize": -1,
        "bodySize": len(request.body),
    }
    if request.body:
        asked["postData"] = {"mimeType": header(request.headers, "content-type") or "", **_body(request.body)}
    kind = header(response.headers, "content-type") or ""
    return {
        "startedDateTime": interaction.recorded_at.isoformat() if interaction.recorded_at else "1970-01-01T00:00:00Z",
        "time": 0 if end is None else end * 1000,
        "request": asked,
        "response": {
            "status": response.status,
            "statusText": response.reason,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _headers(response.headers),
            "content": {"size": len(response.body), "mimeType": kind, **_body(response.body)},
            "redirectURL": header(response.headers, "location") or "",
            "headersSize": -1,
            "bodySize": len(response.body),
            # As Chromium says it, in our words; an importer of ours reads it.
            **({} if response.ended == "complete" else {"_error": response.ended}),
        },
        "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": receive},
    }


def _headers(headers: Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]


def _body(body: bytes) -> dict[str, str]:
    try:
        return {"text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(body).decode(), "encoding": "base64"}
