"""Anthropic direct: its routes, its order of checks, its dialect of answers and errors.

Order of checks (wire.md section 10; the exact order is unverified): size, key, version header, JSON, schema, model.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import Any, Final
from urllib.parse import parse_qs

from windtunnel_server.call import Call
from windtunnel_server.clock import Clock
from windtunnel_server.identity.api_keys import ApiKeys
from windtunnel_server.model import models, tokens, validate
from windtunnel_server.model.batches import Batches
from windtunnel_server.model.compose import compose
from windtunnel_server.model.finish import finish
from windtunnel_server.model.problem import Problem
from windtunnel_server.plan import Head, Headers, Plan
from windtunnel_server.providers import framing
from windtunnel_server.script import ErrorSpec, Step, Stream
from windtunnel_server.wire import compact, errors, events, headers, usage
from windtunnel_server.wire.ids import Ids
from windtunnel_server.wire.message import Reply
from windtunnel_server.wire.slices import Slicing

#: Both are alive; the older `2023-01-01` is still documented as valid (wire.md section 0).
VERSIONS: Final = ("2026-10-21", "2023-06-01", "2023-01-01")

_MB = 1024 * 1024
#: wire.md 1.1.
_MAX_BODY_BYTES: Final = {"batches": 256 * _MB, "": 32 * _MB}

#: A tier's limits per minute, as the answers report them: requests, input tokens, output tokens (recorded, 2026-08).
_REQUESTS, _INPUT, _OUTPUT = 4_000, 2_000_000, 400_000

#: A scripted overflow is over the window by so many tokens.
_TOO_MANY = 251

#: `retry-after: 1..64` stands on about one in ten answers of status 200 (FACTS, 251 of about 2,480).
_HINT_ON_SUCCESS, _HINT_MAX_S = 0.1, 64

#: Stands for our own address until an answer leaves.
_HERE: Final = "http://windtunnel.invalid"

#: SDKs of the older version still ask for betas with a query; the API takes no notice (wire.md section 0).
_BATCH = r"/v1/messages/batches/(?P<id>[^/]+)"
_ROUTES: Final[tuple[tuple[str, str, str], ...]] = (
    ("POST", r"/v1/messages", "messages"),
    ("POST", r"/v1/messages/count_tokens", "count_tokens"),
    ("GET", r"/v1/models", "list_models"),
    ("GET", r"/v1/models/(?P<id>[^/]+)", "get_model"),
    ("POST", r"/v1/messages/batches", "create_batch"),
    ("GET", r"/v1/messages/batches", "list_batches"),
    ("GET", _BATCH, "get_batch"),
    ("DELETE", _BATCH, "delete_batch"),
    ("POST", _BATCH + "/cancel", "cancel_batch"),
    ("GET", _BATCH + "/results", "batch_results"),
    ("HEAD", r"/", "root"),
)

#: What a script calls an endpoint.
_SCRIPTED: Final = {
    "messages": "messages",
    "count_tokens": "count_tokens",
    "list_models": "models",
    "get_model": "models",
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A call as far as it has been understood."""

    call: Call
    rng: Random
    stamp: headers.Stamp
    ids: Ids
    #: Parts of the path, by name.
    found: Mapping[str, str]
    version: str = ""

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(self.call.query, keep_blank_values=True)


