"""Message batches as values of the clock: what a batch looks like follows from when it was made, cancelled, looked at.

Instants are POSIX seconds. Shapes and times as recorded and as in the SDK's types.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final

from windtunnel_server.model.charge import Charge
from windtunnel_server.model.models import MODERN
from windtunnel_server.model.paging import Query, page
from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.shape import EXTRA, NOT_A_LIST, NOT_A_STRING, NOT_AN_OBJECT, REQUIRED


@dataclass(frozen=True, slots=True)
class Asking:
    """The headers that a batch was made with: its requests are judged and run under them."""

    version: str = MODERN
    betas: frozenset[str] = frozenset()


#: A batch of the current SDKs.
USUAL: Final = Asking()

#: Params of a request, the instant and the batch's headers in; `{"type": "succeeded", "message": …}` or
#: `{"type": "errored", "error": …}` out.
Answer = Callable[[Mapping[str, Any], float, Asking], Mapping[str, Any]]

EXPIRES_AFTER_S = 86_400.0
_CUSTOM_ID = "^[a-zA-Z0-9_-]{1,64}$"
_MOST_REQUESTS = 100_000
_STATES = ("processing", "succeeded", "errored", "canceled", "expired")


@dataclass(slots=True)
class _Batch:
    id: str
    requests: tuple[Mapping[str, Any], ...]
    created_at: float
    done_at: float
    asking: Asking
    cancelled_at: float | None = None
    #: Result lines by place, once somebody has looked.
    answers: dict[int, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Batches:
    """The batches of one server.

    `answer` answers one request; `new_id` mints batch ids (`wire/ids.py`). Requests finish evenly over `processing_s`;
    one that is not through 24 h after the batch was made expires. A cancelled batch ends `canceling_s` later (0.93 s
    was recorded). `results_base` is what `results_url` starts with.
    """

    answer: Answer
    new_id: Callable[[], str] | None = None
    processing_s: float = 60.0
    canceling_s: float = 1.0
    results_base: str = "https://api.anthropic.com"
    _made: dict[str, _Batch] = field(default_factory=dict)
    #: They are charged for all the same.
    _deleted: dict[str, _Batch] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def create(self, request: object, at: float, asking: Asking = USUAL) -> dict[str, Any] | Problem:
        """Take a batch in; the requests inside are looked at when their turn comes, as the service does."""
        fault = next(_faults(request), None)
        if fault is not None or not isinstance(request, Mapping):
            return fault or Problem("invalid_request", NOT_AN_OBJECT)
        name = self.new_id() if self.new_id else f"msgbatch_01{next(self._numbers):022}"
        batch = _Batch(name, tuple(request["requests"]), at, at + self.processing_s, asking)
        self._made[name] = batch
        return self._shown(batch, at)

    def get(self, id: str, at: float) -> dict[str, Any] | Problem:
        """Show a batch."""
        batch = self._made.get(id)
        return _missing(id) if batch is None else self._shown(batch, at)

    def listing(self, query: Query, at: float) -> dict[str, Any] | Problem:
        """Show the batches, newest first, a page at a time."""
        return page([self._shown(batch, at) for batch in reversed(self._made.values())], query)

    def cancel(self, id: str, at: float) -> dict[str, Any] | Problem:
        """Begin to cancel; what is through by then keeps its answer. Cancelling again changes nothing."""
        batch = self._made.get(id)
        if batch is None:
            return _missing(id)
        if self._has_ended(batch, at):
            # unverified: the words.
            return invalid("", f"Batch {id} cannot be canceled because it has ended.")
        batch.cancelled_at = at if batch.cancelled_at is None else batch.cancelled_at
        return self._shown(batch, at)

    def delete(self, id: str, at: float) -> dict[str, Any] | Problem:
        """Forget a batch that has ended."""
        batch = self._made.get(id)
        if batch is None:
            return _missing(id)
        if not self._has_ended(batch, at):
            # unverified: the words; that it is refused is documented.
            return invalid("", f"Batch {id} cannot be deleted while it is in progress. Cancel it first.")
        self._deleted[id] = self._made.pop(id)
        return {"id": id, "type": "message_batch_deleted"}

    def results(self, id: str, at: float) -> list[dict[str, Any]] | Problem:
        """Give the result lines of a batch that has ended, in the order of its requests."""
        batch = self._made.get(id)
        if batch is None:
            return _missing(id)
        if not self._has_ended(batch, at):
            # unverified: status and words.
            return Problem("not_found", f"Batch {id} has no results yet.")
        return [
            {"custom_id": request["custom_id"], "result": dict(self._result(batch, place))}
            for place, request in enumerate(batch.requests)
        ]

    def charges(self, id: str, at: float) -> list[Charge]:
        """Tell what a batch is charged for: its requests that succeeded, once it has ended."""
        batch = self._made.get(id) or self._deleted[id]
        if not self._has_ended(batch, at):
            return []
        results = [(request, self._result(batch, place)) for place, request in enumerate(batch.requests)]
        return [
            Charge(
                batch_id=id,
                custom_id=request["custom_id"],
                model=request["params"]["model"],
                usage=result["message"]["usage"],
                ended_at=self._ends_at(batch),
            )
            for request, result in results
            if result["type"] == "succeeded"
        ]

    def waiting(self, at: float) -> Counter[float]:
        """Tell how many requests leave the queue at which instant: all of a batch when it ends."""
        waiting: Counter[float] = Counter()
        for batch in self._made.values():
            if not self._has_ended(batch, at):
                waiting[self._ends_at(batch)] += len(batch.requests)
        return waiting

    def _ends_at(self, batch: _Batch) -> float:
        usual = min(batch.done_at, batch.created_at + EXPIRES_AFTER_S)
        return usual if batch.cancelled_at is None else min(usual, batch.cancelled_at + self.canceling_s)

    def _has_ended(self, batch: _Batch, at: float) -> bool:
        return at >= self._ends_at(batch)

    def _result(self, batch: _Batch, place: int) -> Mapping[str, Any]:
        if place not in batch.answers:
            batch.answers[place] = self._judge(batch, place)
        return batch.answers[place]

    def _judge(self, batch: _Batch, place: int) -> Mapping[str, Any]:
        """Answer a request, unless the batch was cancelled or expired before its turn was over."""
        share = (place + 1) / len(batch.requests)
        finished = batch.created_at + share * (batch.done_at - batch.created_at)
        if batch.cancelled_at is not None and finished > batch.cancelled_at:
            return {"type": "canceled"}
        if finished > batch.created_at + EXPIRES_AFTER_S:
            return {"type": "expired"}
        return self.answer(batch.requests[place]["params"], finished, batch.asking)

    def _shown(self, batch: _Batch, at: float) -> dict[str, Any]:
        ended = self._has_ended(batch, at)
        started = "in_progress" if batch.cancelled_at is None else "canceling"
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "ended" if ended else started,
            "request_counts": self._counts(batch, ended=ended),
            "ended_at": _instant(self._ends_at(batch)) if ended else None,
            "created_at": _instant(batch.created_at),
            "expires_at": _instant(batch.created_at + EXPIRES_AFTER_S),
            "archived_at": None,
            "cancel_initiated_at": None if batch.cancelled_at is None else _instant(batch.cancelled_at),
            "results_url": f"{self.results_base}/v1/messages/batches/{batch.id}/results" if ended else None,
        }

    def _counts(self, batch: _Batch, *, ended: bool) -> dict[str, int]:
        """Count requests by state: all stay `processing` until the whole batch has ended (documented in the SDK)."""
        if not ended:
            return dict.fromkeys(_STATES, 0) | {"processing": len(batch.requests)}
        states = [self._result(batch, place)["type"] for place in range(len(batch.requests))]
        return {state: states.count(state) for state in _STATES}


def size_of(request: object) -> int:
    """Count the requests in the body of a new batch; 0 where it is none."""
    requests = request.get("requests") if isinstance(request, Mapping) else None
    return len(requests) if isinstance(requests, list) else 0


def unfit(params: Mapping[str, Any]) -> Problem | None:
    """Say what a request of a batch may not ask for, though one by itself may (documented; the words are unverified)."""
    if params.get("stream"):
        return invalid("stream", "streaming is not supported in a batch")
    if params.get("speed") == "fast":
        return invalid("speed", "fast mode is not available in a batch")
    if params.get("max_tokens") == 0:
        return invalid("max_tokens", "must be greater than or equal to 1 in a batch")
    return None


def _instant(at: float) -> str:
    """Write an instant as batches do: microseconds, +00:00."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")


