"""What Vertex writes: the model's side in first-party shape with ids of its own, the platform in Google's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from windtunnel_server.plan import Headers, Plan
from windtunnel_server.providers import framing
from windtunnel_server.providers.asked import Asked
from windtunnel_server.providers.errors import kind_of
from windtunnel_server.providers.first_party import retry_after, with_changes
from windtunnel_server.script import ErrorSpec, Stream
from windtunnel_server.wire import compact, errors, events, google_errors
from windtunnel_server.wire import headers_vertex as headers
from windtunnel_server.wire.google_errors import PlatformError
from windtunnel_server.wire.headers import RateLimits
from windtunnel_server.wire.kind import ErrorKind
from windtunnel_server.wire.message import Reply
from windtunnel_server.wire.slices import Slicing

STREAMING: Final = "streamRawPredict"

#: Neither is in any of the recorded answers (FACTS, "Key order").
_NOT_TOLD: Final = ("service_tier", "inference_geo")
#: Quotas, by the unit of the limit.
_QUOTAS: Final[Mapping[object, str]] = {
    "requests per minute": "requests",
    "output tokens per minute": "output_tokens_per_minute",
}


class VertexDialect:
    """Notes of its plans: as the first-party one; `error_type` is the code of Google's that an error has."""

    def reply(self, asked: Asked, reply: Reply, pacing: Stream | None, limits: RateLimits, *, model: str) -> Plan:
        message_id = reply.id or asked.ids.message(asked.stamp.at)
        if asked.call.json.get("stream"):
            return _streamed(asked, reply, pacing, model, message_id)
        message = events.message(reply, model=model, message_id=message_id)
        message["usage"] = _told(message["usage"])
        usage = message["usage"]
        shown = headers.message_json(
            asked.stamp, input_tokens=usage["input_tokens"], output_tokens=usage["output_tokens"]
        )
        return framing.delayed(framing.whole(200, shown, compact.encode(message)), pacing, reply.usage.output_tokens)

    def error(
        self,
        asked: Asked,
        spec: ErrorSpec,
        *,
        values: Mapping[str, object] | None = None,
        limits: RateLimits | None = None,
    ) -> Plan:
        kind = kind_of(spec)
        by_platform = _platform(kind, spec)
        if by_platform is None:
            return _of_the_model(asked, kind, spec, values)
        return platform_error(asked, by_platform, spec, values or {})


def platform_error(asked: Asked, error: PlatformError, spec: ErrorSpec, values: Mapping[str, object]) -> Plan:
    """Write an error of the platform's; what `spec` says goes before what the error says."""
    status, code = spec.status or error.status, spec.type or error.code
    if error.is_page:
        page = google_errors.page(status)
        return _error(status, headers.page(asked.stamp, content_length=len(page)), page, asked, spec, code=None)
    text = spec.message if spec.message is not None else error.text(_words(asked, values))
    body = google_errors.body(
        status,
        code,
        text,
        details=spec.details,
        reason=error.reason,
        metadata=_metadata(asked, error),
        in_array=asked.found.get("verb") == STREAMING,
    )
    return _error(
        status, headers.platform_error(asked.stamp, challenge=_challenge(error)), body, asked, spec, code=code
    )


def resource_of(found: Mapping[str, str]) -> str:
    """Return the name of the model a path asks for, as the platform's messages have it."""
    project, location, model = (unquote(found.get(part, "…")) for part in ("project", "location", "model"))
    return f"projects/{project}/locations/{location}/publishers/anthropic/models/{model}"


def _streamed(asked: Asked, reply: Reply, pacing: Stream | None, model: str, message_id: str) -> Plan:
    slicing = Slicing(
        text_piece=pacing.text_piece if pacing else None, input_piece=pacing.input_piece if pacing else None
    )
    said = _as_here(events.stream(reply, model=model, message_id=message_id, rng=asked.rng, slicing=slicing))
    shown = headers.message_stream(asked.stamp, received_request_id=asked.ids.uuid4())
    started = said[0].payload
    assert started is not None
    notes: dict[str, object] = {"usage_at_start": started["message"]["usage"]}
    return Plan(framing.streamed(shown, said, pacing, asked.rng).steps, notes)