class Anthropic:
    """The first-party door."""

    name = "anthropic"

    def __init__(self, clock: Clock, *, seed: int = 0, keys: ApiKeys | None = None) -> None:
        self._clock = clock
        self._seed = seed
        self._keys = keys or ApiKeys()
        own = Ids(Random(f"organisation {seed}"))
        self.organization_id, self._workspace_id = own.uuid4(), own.workspace()
        self._colo = own.cf_ray()[-3:]
        self._new_batch_id = own.batch
        self.reset()

    def reset(self) -> None:
        """Forget the batches."""
        self._batches = Batches(self._answer_in_batch, new_id=self._new_batch_id, results_base=_HERE)

    # --- the provider's part of the core -------------------------------------------------------------------------

    def max_body_bytes(self, path: str) -> int:
        return _MAX_BODY_BYTES["batches" if path.startswith("/v1/messages/batches") else ""]

    def answer(self, call: Call, take: Callable[[str], Step | None], random: Random) -> Plan:
        """Answer a call; a step is taken only once the call is one that the API would have let in."""
        endpoint, asked = self._route(call, random)
        if isinstance(asked, Plan):
            return asked
        if endpoint == "root":
            return self._not_here(asked, "Not found")
        refused = self._refused(asked)
        if refused is not None:
            return self._problem(asked, refused)
        unread = _read_json(call)
        if unread is not None:
            return self._problem(asked, unread)
        return self._answer(endpoint, asked, take)

    def _answer(self, endpoint: str, asked: _Asked, take: Callable[[str], Step | None]) -> Plan:
        if endpoint in ("messages", "count_tokens"):
            wrong = validate.check(asked.call.json, version=asked.version, endpoint=endpoint)  # type: ignore[arg-type]
            if wrong is not None:
                return self._problem(asked, wrong)
        step = take(_SCRIPTED.get(endpoint, "batches"))
        if step is not None and step.error is not None:
            return self._scripted_error(asked, step.error)
        if endpoint == "messages":
            return self._message(asked, step)
        answers: dict[str, Callable[[_Asked], Any]] = {
            "count_tokens": lambda a: {"input_tokens": tokens.count_input(a.call.json)},
            "list_models": lambda a: models.listing(a.query, version=a.version),
            "get_model": self._model,
            "create_batch": lambda a: self._batches.create(a.call.json, a.stamp.at),
            "list_batches": lambda a: self._batches.listing(a.query, a.stamp.at),
            "get_batch": lambda a: self._batches.get(a.found["id"], a.stamp.at),
            "delete_batch": lambda a: self._batches.delete(a.found["id"], a.stamp.at),
            "cancel_batch": lambda a: self._batches.cancel(a.found["id"], a.stamp.at),
            "batch_results": lambda a: self._batches.results(a.found["id"], a.stamp.at),
        }
        return self._value(asked, answers[endpoint](asked), lines=endpoint == "batch_results")

    def too_large(self, call: Call) -> Plan:
        return self._error(self._asked(call, Random(0)), ErrorSpec(kind="request_too_large"))

    def garbage(self, call: Call, why: str) -> Plan:
        """Bytes that are no HTTP: the edge answers, with a page (its words are unverified)."""
        return self._error(self._asked(call, Random(0)), ErrorSpec(kind="edge_bad_request"))

    def refuse_step(self, call: Call, why: str) -> Plan:
        asked = self._asked(call, Random(0))
        plan = self._error(asked, ErrorSpec(kind="invalid_request", message=why, should_retry=False))
        return Plan(plan.steps, plan.notes | {"answered_by": "refused"})

    def broken(self, call: Call, why: str) -> Plan:
        asked = self._asked(call, Random(0))
        plan = self._error(asked, ErrorSpec(kind="internal_error", message=why, should_retry=False))
        return Plan(plan.steps, plan.notes | {"answered_by": "broken"})

    # --- admission -----------------------------------------------------------------------------------------------

    def _asked(self, call: Call, random: Random, found: Mapping[str, str] | None = None) -> _Asked:
        call.provider = self.name
        at = self._clock.start + call.arrived_at
        ids = Ids(random, colo=self._colo)
        stamp = headers.Stamp(
            at=at,
            request_id=ids.request(at),
            organization_id=self.organization_id,
            workspace_id=self._workspace_id,
            traceresponse=ids.traceresponse(),
            cf_ray=ids.cf_ray(),
        )
        return _Asked(call, random, stamp, ids, found or {}, call.header("anthropic-version") or "")

    def _route(self, call: Call, random: Random) -> tuple[str, _Asked | Plan]:
        allowed: list[str] = []
        for method, pattern, endpoint in _ROUTES:
            match = re.fullmatch(pattern, call.path)
            if match and method == call.method:
                return endpoint, self._asked(call, random, match.groupdict())
            if match:
                allowed.append(method)
        asked = self._asked(call, random)
        if allowed:
            return "", self._wrong_method(asked, allowed)
        served = ", ".join(f"{method} {_readable(pattern)}" for method, pattern, _ in _ROUTES)
        return "", self._not_here(asked, f"Not found: windtunnel serves {served}")

    def _not_here(self, asked: _Asked, message: str) -> Plan:
        return self._error(asked, ErrorSpec(kind="not_found", message=message))

    def _wrong_method(self, asked: _Asked, allowed: list[str]) -> Plan:
        # The real API's words for this are unverified.
        plan = self._error(asked, ErrorSpec(status=405, message="Method Not Allowed"))
        return plan.map_head(lambda head: head.with_header("allow", ", ".join(allowed)))

    def _refused(self, asked: _Asked) -> Problem | None:
        wrong_key = self._keys.check(asked.call.headers)
        if wrong_key is not None:
            return wrong_key
        version = asked.version
        if not version:
            return Problem("version_header_missing", "anthropic-version: header is required")
        if version not in VERSIONS:
            # The real API's words for this are unverified (wire.md, open question 4).
            return Problem("invalid_request", f'anthropic-version: "{version}" is not a valid version')
        return None

    # --- answers -------------------------------------------------------------------------------------------------

    def _message(self, asked: _Asked, step: Step | None) -> Plan:
        request: dict[str, Any] = asked.call.json
        spec = step.reply if step is not None else None
        if spec is None:
            reply = compose(request, seed=self._seed, ids=asked.ids)
        else:
            reply = finish(spec, request, ids=asked.ids, seed=self._seed)
        pacing = step.stream if step is not None else None
        model = _resolved(request["model"])
        message_id = reply.id or asked.ids.message(asked.stamp.at)
        plan = self._sent(asked, reply, pacing, model=model, message_id=message_id)
        notes: dict[str, object] = {
            "request_id": asked.stamp.request_id,
            "usage": usage.full(reply.usage, model=model),
        }
        return Plan(plan.steps, plan.notes | notes)

    def _sent(self, asked: _Asked, reply: Reply, pacing: Stream | None, *, model: str, message_id: str) -> Plan:
        limits = self._limits(asked.stamp.at, reply)
        hint = str(asked.rng.randint(1, _HINT_MAX_S)) if asked.rng.random() < _HINT_ON_SUCCESS else None
        if asked.call.json.get("stream"):
            slicing = Slicing(
                text_piece=pacing.text_piece if pacing else None,
                input_piece=pacing.input_piece if pacing else None,
                eager=_eager(asked.call.json),
            )
            said = events.stream(reply, model=model, message_id=message_id, rng=asked.rng, slicing=slicing)
            shown = headers.message_stream(asked.stamp, limits, retry_after=hint)
            plan = framing.streamed(shown, said, pacing, asked.rng)
            started = said[0].payload
            return Plan(plan.steps, {} if started is None else {"usage_at_start": started["message"]["usage"]})
        body = compact.encode(events.message(reply, model=model, message_id=message_id))
        plan = framing.whole(200, headers.message_json(asked.stamp, limits, retry_after=hint), body)
        return framing.delayed(plan, pacing, reply.usage.output_tokens)

    def _model(self, asked: _Asked) -> Any:
        name = asked.found["id"]
        model = models.find(name)
        return Problem("model_not_found", f"model: {name}") if model is None else model.info(version=asked.version)

    def _value(self, asked: _Asked, value: Any, *, lines: bool) -> Plan:
        if isinstance(value, Problem):
            return self._problem(asked, value)
        notes: dict[str, object] = {"request_id": asked.stamp.request_id}
        if lines:
            body = b"".join(compact.encode(item) + b"\n" for item in value)
            shown = headers.other_json(asked.stamp, content_type=headers.JSON_LINES)
        else:
            body, shown = compact.encode(value), headers.other_json(asked.stamp)
        # Addresses in an answer lead back to wherever the client found us.
        body = body.replace(_HERE.encode(), f"http://{asked.call.header('host') or 'localhost'}".encode())
        return Plan(framing.whole(200, shown, body).steps, notes)

    def _answer_in_batch(self, params: Mapping[str, Any], at: float) -> dict[str, Any]:
        """Answer one request of a batch: a message, or the error it would have met."""
        ids = Ids(Random(f"{self._seed} {json.dumps(params, sort_keys=True, default=str)}"))
        wrong = validate.check(dict(params), version=VERSIONS[0], endpoint="messages")
        if wrong is not None:
            kind = errors.KINDS[wrong.kind]
            body = errors.body(kind, request_id=ids.request(at), message=wrong.message)
            return {"type": "errored", "error": json.loads(body)}
        reply = compose(params, seed=self._seed, ids=ids)
        reply = replace(reply, usage=replace(reply.usage, service_tier="batch"))
        message = events.message(reply, model=_resolved(params["model"]), message_id=ids.message(at))
        return {"type": "succeeded", "message": message}

    # --- errors --------------------------------------------------------------------------------------------------

    def _problem(self, asked: _Asked, problem: Problem) -> Plan:
        plan = self._error(asked, ErrorSpec(kind=problem.kind, message=problem.message))
        return Plan(plan.steps, plan.notes | {"answered_by": "refused"})

    def _scripted_error(self, asked: _Asked, spec: ErrorSpec) -> Plan:
        return self._error(asked, spec, values=self._values(asked, _kind(spec)))

    def _values(self, asked: _Asked, kind: errors.ErrorKind) -> dict[str, object]:
        """What the placeholders of an error's words stand for, as far as this call tells."""
        body = asked.call.json if isinstance(asked.call.json, dict) else {}
        values: dict[str, object] = {"org": self.organization_id, "limit": _INPUT}
        model = models.find(str(body.get("model")))
        if model is not None and kind.status != 429:
            # As if the request were just too long for it.
            values |= {"limit": model.window, "tokens": model.window + _TOO_MANY, "input": model.window - _TOO_MANY}
        if model is not None:
            values["model"] = model.id
        return values

    def _error(self, asked: _Asked, spec: ErrorSpec, *, values: Mapping[str, object] | None = None) -> Plan:
        kind = _kind(spec)
        body = errors.body(
            kind,
            request_id=asked.stamp.request_id,
            type=spec.type,
            message=spec.message,
            details=spec.details,
            values=values,
        )
        shown = headers.error(
            kind,
            asked.stamp,
            content_length=len(body),
            limits=self._limits(asked.stamp.at, None, spent=True),
            retry_after=self._retry_after(asked, spec),
            should_retry=spec.should_retry,
        )
        head = Head(spec.status or kind.status, _with(shown, spec))
        plan = framing.whole(head.status, head.headers, body)
        request_id = head.header("request-id")
        return Plan(plan.steps, {"error_type": spec.type or kind.type, "request_id": request_id})

    def _retry_after(self, asked: _Asked, spec: ErrorSpec) -> str | None:
        if spec.retry_after_date is not None:
            return headers.http_date(math.ceil(asked.stamp.at + spec.retry_after_date))
        return None if spec.retry_after is None else _written(spec.retry_after)

    def _limits(self, at: float, reply: Reply | None, *, spent: bool = False) -> headers.RateLimits:
        counted = reply.usage if reply is not None else None
        used_in = counted.input_tokens + counted.cache_creation_tokens if counted else 0
        used_out = counted.output_tokens if counted else 0
        left = 0 if spent else 1
        return headers.RateLimits(
            requests=headers.RateLimit(_REQUESTS, left * (_REQUESTS - 1), at),
            input_tokens=headers.RateLimit(_INPUT, left * (_INPUT - used_in), at),
            output_tokens=headers.RateLimit(_OUTPUT, left * (_OUTPUT - used_out), at),
            tokens=headers.RateLimit(_INPUT + _OUTPUT, left * (_INPUT + _OUTPUT - used_in - used_out), at),
        )