def _missing(id: str) -> Problem:
    # unverified: the words.
    return Problem("not_found", f"Batch {id} not found.")


def _faults(body: object) -> Iterator[Problem]:
    """Find what is wrong with the body of a new batch."""
    if not isinstance(body, Mapping):
        yield Problem("invalid_request", NOT_AN_OBJECT)
        return
    if "requests" not in body:
        yield invalid("requests", REQUIRED)
        return
    requests = body["requests"]
    if not isinstance(requests, list):
        yield invalid("requests", NOT_A_LIST)
        return
    for place, request in enumerate(requests):
        yield from _request_faults(f"requests.{place}", request)
    for key in body:
        if key not in ("requests", "user_profile_id"):
            yield invalid(str(key), EXTRA)
    # unverified: words and numbers of these three.
    if not requests:
        yield invalid("requests", "List should have at least 1 item after validation, not 0")
    if len(requests) > _MOST_REQUESTS:
        yield invalid(
            "requests", f"List should have at most {_MOST_REQUESTS} items after validation, not {len(requests)}"
        )
    if len({request["custom_id"] for request in requests}) < len(requests):
        yield invalid("requests", "custom_id must be unique within a batch")


def _request_faults(at: str, request: Any) -> Iterator[Problem]:
    if not isinstance(request, Mapping):
        yield invalid(at, NOT_AN_OBJECT)
        return
    for name in ("custom_id", "params"):
        if name not in request:
            yield invalid(f"{at}.{name}", REQUIRED)
    name = request["custom_id"]
    if not isinstance(name, str):
        yield invalid(f"{at}.custom_id", NOT_A_STRING)
    # Quoted in public reports of 2026; the same limit was worded by length before.
    elif not re.match(_CUSTOM_ID, name):
        yield invalid(f"{at}.custom_id", f"String should match pattern '{_CUSTOM_ID}'")
    if not isinstance(request["params"], Mapping):
        yield invalid(f"{at}.params", NOT_AN_OBJECT)
    for key in request:
        if key not in ("custom_id", "params"):
            yield invalid(f"{at}.{key}", EXTRA)
