"""The first-party dialect: JSON and server-sent events, the API's own error envelope and headers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from windtunnel_server.plan import Head, Headers, Plan
from windtunnel_server.providers import framing
from windtunnel_server.providers.asked import Asked
from windtunnel_server.providers.errors import kind_of
from windtunnel_server.script import ErrorSpec, Stream
from windtunnel_server.wire import compact, errors, events, headers
from windtunnel_server.wire.headers import RateLimits
from windtunnel_server.wire.message import Reply
from windtunnel_server.wire.slices import Slicing

_ESTIMATES: Final = "thinking-token-count-2026-05-13"
#: `retry-after: 1..64` stands on about one in ten answers of status 200 (FACTS, 251 of about 2,480).
_HINT_ON_SUCCESS, _HINT_MAX_S = 0.1, 64


class FirstParty:
    """Notes of its plans: `request_id`; `usage_at_start` of a stream; `error_type` of an error."""

    def reply(self, asked: Asked, reply: Reply, pacing: Stream | None, limits: RateLimits, *, model: str) -> Plan:
        message_id = reply.id or asked.ids.message(asked.stamp.at)
        hint = str(asked.rng.randint(1, _HINT_MAX_S)) if asked.rng.random() < _HINT_ON_SUCCESS else None
        if asked.call.json.get("stream"):
            slicing = Slicing(
                text_piece=pacing.text_piece if pacing else None,
                input_piece=pacing.input_piece if pacing else None,
                eager=_eager(asked.call.json),
            )
            said = events.stream(
                reply,
                model=model,
                message_id=message_id,
                rng=asked.rng,
                slicing=slicing,
                estimates=_ESTIMATES in asked.betas,
            )
            shown = headers.message_stream(asked.stamp, limits, retry_after=hint)
            plan = framing.streamed(shown, said, pacing, asked.rng)
            started = said[0].payload
            return Plan(plan.steps, {} if started is None else {"usage_at_start": started["message"]["usage"]})
        body = compact.encode(events.message(reply, model=model, message_id=message_id))
        plan = framing.whole(200, headers.message_json(asked.stamp, limits, retry_after=hint), body)
        return framing.delayed(plan, pacing, reply.usage.output_tokens)

    def error(
        self,
        asked: Asked,
        spec: ErrorSpec,
        *,
        values: Mapping[str, object] | None = None,
        limits: RateLimits | None = None,
    ) -> Plan:
        stamp = asked.stamp
        kind = kind_of(spec)
        body = errors.body(
            kind,
            request_id=stamp.request_id,
            type=spec.type,
            message=spec.message,
            details=spec.details,
            values=values,
        )
        shown = headers.error(
            kind,
            stamp,
            content_length=len(body),
            limits=limits,
            retry_after=retry_after(stamp, spec),
            should_retry=spec.should_retry,
        )
        head = Head(spec.status or kind.status, with_changes(shown, spec))
        plan = framing.whole(head.status, head.headers, body)
        request_id = head.header("request-id")
        return Plan(plan.steps, {"error_type": spec.type or kind.type, "request_id": request_id})


def retry_after(stamp: headers.Stamp, spec: ErrorSpec) -> str | None:
    if spec.retry_after_date is not None:
        return headers.http_date(math.ceil(stamp.at + spec.retry_after_date))
    return None if spec.retry_after is None else written(spec.retry_after)


def with_changes(shown: Headers, spec: ErrorSpec) -> Headers:
    head = Head(0, shown)
    if spec.retry_after_ms is not None:
        head = head.with_header("retry-after-ms", written(spec.retry_after_ms))
    for name, value in spec.headers.items():
        head = head.with_header(name, value)
    return head.headers


def written(number: float) -> str:
    """Write a number as it was given: in full, never with an exponent, and without a `.0`."""
    return str(int(number)) if number == number // 1 else f"{Decimal(repr(number)):f}"


def _eager(request: Mapping[str, Any]) -> bool:
    tools = request.get("tools") or []
    return any(isinstance(tool, dict) and tool.get("eager_input_streaming") for tool in tools)
