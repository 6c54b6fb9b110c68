"""Errors of any surface: calls that are not let in, and what a script asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from windtunnel_server.model import models
from windtunnel_server.model.models import Model
from windtunnel_server.model.problem import Problem
from windtunnel_server.plan import Plan
from windtunnel_server.providers import tiers
from windtunnel_server.providers.asked import Asked
from windtunnel_server.providers.dialect import Dialect
from windtunnel_server.script import ErrorSpec
from windtunnel_server.wire import errors, headers

#: A scripted overflow is over the window by so many tokens.
_TOO_MANY: Final = 251


def refused(
    dialect: Dialect,
    asked: Asked,
    problem: Problem,
    *,
    limits: headers.RateLimits | None = None,
    retry_after_s: int | None = None,
) -> Plan:
    """Answer a call that is not let in."""
    spec = ErrorSpec(kind=problem.kind, message=problem.message, retry_after=retry_after_s)
    plan = dialect.error(asked, spec, limits=limits)
    return Plan(plan.steps, plan.notes | {"answered_by": "refused"})


def scripted(dialect: Dialect, asked: Asked, spec: ErrorSpec, *, window: Callable[[Model], int]) -> Plan:
    """Answer as a script says, with words that fit the call as far as it tells. `window`: a model's, in tokens."""
    kind, request = kind_of(spec), asked.call.json
    values: dict[str, object] = {"org": asked.stamp.organization_id}
    model = models.find(str(request.get("model"))) if isinstance(request, Mapping) else None
    if kind.status == 429:
        values["limit"] = tiers.INPUT_TOKENS
    elif model is not None:
        # As if the request were just too long for it.
        limit = window(model)
        values |= {"limit": limit, "tokens": limit + _TOO_MANY, "input": limit - _TOO_MANY}
    if model is not None:
        values["model"] = model.id
    return dialect.error(asked, spec, values=values, limits=tiers.spent(asked.stamp.at))


def kind_of(spec: ErrorSpec) -> errors.ErrorKind:
    """Find the kind of error a script means."""
    return errors.KINDS[spec.kind] if spec.kind is not None else errors.by_status(spec.status or 400)