def _kind(spec: ErrorSpec) -> errors.ErrorKind:
    return errors.KINDS[spec.kind] if spec.kind is not None else errors.by_status(spec.status or 400)


def _read_json(call: Call) -> Problem | None:
    """Parse the body of a POST into `call.json`."""
    if call.method != "POST" or (not call.body and call.path.endswith("/cancel")):
        return None
    try:
        call.json = _JSON.decode(call.body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return Problem("invalid_json", f"The request body is not valid JSON: {error}")
    return None


def _no_constant(name: str) -> Any:
    raise ValueError(f"unexpected literal {name}")


#: Made once: `json.loads` with an option makes a decoder for every body.
_JSON: Final = json.JSONDecoder(parse_constant=_no_constant)


def _with(shown: Headers, spec: ErrorSpec) -> Headers:
    head = Head(0, shown)
    if spec.retry_after_ms is not None:
        head = head.with_header("retry-after-ms", _written(spec.retry_after_ms))
    for name, value in spec.headers.items():
        head = head.with_header(name, value)
    return head.headers


def _written(number: float) -> str:
    """Write a number as it was given: in full, never with an exponent, and without a `.0`."""
    return str(int(number)) if number == number // 1 else f"{Decimal(repr(number)):f}"


def _resolved(name: str) -> str:
    model = models.find(name)
    return name if model is None else model.id


def _eager(request: Mapping[str, Any]) -> bool:
    tools = request.get("tools") or []
    return any(isinstance(tool, dict) and tool.get("eager_input_streaming") for tool in tools)


def _readable(pattern: str) -> str:
    return re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", pattern)
