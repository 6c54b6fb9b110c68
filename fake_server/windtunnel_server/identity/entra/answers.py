"""What the endpoints of Entra's credentials have in common: JSON answers, and what a script changes about them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from windtunnel_server.plan import End, Head, Headers, Plan, Send
from windtunnel_server.script import ErrorSpec
from windtunnel_server.wire.errors import KINDS, by_status
from windtunnel_server.wire.headers import http_date

#: What a script calls every one of them.
ENDPOINT: Final = "token"


def answered(status: int, value: Mapping[str, Any], shown: Headers, *, confidential: bool = False) -> Plan:
    """Frame a JSON answer."""
    body = json.dumps(value, separators=(",", ":")).encode()
    head = Head(status, (*shown, ("Content-Length", str(len(body)))))
    return Plan((head, Send(body), End()), {"confidential": True} if confidential else {})


def refused(status: int, value: Mapping[str, Any], shown: Headers, *, error: str) -> Plan:
    """Frame a refusal. `error` is the journal's word for it."""
    plan = answered(status, value, shown)
    return Plan(plan.steps, {"error_type": error, "answered_by": "refused"})


def scripted(status: int, value: Mapping[str, Any], shown: Headers, *, error: str, spec: ErrorSpec, at: float) -> Plan:
    """Frame an error that a script asks for, with the headers it wants. `at`: POSIX seconds by the issuer's clock."""
    plan = answered(status, value, shown)

    def changed(head: Head) -> Head:
        for name, given in _hints(spec, at):
            head = head.with_header(name, given)
        return head

    return Plan(plan.map_head(changed).steps, {"error_type": error})


def status_of(spec: ErrorSpec) -> int:
    """Return the status a script means."""
    return spec.status or (KINDS[spec.kind] if spec.kind is not None else by_status(400)).status


def _hints(spec: ErrorSpec, at: float) -> Headers:
    after = _written(spec.retry_after) if spec.retry_after is not None else None
    if spec.retry_after_date is not None:
        after = http_date(math.ceil(at + spec.retry_after_date))
    after_ms = None if spec.retry_after_ms is None else _written(spec.retry_after_ms)
    named = (("Retry-After", after), ("retry-after-ms", after_ms))
    return (*((name, value) for name, value in named if value is not None), *spec.headers.items())


def _written(number: float) -> str:
    return str(int(number)) if number == number // 1 else str(number)
