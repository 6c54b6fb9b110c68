"""What became of each request, for analytics: one record a request, as JSON lines or as spans of OpenTelemetry.

Numbers and names only: no prompt, no answer, no credential is in a record.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from os import PathLike
from pathlib import Path
from typing import Any, Final, TypeAlias

from windtunnel.client.account import Used
from windtunnel.client.events import Answer, Discarded, Event, Reauthenticated, Retrying, TextDelta
from windtunnel.client.failures import ClientError, ConfigurationError, DeadlineExceeded, RequestError

#: How a request ended: "answer", the kind of its last failure, "deadline", "configuration", or "left" by its caller.
Outcome: TypeAlias = str
LEFT: Final = "left"


def ended_by(error: ClientError) -> Outcome:
    """Say how a request ended that raised this."""
    if isinstance(error, DeadlineExceeded):
        return "deadline"
    return error.failure.kind if isinstance(error, RequestError) else "configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One request, from its first attempt to its end. Seconds; `started_at` is POSIX."""

    started_at: float
    seconds: float
    #: Until the first text; None where there was none.
    first_text_s: float | None
    backend: str
    #: As it was asked for, and as the answer named it.
    model: str
    answered_by: str | None
    purpose: str
    streamed: bool
    max_tokens: int
    retries: int
    renewals: int
    #: How often what had been heard was thrown away.
    discarded: int
    outcome: Outcome
    stop_reason: str | None
    message_id: str | None
    used: Used

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; `at` is RFC 3339."""
        names = [name for name in Record.__slots__ if name not in ("used", "started_at")]
        at = dt.datetime.fromtimestamp(self.started_at, dt.UTC).isoformat(timespec="milliseconds")
        return {"at": at.replace("+00:00", "Z"), **{name: getattr(self, name) for name in names}, **self.used.to_json()}


Sink: TypeAlias = Callable[[Record], None]


class Watch:
    """Looks at the events of one request, and makes its record."""

    def __init__(self, now: Callable[[], float], wall: Callable[[], float]) -> None:
        self._now = now
        self._began, self._started_at = now(), wall()
        self._first_text: float | None = None
        self._retries = self._renewals = self._discarded = 0
        self._answer: Answer | None = None
        #: What has been booked for it.
        self.used = Used()

    def see(self, event: Event) -> None:
        """Take note of an event."""
        if isinstance(event, TextDelta) and self._first_text is None:
            self._first_text = self._now() - self._began
        elif isinstance(event, Retrying):
            self._retries += 1
        elif isinstance(event, Reauthenticated):
            self._renewals += 1
        elif isinstance(event, Discarded):
            self._discarded += 1
        elif isinstance(event, Answer):
            self._answer = event

    def record(self, *, failed: str | None, **request: Any) -> Record:
        """Sum the request up. `failed`: the kind of failure that ended it."""
        answer = self._answer
        outcome = failed or ("answer" if answer is not None else LEFT)
        return Record(
            started_at=self._started_at,
            seconds=round(self._now() - self._began, 6),
            first_text_s=None if self._first_text is None else round(self._first_text, 6),
            answered_by=None if answer is None else answer.model,
            retries=self._retries,
            renewals=self._renewals,
            discarded=self._discarded,
            outcome=outcome,
            stop_reason=None if answer is None else answer.stop_reason,
            message_id=None if answer is None else answer.id,
            used=self.used,
            **request,
        )


def json_lines(path: str | PathLike[str]) -> Sink:
    """Make a sink that appends a line of JSON to a file for every record. ConfigurationError: its folder is not there."""
    file = Path(path)
    if file.is_dir() or not file.parent.is_dir():
        what = "is a folder" if file.is_dir() else f"is in {file.parent}, and there is no such folder"
        raise ConfigurationError(f"{file} {what}; give a file in a folder that is there")

    def write(record: Record) -> None:
        line = json.dumps(record.to_json(), ensure_ascii=False, separators=(",", ":"))
        with file.open("a", encoding="utf-8") as out:
            out.write(f"{line}\n")

    return write


#: What the semantic conventions for generative AI call each backend (opentelemetry.io, gen-ai; in development).
_PROVIDERS: Final = {
    "anthropic": "anthropic",
    "bedrock": "aws.bedrock",
    "vertex": "gcp.vertex_ai",
    "foundry": "azure.ai.inference",
}
_NS: Final = 1_000_000_000


def spans(tracer: Any) -> Sink:
    """Make a sink that writes a span for every record: `spans(opentelemetry.trace.get_tracer("agent"))`."""
    from opentelemetry.trace import SpanKind, Status, StatusCode

    def write(record: Record) -> None:
        began = round(record.started_at * _NS)
        span = tracer.start_span(
            f"chat {record.model}", kind=SpanKind.CLIENT, start_time=began, attributes=attributes(record)
        )
        if record.outcome not in ("answer", LEFT):
            span.set_status(Status(StatusCode.ERROR, record.outcome))
        span.end(end_time=began + round(record.seconds * _NS))

    return write


def attributes(record: Record) -> dict[str, Any]:
    """Return the attributes of a record's span: those of the GenAI conventions, and a few of our own."""
    used = record.used
    told = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": _PROVIDERS.get(record.backend, record.backend),
        "gen_ai.request.model": record.model,
        "gen_ai.request.max_tokens": record.max_tokens,
        "gen_ai.response.model": record.answered_by,
        "gen_ai.response.id": record.message_id,
        "gen_ai.response.finish_reasons": None if record.stop_reason is None else (record.stop_reason,),
        # For this provider the conventions want cached input in the sum.
        "gen_ai.usage.input_tokens": used.prompt_tokens,
        "gen_ai.usage.output_tokens": used.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": used.cache_read_tokens,
        "gen_ai.usage.cache_creation.input_tokens": used.cache_write_5m_tokens + used.cache_write_1h_tokens,
        "error.type": None if record.outcome in ("answer", LEFT) else record.outcome,
        "windtunnel.purpose": record.purpose,
        "windtunnel.retries": record.retries,
        "windtunnel.cost_usd": float(used.cost_micro_usd / Decimal(1_000_000)),
    }
    return {name: value for name, value in told.items() if value is not None}
