"""Claude on Google Cloud's own platform (Vertex AI): its routes, its order of checks, its counts.

Order of checks (the real one is unverified): route, size, credential, project, model, JSON, version, schema
and rules, then the service's own (`model/service.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any, Final, Protocol
from urllib.parse import unquote

from windtunnel_server.call import Call
from windtunnel_server.clock import Clock
from windtunnel_server.model.context.managed import counted
from windtunnel_server.model.models import Model
from windtunnel_server.model.problem import Problem
from windtunnel_server.model.service import Service
from windtunnel_server.plan import Head, Plan
from windtunnel_server.providers import errors, framing, limited
from windtunnel_server.providers.asked import Asked, read_json
from windtunnel_server.providers.messages import Messages
from windtunnel_server.providers.rulebook import Rulebook
from windtunnel_server.providers.vertex import request as vertex_request
from windtunnel_server.providers.vertex.dialect import STREAMING, VertexDialect, platform_error, resource_of
from windtunnel_server.script import ErrorSpec, Step
from windtunnel_server.settings import Settings
from windtunnel_server.wire import compact, google_errors, headers, headers_vertex
from windtunnel_server.wire.ids import Ids

#: wire.md 1.5.
MAX_BODY_BYTES: Final = 30 * 1024 * 1024

#: The base address of a client ends in `/v1` or not; beta clients say `/v1beta1`.
_ROUTE: Final = re.compile(
    r"(?:/v1|/v1beta1)?/projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)"
    r"/publishers/anthropic/models/(?P<model>[^/]+):(?P<verb>rawPredict|streamRawPredict)"
)
#: Stands in the place of a model where tokens are counted.
_COUNTER: Final = "count-tokens"

_USUAL: Final = Settings()


class CredentialGate(Protocol):
    """Says who gets in."""

    def check(self, call: Call) -> Problem | None: ...


class Vertex:
    """The door of Vertex AI. `gate` checks the credential; None lets everyone in who shows a bearer token."""

    name = "vertex"

    def __init__(
        self, clock: Clock, *, seed: int = 0, settings: Settings = _USUAL, gate: CredentialGate | None = None
    ) -> None:
        self._clock, self._gate = clock, gate or AnyToken()
        self._organization_id = Ids(Random(f"organisation {seed}")).uuid4()
        self._service = Service(settings, start=clock.start, seed=seed, bills=False)
        self._dialect = VertexDialect()
        self._rulebook = Rulebook(settings, self.name)
        self._messages = Messages(self._service, clock, self._dialect, seed=seed, rulebook=self._rulebook)

    def reset(self) -> None:
        """Forget what is cached, and what has been used of the limits."""
        self._service.reset()

    # --- the provider's part of the core -------------------------------------------------------------------------

    def max_body_bytes(self, path: str) -> int:
        return MAX_BODY_BYTES

    def answer(self, call: Call, take: Callable[[str], Step | None], random: Random) -> Plan:
        """Answer a call; a step is taken only once the call is one that Vertex would have let in."""
        asked = self._asked(call, random)
        if not asked.found or call.method != "POST":
            return self._dialect.error(
                asked, ErrorSpec(kind="edge_bad_request", status=404 if not asked.found else 405)
            )
        refused = self._gate.check(call)
        if refused is not None:
            return errors.refused(self._dialect, asked, refused)
        if unquote(asked.found["model"]) == _COUNTER:
            return self._count(asked, take)
        model = vertex_request.find_model(unquote(asked.found["model"]))
        if model is None:
            return self._dialect.error(asked, ErrorSpec(kind="model_not_found"))
        if not vertex_request.is_served(model, unquote(asked.found["location"])):
            return self._not_served(asked)
        return self._predict(asked, model, take)

    def scripted(self, call: Call, spec: ErrorSpec, random: Random) -> Plan:
        """Answer with an error of the script's, whoever asks and for whatever."""
        return errors.scripted(self._dialect, self._asked(call, random), spec, window=self._messages.window)

    def too_large(self, call: Call) -> Plan:
        return self._dialect.error(self._asked(call, Random(0)), ErrorSpec(kind="request_too_large"))

    def garbage(self, call: Call, why: str) -> Plan:
        """Bytes that are no HTTP: the front end answers, with a page."""
        return self._dialect.error(self._asked(call, Random(0)), ErrorSpec(kind="edge_bad_request"))

    def refuse_step(self, call: Call, why: str) -> Plan:
        return self._own(call, ErrorSpec(kind="invalid_request", message=why, should_retry=False), "refused")

    def broken(self, call: Call, why: str) -> Plan:
        return self._own(call, ErrorSpec(kind="internal_error", message=why, should_retry=False), "broken")

    # --- parts of an answer --------------------------------------------------------------------------------------

    def _asked(self, call: Call, random: Random) -> Asked:
        call.provider = self.name
        at = self._clock.start + call.arrived_at
        ids = Ids(random, "vrtx_")
        stamp = headers.Stamp(at=at, request_id=ids.request(at), organization_id=self._organization_id, cf_ray="")
        route = _ROUTE.fullmatch(call.route or call.path)
        found = route.groupdict() if route else {}
        return Asked(call, random, stamp, ids, found, workspace=f"projects/{unquote(found.get('project', ''))}")

    def _own(self, call: Call, spec: ErrorSpec, answered_by: str) -> Plan:
        plan = self._dialect.error(self._asked(call, Random(0)), spec)
        return Plan(plan.steps, plan.notes | {"answered_by": answered_by})

    def _not_served(self, asked: Asked) -> Plan:
        values = {"resource": resource_of(asked.found)}
        return platform_error(asked, google_errors.NOT_SERVED, ErrorSpec(), values)

    def _predict(self, asked: Asked, model: Model, take: Callable[[str], Step | None]) -> Plan:
        read = self._read(asked, "messages", model.id)
        if isinstance(read, Problem):
            return errors.refused(self._dialect, asked, read)
        plan = self._messages.answer(read, take)
        if plan.notes.get("answered_by") == "refused":
            # A quota's 429 does not say when to come again (one public log of 2025 has all its headers).
            return plan.map_head(_without_hint)
        return plan

    def _count(self, asked: Asked, take: Callable[[str], Step | None]) -> Plan:
        read = self._read(asked, "count_tokens", None)
        if isinstance(read, Problem):
            return errors.refused(self._dialect, asked, read)
        exceeded = self._service.other("count_tokens", self._clock.now())
        if exceeded is not None:
            return limited.answer(self._dialect, read, exceeded).map_head(_without_hint)
        step = take("count_tokens")
        if step is not None and step.error is not None:
            return errors.scripted(self._dialect, read, step.error, window=self._messages.window)
        body = compact.encode(counted(read.call.json))
        plan = framing.whole(200, headers_vertex.count(asked.stamp), body)
        return Plan(plan.steps, {"request_id": asked.stamp.request_id})

    def _read(self, asked: Asked, endpoint: Any, model: str | None) -> Asked | Problem:
        """Turn the call into one of the direct API. The call itself keeps its body, and gets the model's name."""
        call = asked.call
        unread = read_json(call)
        if unread is not None:
            return unread
        if not isinstance(call.json, dict):
            return self._rulebook.check(call.json, version="", endpoint=endpoint) or Problem("invalid_request", "")
        version = vertex_request.version_of(call.json)
        if isinstance(version, Problem):
            return version
        request = _with_model(vertex_request.first_party(call.json), model)
        if endpoint == "messages":
            request["stream"] = asked.found["verb"] == STREAMING
            call.json = {"model": model, **call.json}
        else:
            request.pop("stream", None)
        wrong = self._rulebook.check(request, version=version, endpoint=endpoint, betas=asked.betas)
        if wrong is not None:
            return wrong
        shown = vertex_request.headers_for(call, call.json)
        inner = replace(call, json=request, headers=shown)
        return replace(asked, call=inner, version=version)


class AnyToken:
    """Lets in whoever shows a bearer token."""

    def check(self, call: Call) -> Problem | None:
        scheme, _, token = (call.header("authorization") or "").partition(" ")
        return None if scheme.lower() == "bearer" and token.strip() else missing()


def missing() -> Problem:
    """No credential at all, in Google's words."""
    error = google_errors.platform_error(errors.kind_of(ErrorSpec(kind="missing_api_key")))
    assert error is not None
    return Problem("missing_api_key", error.message)


def _without_hint(head: Head) -> Head:
    return head.without_header("retry-after")


def _with_model(request: Mapping[str, Any], model: str | None) -> dict[str, Any]:
    """Name the model as the direct API does: the path's, or for a count the body's."""
    if model is not None:
        return {**request, "model": model}
    named = request.get("model")
    found = vertex_request.find_model(named) if isinstance(named, str) else None
    return dict(request) if found is None else {**request, "model": found.id}
