"""What counts as a failure in the journal, and how the retry rules and the reports see it."""

from __future__ import annotations

from typing import Any

from windtunnel.policies import Failure
from windtunnel_server.journal import Entry

#: Parts of the paths by which the four providers are asked; identity services (token exchange, STS, metadata) have
#: retry rules of their own and are no business of a backoff policy for the API.
_API_PATHS = ("/messages", "/model/", "/models")
_STREAM_PATHS = ("/invoke-with-response-stream", "/converse-stream", ":streamRawPredict")

_ENDINGS = {
    "closed": "cut",
    "reset": "reset",
    "refused": "refused",
    "hung up": "client hung up",
    "stopped": "server stopped",
}


def failed(entry: Entry) -> bool:
    """Say whether the call failed: an error status, no answer, a cut answer, an error inside a stream.

    A call still under way has not failed yet.
    """
    if entry.status is not None and entry.status >= 400:
        return True
    if entry.ended is None:
        return False
    return entry.status is None or entry.ended != "complete" or entry.error_type is not None


def at_the_door(entry: Entry) -> bool:
    """Say whether the attempt was turned away before it could ask: refused, or accepted and closed at once."""
    return not entry.path and entry.status is None and entry.ended in ("refused", "closed")


def asks_the_api(entry: Entry) -> bool:
    """Say whether the call is for the model API rather than for a credential; what met a shut door counts as one."""
    return at_the_door(entry) or any(part in entry.path for part in _API_PATHS)


def asked_for_stream(entry: Entry) -> bool:
    """Say whether the request asked for a streamed answer."""
    body: Any = entry.body
    return entry.path.endswith(_STREAM_PATHS) or (isinstance(body, dict) and body.get("stream") is True)


def failure_of(entry: Entry) -> Failure:
    """Return the entry as the retry rules of a policy see it."""
    end = entry.arrived_at if entry.ended_at is None else entry.ended_at
    head_at = next((step.at for step in entry.steps if step.what == "head"), end)
    return Failure(
        status=entry.status,
        headers=entry.response_headers,
        streamed=asked_for_stream(entry),
        whole=entry.ended in ("complete", None),
        since_arrival_s=end - entry.arrived_at,
        since_head_s=end - head_at,
        provider=entry.provider,
        model=_model(entry),
    )


def _model(entry: Entry) -> str | None:
    body: Any = entry.body
    model = body.get("model") if isinstance(body, dict) else None
    return model if isinstance(model, str) else None


def answer(entry: Entry) -> str:
    """Say in a few words what the call met: "429 rate_limit_error", "200, reset after 3 events", "refused"."""
    if entry.ended is None and entry.status is None:
        return "under way"
    if entry.status is None:
        return f"{_ENDINGS.get(entry.ended or '', entry.ended)} before the head"
    words = " ".join(filter(None, [str(entry.status), entry.error_type]))
    if entry.ended == "complete":
        return words
    if entry.ended is None:
        return f"{words}, under way"
    events = len(entry.events_sent)
    place = f" after {events} event{'s' * (events != 1)}" if asked_for_stream(entry) else ""
    return f"{words}, {_ENDINGS.get(entry.ended, entry.ended)}{place}"
