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
#: What the API calls a limit in its words; those of batches are unverified.
_UNITS: Final[Mapping[str, str]] = {
    "requests": "requests per minute",
    "input_tokens": "input tokens per minute",
    "output_tokens": "output tokens per minute",
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
    plan = dialect.error(asked, ErrorSpec(kind=kind, retry_after=exceeded.wait_s), values=values, limits=limits)
    return Plan(plan.steps, plan.notes | {"answered_by": "refused"})


def _model(asked: Asked) -> str | None:
    """Name the model in full, of a batch that of its first request (unverified); None where the call names none."""
    request = asked.call.json if isinstance(asked.call.json, Mapping) else {}
    batched: list[Mapping[str, Any]] = request.get("requests") or []
    name = batched[0]["params"].get("model") if batched else request.get("model")
    model = models.find(str(name))
    return name if model is None else model.id
