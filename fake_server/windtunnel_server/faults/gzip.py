"""The fault gzip: a compressed body."""

from __future__ import annotations

import zlib
from dataclasses import replace
from random import Random

from windtunnel_server.faults import _framing, _needs
from windtunnel_server.faults._rules import GzipLevel
from windtunnel_server.plan import Close, End, Head, Plan, Send, Step

#: Window of 32 KiB (15) with a gzip wrapper (+ 16), in the words of zlib.
GZIP_WINDOW = 15 + 16


def gzip(plan: Plan, *, rng: Random, level: GzipLevel = 6) -> Plan:
    """The body is compressed with gzip, and every event can be read as soon as its bytes are there.

    Seen every day: clients say that they accept it, and the edge of the real API often does it. A client that asks
    for raw bytes, or that waits for the end to decompress, shows here.
    """
    _needs.plain(plan, "gzip")
    if not plan.body:
        return plan
    return _framing.in_step(plan, _packed(plan, level)).map_head(_announce)


def _packed(plan: Plan, level: int) -> Plan:
    squeeze = zlib.compressobj(level, zlib.DEFLATED, GZIP_WINDOW)
    left = sum(isinstance(step, Send) for step in plan)
    finish = _is_whole(plan)

    def pack(send: Send) -> list[Step]:
        nonlocal left
        left -= 1
        how = zlib.Z_FINISH if finish and left == 0 else zlib.Z_SYNC_FLUSH
        return [Send(squeeze.compress(send.data) + squeeze.flush(how), send.event)]

    return plan.map_sends(pack)


def _is_whole(plan: Plan) -> bool:
    """Say whether the body is sent to its end, and not cut: a cut one has no trailer."""
    head, last = plan.head, plan.steps[-1]
    unframed = head is not None and not head.chunked and head.header("content-length") is None
    return isinstance(last, End) or (unframed and isinstance(last, Close))


def _announce(head: Head) -> Head:
    # Behind vary, as recorded (FACTS.md, response headers).
    names = [name.lower() for name, _ in head.headers]
    place = names.index("vary") + 1 if "vary" in names else len(names)
    return replace(head, headers=(*head.headers[:place], ("Content-Encoding", "gzip"), *head.headers[place:]))
