"""Calls that a limit turns away: what the answer says of it, on any surface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from windtunnel_server.model import models
from windtunnel_server.model.limits import Exceeded
from windtunnel_server.plan import Plan
from windtunnel_server.providers.asked import Asked
from windtunnel_server.providers.dialect import Dialect
from windtunnel_server.script import ErrorSpec
from windtunnel_server.wire.headers import RateLimits

#: Limits whose error is not the usual one.
_KINDS: Final[Mapping[str, str]] = {
    "concurrent": "concurrency_limited",
    "acceleration": "acceleration_limited",
    "prompt_bytes": "rate_limited_bytes",
}
#: What the API calls a limit in its words; those of batches, and of fast output, are unverified.
_UNITS: Final[Mapping[str, str]] = {
    "requests": "requests per minute",
    "input_tokens": "input tokens per minute",
    "output_tokens": "output tokens per minute",
    # "… rate limit of 0 fast mode input tokens per minute" (public reports, July to October 2026).
    "fast_input_tokens": "fast mode input tokens per minute",
    "fast_output_tokens": "fast mode output tokens per minute",
    # unverified: that a long prompt's limit has no words of its own.
    "long_context_input_tokens": "input tokens per minute",
    "long_context_output_tokens": "output tokens per minute",
    "prompt_bytes": "prompt bytes per hour",
    "acceleration": "input tokens per minute",
    "count_tokens": "requests per minute",
    "batch_calls": "requests per minute",
    "batch_queue": "batch requests in the processing queue",
}


def answer(dialect: Dialect, asked: Asked, exceeded: Exceeded, *, limits: RateLimits | None = None) -> Plan:
    """Answer a call that a limit turns away; `limits` are where those of its model stand."""
    kind = _KINDS.get(exceeded.family, "rate_limited")
    values: dict[str, object] = {
        "limit": exceeded.limit,
        "current": exceeded.limit,
        "next": exceeded.following,
        "unit": _UNITS.get(exceeded.family),
        "org": asked.stamp.organization_id,
    }
    model = _model(asked)
    if model is not None:
        values["model"] = model
    # Without a message: the words are the dialect's own.
    # No wait helps where nothing is allowed at all: no `retry-after` (one public report, 2026).
    wait_s = None if exceeded.limit == 0 else exceeded.wait_s
    plan = dialect.error(asked, ErrorSpec(kind=kind, retry_after=wait_s), values=values, limits=limits)
    return Plan(plan.steps, plan.notes | {"answered_by": "refused"})


def _model(asked: Asked) -> str | None:
    """Name the model in full, of a batch that of its first request (unverified); None where the call names none."""
    request = asked.call.json if isinstance(asked.call.json, Mapping) else {}
    batched: list[Mapping[str, Any]] = request.get("requests") or []
    name = batched[0]["params"].get("model") if batched else request.get("model")
    model = models.find(str(name))
    return name if model is None else model.id
