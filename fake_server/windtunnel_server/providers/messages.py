"""A Messages call from the service to the plan of its answer, in the first-party framing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from windtunnel_server.clock import Clock
from windtunnel_server.model import models
from windtunnel_server.model.batches import Asking, unfit
from windtunnel_server.model.compose import compose
from windtunnel_server.model.context import compaction, iterations, rounds
from windtunnel_server.model.context.compaction import Compaction
from windtunnel_server.model.context.managed import Managed, counted, managed
from windtunnel_server.model.finish import finish
from windtunnel_server.model.problem import Problem
from windtunnel_server.model.service import Admitted, Applicant, Limited, Service
from windtunnel_server.model.tokens import count_input
from windtunnel_server.plan import Plan
from windtunnel_server.providers import errors, limited, tiers
from windtunnel_server.providers.asked import Asked
from windtunnel_server.providers.dialect import Dialect
from windtunnel_server.providers.rulebook import Rulebook
from windtunnel_server.script import ReplySpec, Step
from windtunnel_server.wire import errors as wire_errors
from windtunnel_server.wire import events, usage
from windtunnel_server.wire.errors import KINDS
from windtunnel_server.wire.ids import Ids
from windtunnel_server.wire.message import Reply, Usage


@dataclass(frozen=True, slots=True)
class _Said:
    """An answer, the output tokens of all its rounds, and who has to know when it begins to leave (seconds)."""

    reply: Reply
    output_tokens: int
    begin: Callable[[float], None]


class Messages:
    """Answers valid Messages requests."""

    def __init__(self, service: Service, clock: Clock, dialect: Dialect, *, seed: int, rulebook: Rulebook) -> None:
        self._service, self._clock, self._dialect, self._seed = service, clock, dialect, seed
        self._rulebook = rulebook

    def answer(self, asked: Asked, take: Callable[[str], Step | None]) -> Plan:
        """Answer a call; it takes a step of the script only once the service has let it in."""
        read = managed(asked.call.json, asked.betas)
        admitted = self._admit(asked, read)
        if isinstance(admitted, Problem):
            return errors.refused(self._dialect, asked, admitted)
        if isinstance(admitted, Limited):
            standings = tiers.shown(self._clock.wall(), admitted.standings)
            return limited.answer(self._dialect, asked, admitted.exceeded, limits=standings)
        step = take("messages")
        if step is not None and step.error is not None:
            plan = errors.scripted(self._dialect, asked, step.error, window=self.window)
            return Plan(plan.steps, plan.notes | {"on_end": admitted.end})
        return self._answer(asked, step, admitted, read)

    def _admit(self, asked: Asked, read: Managed) -> Admitted | Limited | Problem:
        """Let a call in. What an edit compacts has to fit into the window once it is (unverified)."""
        admitted, found = self._service.admit(self._applicant(asked, read.request)), read.compaction
        too_long = isinstance(admitted, Problem) and admitted.kind == "prompt_too_long"
        if not too_long or found is None or found.on_demand or not found.due:
            return admitted
        left = found.left({"type": "compaction", "content": found.text})
        return self._service.admit(self._applicant(asked, left), again=True)

    def window(self, model: models.Model) -> int:
        """A model's window, in tokens."""
        return self._service.window(model).tokens

    def count(self, asked: Asked) -> dict[str, Any]:
        """Count the tokens of a prompt, as its edits leave it."""
        return counted(asked.call.json)

    def answer_in_batch(self, params: Mapping[str, Any], at: float, asking: Asking) -> dict[str, Any]:
        """Answer one request of a batch: a message, or the error it would have met. `at`: POSIX seconds.

        Neither limits nor the cache have a part in it. It is judged under the headers of the batch (that these decide,
        and not those of the day it runs, is unverified).
        """
        ids = Ids(Random(f"{self._seed} {json.dumps(params, sort_keys=True, default=str)}"))
        read = self._fit(params, asking)
        if isinstance(read, Problem):
            body = wire_errors.body(KINDS[read.kind], request_id=ids.request(at), message=read.message)
            return {"type": "errored", "error": json.loads(body)}
        reply = self._batched(read, asking, ids, at)
        message = events.message(reply, model=_resolved(params["model"]), message_id=ids.message(at))
        return {"type": "succeeded", "message": message}

    def _fit(self, params: Mapping[str, Any], asking: Asking) -> Managed | Problem:
        """Read a request of a batch, or say why it is not answered."""
        wrong = unfit(params) or self._rulebook.check(dict(params), version=asking.version, betas=asking.betas)
        if wrong is not None:
            return wrong
        read = managed(params, asking.betas)
        if read.compaction is not None and read.compaction.due:
            return read
        return self._service.too_long(read.request, asking.betas) or read

    def _batched(self, read: Managed, asking: Asking, ids: Ids, at: float) -> Reply:
        found, geo = read.compaction, read.request.get("inference_geo")
        prompt = Usage(input_tokens=count_input(read.request), service_tier="batch", inference_geo=geo)
        if found is None or not found.due:
            reply = compose(read.request, seed=self._seed, ids=ids, prompt=prompt, at=at)
            return replace(iterations.told(reply, asking.betas, None), context_management=read.told)
        written = found.write(None, prompt)
        if written.alone or written.block is None:
            return compaction.whole(written, None)
        left = found.left(written.block)
        answering = replace(prompt, input_tokens=count_input(left))
        reply = compose(read.request, seed=self._seed, ids=ids, prompt=answering, at=at)
        reply = replace(reply, content=(written.block, *reply.content), context_management=read.told)
        return iterations.told(reply, asking.betas, written.usage)

    def _applicant(self, asked: Asked, request: Mapping[str, Any]) -> Applicant:
        model = models.find(request["model"])
        assert model is not None, "validation lets no other model in"
        return Applicant(
            request=request,
            model=model,
            workspace=asked.workspace,
            prompt_bytes=len(asked.call.body),
            betas=asked.betas,
            asked_at=asked.call.arrived_at,
            at=self._clock.now(),
        )

    def _answer(self, asked: Asked, step: Step | None, admitted: Admitted, read: Managed) -> Plan:
        said = self._said(asked, step.reply if step is not None else None, admitted, read)
        if isinstance(said, Problem):
            plan = errors.refused(self._dialect, asked, said)
            return Plan(plan.steps, plan.notes | {"on_end": admitted.end})
        reply = said.reply
        if reply.context_management is None:
            reply = replace(reply, context_management=read.told)
        standings = admitted.said(said.output_tokens)
        at = asked.stamp.at
        limits = tiers.untouched(at, reply.usage) if standings is None else tiers.shown(self._clock.wall(), standings)
        model = _resolved(asked.call.json["model"])
        plan = self._dialect.reply(asked, reply, step.stream if step is not None else None, limits, model=model)
        used = usage.full(reply.usage, model=model)
        # A refusal before any output is not billed (release notes of the API, 2026).
        is_free = reply.stop_reason == "refusal" and not reply.content
        billed = {} if is_free else used
        admitted.pays(lambda: self._service.charge(billed, model, asked.betas, self._clock.now()))
        notes: dict[str, object] = {
            "request_id": asked.stamp.request_id,
            "usage": used,
            "billed": billed,
            "on_begin": said.begin,
            "on_end": admitted.end,
        }
        return Plan(plan.steps, plan.notes | notes)

    def _said(self, asked: Asked, spec: ReplySpec | None, admitted: Admitted, read: Managed) -> _Said | Problem:
        """Have the model answer, and summarise before that where the conversation is to be compacted."""
        found = read.compaction
        if found is not None and found.applies_to(spec):
            return self._compacted(asked, spec, admitted, found)
        reply = iterations.told(self._reply(asked, spec, admitted), asked.betas, None)
        return _Said(reply, reply.usage.output_tokens, admitted.begin)

    def _compacted(
        self, asked: Asked, spec: ReplySpec | None, admitted: Admitted, found: Compaction
    ) -> _Said | Problem:
        written = found.write(spec, _of_whole(admitted.usage, found.tokens))
        if written.alone:
            return _Said(compaction.whole(written, spec), written.usage.output_tokens, admitted.begin)
        answering = self._service.goes_on(self._applicant(asked, found.left(written.block)))
        if isinstance(answering, Problem):
            return answering
        reply = self._reply(asked, written.rest, answering)
        content = reply.content if written.block is None else (written.block, *reply.content)
        reply = rounds.told(replace(reply, content=content), found.request, written.usage, found.instructions)
        reply = iterations.told(reply, asked.betas, written.usage)

        def begin(at: float) -> None:
            answering.begin(at)
            admitted.begin(at)

        return _Said(reply, sum(int(part.get("output_tokens") or 0) for part in reply.usage.iterations or ()), begin)

    def _reply(self, asked: Asked, spec: ReplySpec | None, admitted: Admitted) -> Reply:
        request: Mapping[str, Any] = asked.call.json
        if spec is not None:
            return finish(spec, request, ids=asked.ids, seed=self._seed, prompt=admitted.usage)
        if request["max_tokens"] <= admitted.room:
            return compose(request, seed=self._seed, ids=asked.ids, prompt=admitted.usage, at=asked.stamp.at)
        cut = {**request, "max_tokens": admitted.room}
        reply = compose(cut, seed=self._seed, ids=asked.ids, prompt=admitted.usage, at=asked.stamp.at)
        full = reply.stop_reason == "max_tokens"
        return replace(reply, stop_reason="model_context_window_exceeded") if full else reply


def _of_whole(read: Usage, tokens: int) -> Usage:
    """Give the input side of reading a prompt of so many tokens; nothing is known of the cache where `read` is another."""
    whole = read.input_tokens + read.cache_creation_tokens + read.cache_read_tokens
    return read if whole == tokens else Usage(input_tokens=tokens, inference_geo=read.inference_geo, speed=read.speed)


def _resolved(name: str) -> str:
    model = models.find(name)
    return name if model is None else model.id
