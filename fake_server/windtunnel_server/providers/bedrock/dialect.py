"""The dialect of Bedrock's runtime: InvokeModel and Converse, whole and in AWS frames, and Amazon's errors."""

from __future__ import annotations

import html
import http
from collections.abc import Mapping
from typing import Any

from windtunnel_server.plan import Head, Headers, Plan
from windtunnel_server.providers import framing
from windtunnel_server.providers.asked import Asked
from windtunnel_server.providers.bedrock import converse_reply as bedrock_converse_reply
from windtunnel_server.providers.bedrock import framing as bedrock_framing
from windtunnel_server.providers.bedrock import invoke as bedrock_invoke
from windtunnel_server.providers.bedrock.asked import BedrockAsked
from windtunnel_server.providers.errors import kind_of
from windtunnel_server.providers.first_party import retry_after, with_changes
from windtunnel_server.script import ErrorSpec, Stream
from windtunnel_server.wire import aws_errors, compact, events, headers_bedrock
from windtunnel_server.wire import usage as wire_usage
from windtunnel_server.wire.errors import ErrorKind
from windtunnel_server.wire.headers import HTML, RateLimits
from windtunnel_server.wire.kinds_aws import EXCEPTIONS
from windtunnel_server.wire.message import Reply
from windtunnel_server.wire.slices import Slicing


class BedrockDialect:
    """Notes of its plans: those of the first-party dialect; `usage_event`, where another event tells the usage.

    An error's `error_type` is Amazon's name of it.
    """

    def reply(self, asked: Asked, reply: Reply, pacing: Stream | None, limits: RateLimits, *, model: str) -> Plan:
        assert isinstance(asked, BedrockAsked)
        if asked.streamed:
            return self._stream(asked, reply, pacing, model)
        usage = wire_usage.full(reply.usage, model=model)
        taken_s = bedrock_framing.taken_s(reply.usage.output_tokens, pacing)
        said: dict[str, Any]
        if asked.converse:
            said = bedrock_converse_reply.answer(reply, usage=usage, generation=asked.generation, taken_s=taken_s)
            counts: Headers = ()
        else:
            id = bedrock_invoke.message_id(asked.ids, asked.generation, asked.rng)
            said = bedrock_invoke.message(reply, model=model, id=id, generation=asked.generation)
            counts = headers_bedrock.counts(usage, latency_s=taken_s)
        body = compact.encode(said)
        shown = headers_bedrock.whole(asked.stamp.at, asked.stamp.request_id, len(body))
        return framing.delayed(framing.whole(200, (*shown, *counts), body), pacing, reply.usage.output_tokens)

    def _stream(self, asked: BedrockAsked, reply: Reply, pacing: Stream | None, model: str) -> Plan:
        id = bedrock_invoke.message_id(asked.ids, asked.generation, asked.rng)
        slicing = _slicing(asked, pacing)
        said = events.stream(reply, model=model, message_id=id, rng=asked.rng, slicing=slicing)
        usage = wire_usage.full(reply.usage, model=model)
        taken_s = bedrock_framing.taken_s(reply.usage.output_tokens, pacing)
        if asked.converse:
            stop = bedrock_converse_reply.stop_reason(reply)
            pieces = bedrock_converse_reply.pieces(said, stop_reason=stop, usage=usage, rng=asked.rng, taken_s=taken_s)
            notes: dict[str, object] = {"usage_event": "metadata"}
        else:
            first_byte_s = pacing.first_byte if pacing else 0.0
            metrics = bedrock_invoke.metrics(usage, taken_s=taken_s, first_byte_s=first_byte_s)
            pieces = bedrock_invoke.pieces(said, generation=asked.generation, rng=asked.rng, metrics=metrics)
            assert said[0].payload is not None
            notes = {"usage_at_start": said[0].payload["message"]["usage"]}
        shown = headers_bedrock.streamed(asked.stamp.at, asked.stamp.request_id, invoke=not asked.converse)
        return Plan(bedrock_framing.streamed(shown, list(pieces), pacing).steps, notes)

    def error(
        self,
        asked: Asked,
        spec: ErrorSpec,
        *,
        values: Mapping[str, object] | None = None,
        limits: RateLimits | None = None,
    ) -> Plan:
        """Frame an error. A message that comes with `values` is a script's, and said as it is; all else in Bedrock's words.

        No limits are shown, for Bedrock shows none.
        """
        assert isinstance(asked, BedrockAsked)
        kind = kind_of(spec)
        code, status = aws_errors.code_of(kind)
        code = code if spec.type is None else aws_errors.code_of_type(spec.type)
        status = spec.status or status
        verbatim = spec.message is not None and values is not None
        message = str(spec.message) if verbatim else self._words(asked, kind, spec.message, values)
        enveloped = aws_errors.has_envelope(kind, converse=asked.converse, generation=asked.generation)
        if not code:
            return self._finished(asked, spec, status, "", _page(status), page=True)
        body = (
            {"type": "error", "error": {"type": kind.type, "message": message}} if enveloped else {"message": message}
        )
        spoken_by = aws_errors.CREDENTIALS if kind.name in EXCEPTIONS else aws_errors.MODELS
        return self._finished(asked, spec, status, code, compact.encode(body), spoken_by=spoken_by)

    def own(self, asked: BedrockAsked, message: str, *, code: str = "ValidationException", status: int = 400) -> Plan:
        """Refuse a call in words of Bedrock's own, before a model is asked."""
        plan = self._finished(asked, ErrorSpec(), status, code, compact.encode({"message": message}))
        return Plan(plan.steps, plan.notes | {"answered_by": "refused"})

    def _words(
        self, asked: BedrockAsked, kind: ErrorKind, said: str | None, values: Mapping[str, object] | None
    ) -> str:
        def text() -> str:
            return kind.text(values) if said is None else said

        return aws_errors.words(kind, text, converse=asked.converse, generation=asked.generation)

    def _finished(
        self,
        asked: BedrockAsked,
        spec: ErrorSpec,
        status: int,
        code: str,
        body: bytes,
        *,
        spoken_by: str = aws_errors.MODELS,
        page: bool = False,
    ) -> Plan:
        at, id = asked.stamp.at, asked.stamp.request_id
        shown = headers_bedrock.whole(at, id, len(body), **({"content_type": HTML} if page else {}))
        shown = (*shown, *(headers_bedrock.error_type(code, spoken_by) if code else ()))
        head = Head(status, shown)
        if (after := retry_after(asked.stamp, spec)) is not None:
            head = head.with_header("retry-after", after)
        if spec.should_retry is not None:
            head = head.with_header("x-should-retry", "true" if spec.should_retry else "false")
        head = Head(status, with_changes(head.headers, spec))
        plan = framing.whole(status, head.headers, body)
        return Plan(plan.steps, {"error_type": code or None, "request_id": head.header("x-amzn-RequestId")})


def _slicing(asked: BedrockAsked, pacing: Stream | None) -> Slicing:
    tools = asked.call.json.get("tools") or []
    return Slicing(
        text_piece=pacing.text_piece if pacing else None,
        input_piece=pacing.input_piece if pacing else None,
        eager=any(isinstance(tool, dict) and tool.get("eager_input_streaming") for tool in tools),
    )


def _page(status: int) -> bytes:
    """A load balancer's page (unverified)."""
    known = {one.value: one.phrase for one in http.HTTPStatus}
    title = html.escape(f"{status} {known.get(status, 'Error')}")
    return f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n".encode()
