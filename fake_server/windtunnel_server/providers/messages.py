"""A Messages call from the service to the plan of its answer, in the first-party framing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any, Final

from windtunnel_server.clock import Clock
from windtunnel_server.identity.api_keys import bearer, header
from windtunnel_server.model import models
from windtunnel_server.model.compose import compose
from windtunnel_server.model.finish import finish
from windtunnel_server.model.problem import Problem
from windtunnel_server.model.service import UNITS, Admitted, Applicant, Limited, Service
from windtunnel_server.plan import Plan
from windtunnel_server.providers import errors, tiers
from windtunnel_server.providers.asked import Asked
from windtunnel_server.providers.dialect import Dialect
from windtunnel_server.providers.rulebook import Rulebook
from windtunnel_server.script import ErrorSpec, ReplySpec, Step
from windtunnel_server.wire import errors as wire_errors
from windtunnel_server.wire import events, usage
from windtunnel_server.wire.errors import KINDS
from windtunnel_server.wire.ids import Ids
from windtunnel_server.wire.message import Reply

#: `retry-after: 1..64` stands on about one in ten answers of status 200 (FACTS, 251 of about 2,480).
_HINT_ON_SUCCESS, _HINT_MAX_S = 0.1, 64

#: The tokens of a login are renewed, and stay in one workspace.
_LOGIN_TOKEN: Final = "sk-ant-oat"


class Messages:
    """Answers valid Messages requests."""

    def __init__(
        self, service: Service, clock: Clock, dialect: Dialect, *, seed: int, rulebook: Rulebook
    ) -> None:
        self._service, self._clock, self._dialect, self._seed = service, clock, dialect, seed
        self._rulebook = rulebook

    def answer(self, asked: Asked, take: Callable[[str], Step | None]) -> Plan:
        """Answer a call; it takes a step of the script only once the service has let it in."""
        admitted = self._service.admit(self._applicant(asked))
        if isinstance(admitted, Problem):
            return errors.refused(self._dialect, asked, admitted)
        if isinstance(admitted, Limited):
            return self._limited(asked, admitted)
        step = take("messages")
        if step is not None and step.error is not None:
            plan = errors.scripted(self._dialect, asked, step.error, window=self.window)
            return Plan(plan.steps, plan.notes | {"on_end": admitted.end})
        return self._answer(asked, step, admitted)

    def window(self, model: models.Model) -> int:
        """A model's window, in tokens."""
        return self._service.window(model).tokens

    def answer_in_batch(self, params: Mapping[str, Any], at: float) -> dict[str, Any]:
        """Answer one request of a batch: a message, or the error it would have met. `at`: POSIX seconds.

        Neither limits nor the cache have a part in it.
        """
        ids = Ids(Random(f"{self._seed} {json.dumps(params, sort_keys=True, default=str)}"))
        wrong = self._rulebook.check(dict(params), version=models.MODERN)
        wrong = wrong or self._service.too_long(params)
        if wrong is not None:
            body = wire_errors.body(KINDS[wrong.kind], request_id=ids.request(at), message=wrong.message)
            return {"type": "errored", "error": json.loads(body)}
        reply = compose(params, seed=self._seed, ids=ids)
        reply = replace(reply, usage=replace(reply.usage, service_tier="batch"))
        message = events.message(reply, model=_resolved(params["model"]), message_id=ids.message(at))
        return {"type": "succeeded", "message": message}

    def _applicant(self, asked: Asked) -> Applicant:
        model = models.find(asked.call.json["model"])
        assert model is not None, "validation lets no other model in"
        return Applicant(
            request=asked.call.json,
            model=model,
            workspace=_workspace(asked),
            betas=asked.betas,
            asked_at=asked.call.arrived_at,
            at=self._clock.now(),
        )

    def _answer(self, asked: Asked, step: Step | None, admitted: Admitted) -> Plan:
        reply = self._reply(asked, step.reply if step is not None else None, admitted)
        standings = admitted.said(reply.usage.output_tokens)
        at = asked.stamp.at
        limits = tiers.untouched(at, reply.usage) if standings is None else tiers.shown(at, standings)
        model = _resolved(asked.call.json["model"])
        plan = self._dialect.reply(asked, reply, step.stream if step is not None else None, limits, model=model)
        used = usage.full(reply.usage, model=model)
        # A refusal before any output is not billed (release notes of the API, 2026).
        is_free = reply.stop_reason == "refusal" and not reply.content
        notes: dict[str, object] = {
            "request_id": asked.stamp.request_id,
            "usage": used,
            "billed": {} if is_free else used,
            "on_begin": admitted.begin,
            "on_end": admitted.end,
        }
        return Plan(plan.steps, plan.notes | notes)

    def _reply(self, asked: Asked, spec: ReplySpec | None, admitted: Admitted) -> Reply:
        request: Mapping[str, Any] = asked.call.json
        if spec is not None:
            return finish(spec, request, ids=asked.ids, seed=self._seed, prompt=admitted.usage)
        if request["max_tokens"] <= admitted.room:
            return compose(request, seed=self._seed, ids=asked.ids, prompt=admitted.usage)
        cut = {**request, "max_tokens": admitted.room}
        reply = compose(cut, seed=self._seed, ids=asked.ids, prompt=admitted.usage)
        full = reply.stop_reason == "max_tokens"
        return replace(reply, stop_reason="model_context_window_exceeded") if full else reply

    def _limited(self, asked: Asked, limited: Limited) -> Plan:
        exceeded = limited.exceeded
        kind = "concurrency_limited" if exceeded.limit is None else "rate_limited"
        values = {
            "limit": exceeded.limit,
            "unit": UNITS.get(exceeded.family),
            "org": asked.stamp.organization_id,
            "model": _resolved(asked.call.json["model"]),
        }
        # Without a message: the words are the dialect's own.
        spec = ErrorSpec(kind=kind, retry_after=exceeded.wait_s)
        limits = tiers.shown(asked.stamp.at, limited.standings)
        plan = self._dialect.error(asked, spec, values=values, limits=limits)
        return Plan(plan.steps, plan.notes | {"answered_by": "refused"})


def _workspace(asked: Asked) -> str:
    key = header(asked.call.headers, "x-api-key") or bearer(asked.call.headers) or ""
    return _LOGIN_TOKEN if key.startswith(_LOGIN_TOKEN) else key


def _resolved(name: str) -> str:
    model = models.find(name)
    return name if model is None else model.id
