"""How a body is delimited: keep the head in step with it, or change the way it is done."""

from __future__ import annotations

from dataclasses import replace

from windtunnel_server.plan import Head, Plan


def in_step(before: Plan, after: Plan) -> Plan:
    """Move the content-length of `after` by as much as its body grew; a length that lies goes on lying by as much."""
    grown = len(after.body) - len(before.body)

    def change(head: Head) -> Head:
        length = head.header("content-length")
        if length is None:
            return head
        return head.with_header("content-length", str(max(0, int(length) + grown)))

    return after.map_head(change)


def with_length(head: Head, length: int) -> Head:
    """Delimit the body by a content-length, in the place where the framing header stood."""
    return _framed(head, "Content-Length", str(max(0, length)))


def chunked(head: Head) -> Head:
    """Delimit the body by chunks, in the place where the framing header stood."""
    return _framed(head, "Transfer-Encoding", "chunked")


def _framed(head: Head, name: str, value: str) -> Head:
    old = ("content-length", "transfer-encoding")
    place = next((i for i, (key, _) in enumerate(head.headers) if key.lower() in old), len(head.headers))
    before = head.headers[:place]
    behind = tuple(pair for pair in head.headers[place:] if pair[0].lower() not in old)
    return replace(head, headers=(*before, (name, value), *behind))
