"""What foreign recorders do to an answer, put right: headers that are no longer true of the body they kept."""

from __future__ import annotations

from dataclasses import replace

from windtunnel.cassette.interaction import Headers, Response
from windtunnel.cassette.reported import coding, named


def rewrapped(response: Response) -> Response:
    """Drop a content coding that the recorder has unpacked, and let the length be that of the body.

    The body stays as it is. A recorder that decodes and leaves the headers makes answers that no client can read.
    """
    heads = named(response.headers)
    stated = heads.get("content-encoding", "identity").strip().lower()
    kept = response.headers
    if stated != "identity" and (coding(heads, response.body) != stated or _is_text(response.body)):
        kept = tuple(pair for pair in kept if pair[0].lower() != "content-encoding")
    return replace(response, headers=_sized(kept, len(response.body)))


def _is_text(body: bytes) -> bool:
    """JSON and events as they are: what no content coding begins with."""
    return body[:1] in (b"{", b"[", b"") or body.startswith((b"event:", b"data:", b":", b"\r\n", b"\n"))


def _sized(headers: Headers, length: int) -> Headers:
    return tuple(
        (name, str(length) if name.lower() == "content-length" and length else value) for name, value in headers
    )
