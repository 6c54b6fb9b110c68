"""What one client says, as values. `claims.py` is where to import them from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Outcome: TypeAlias = Literal["success", "error"]


class ClaimsError(ValueError):
    """Claims that cannot be read. Says where, what is known, and what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a client says of one request it was asked to make, retries and all. None: it does not say."""

    outcome: Outcome
    #: What was handed on to whoever asked, whether the request ended well or not.
    text: str | None = None
    thinking: str | None = None
    #: `{"id": …, "name": …, "input": {…}}` each, in order.
    tool_uses: tuple[Mapping[str, Any], ...] | None = None
    stop_reason: str | None = None
    message_id: str | None = None
    model: str | None = None
    #: First-party usage keys (`input_tokens`, …) as the client booked them for this request.
    usage: Mapping[str, Any] | None = None
    #: US dollars, as a decimal number in text.
    cost_usd: str | None = None
    #: Name of the exception, or the error's type; and the HTTP status the client gives for it.
    error: str | None = None
    status: int | None = None
    #: Which of several clients that run at once, counted from 0.
    client: int = 0
    #: Seconds on the clock.
    asked_at: float | None = None
    ended_at: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the claim as plain JSON values; what is not said is left out."""
        said = {name: getattr(self, name) for name in self.__slots__}
        said = {name: value for name, value in said.items() if value is not None}
        if self.tool_uses is not None:
            said["tool_uses"] = [dict(use) for use in self.tool_uses]
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """All that the client's side says of a run."""

    #: One for each request, in the order of their ends; None: the client does not tell them apart.
    calls: tuple[Claim, ...] | None = None
    #: How the run as a whole ended.
    outcome: Outcome | None = None
    #: Usage of the whole run, first-party keys summed; None: the sum of what the calls say, where all of them do.
    usage: Mapping[str, Any] | None = None
    #: US dollars, as a decimal number in text.
    cost_usd: str | None = None
    #: Where the claims come from: "in process", a file's name, "the last line of the output".
    source: str = field(default="in process")

    def to_json(self) -> dict[str, Any]:
        """Return the claims as plain JSON values; what is not said is left out."""
        out: dict[str, Any] = {"outcome": self.outcome, "usage": self.usage, "cost_usd": self.cost_usd}
        out = {name: value for name, value in out.items() if value is not None}
        if self.calls is not None:
            out["calls"] = [call.to_json() for call in self.calls]
        return out | {"source": self.source}