def _as_here(said: Sequence[events.Event]) -> list[events.Event]:
    """The ping comes second, and the counts are those of the recordings (FACTS: 2025-11; later ones are unverified)."""
    kept = [_counted(event) for event in said if event.payload is not None]
    return [kept[0], events.ping(), *kept[1:]]


def _counted(event: events.Event) -> events.Event:
    payload: Any = event.payload
    if event.name == "message_start":
        message = payload["message"]
        return events.Event(
            event.name, {**payload, "message": message | {"usage": _told(message["usage"])}}, event.tokens
        )
    if event.name == "message_delta":
        kept = {
            name: payload["usage"][name] for name in ("output_tokens", "server_tool_use") if name in payload["usage"]
        }
        return events.Event(event.name, {**payload, "usage": kept}, event.tokens)
    return event


def _told(usage: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in usage.items() if name not in _NOT_TOLD}


def _platform(kind: ErrorKind, spec: ErrorSpec) -> PlatformError | None:
    """A type that a script gives decides who speaks: names in capitals are the platform's, the others the model's."""
    if spec.type in google_errors.CODES:
        return PlatformError(status=kind.status, code=spec.type, message=spec.message or kind.text())
    return None if spec.type is not None else google_errors.platform_error(kind)


def _of_the_model(asked: Asked, kind: ErrorKind, spec: ErrorSpec, values: Mapping[str, object] | None) -> Plan:
    body = errors.body(
        _enveloped(kind),
        request_id=asked.stamp.request_id,
        type=spec.type,
        message=spec.message,
        details=spec.details,
        values=values,
    )
    type_ = spec.type or kind.type
    return _error(spec.status or kind.status, headers.model_error(asked.stamp), body, asked, spec, code=type_)


def _enveloped(kind: ErrorKind) -> ErrorKind:
    """The kind in the model's own envelope, also where the direct API's edge would have answered."""
    if kind.body == "api" and kind.body_id == "id":
        return kind
    return ErrorKind(
        name=kind.name,
        status=kind.status,
        type=kind.type or "api_error",
        message=kind.message,
        should_retry=None,
        examples=kind.examples,
        about=kind.about,
    )


def _error(status: int, shown: Headers, body: bytes, asked: Asked, spec: ErrorSpec, *, code: str | None) -> Plan:
    hint = retry_after(asked.stamp, spec)
    told = shown if hint is None else (*shown, ("retry-after", hint))
    if spec.should_retry is not None:
        told = (*told, ("x-should-retry", "true" if spec.should_retry else "false"))
    plan = framing.whole(status, with_changes(told, spec), body)
    assert plan.head is not None
    return Plan(plan.steps, {"error_type": code, "request_id": plan.head.header("request-id")})


def _words(asked: Asked, values: Mapping[str, object]) -> dict[str, object]:
    """Values for the placeholders of the platform's messages."""
    location = unquote(asked.found.get("location", "…"))
    model = str(values.get("model") or unquote(asked.found.get("model", "…")))
    return {
        **values,
        "project": unquote(asked.found.get("project", "…")),
        "location": location,
        "resource": resource_of(asked.found),
        "scope": "global_" if location == "global" else "",
        "base": re.sub(r"[-@]\d{8}$", "", model),
        "what": _QUOTAS.get(values.get("unit"), "input_tokens_per_minute"),
    }


def _metadata(asked: Asked, error: PlatformError) -> dict[str, str] | None:
    if error.reason == "IAM_PERMISSION_DENIED":
        return {"permission": "aiplatform.endpoints.predict", "resource": resource_of(asked.found)}
    if error.status == 401:
        verb = "StreamRawPredict" if asked.found.get("verb") == STREAMING else "RawPredict"
        method = f"google.cloud.aiplatform.v1.PredictionService.{verb}"
        return {"service": "aiplatform.googleapis.com", "method": method}
    return {"service": "aiplatform.googleapis.com"} if error.reason is not None else None


def _challenge(error: PlatformError) -> str | None:
    if error.status != 401:
        return None
    known = error.reason == "CREDENTIALS_MISSING"
    return google_errors.CHALLENGE if known else f'{google_errors.CHALLENGE}, error="invalid_token"'
