"""The account of a run: every attempt, the wait before it, and the wait that was allowed. Seconds throughout."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from windtunnel.policies import Envelope
from windtunnel.verdicts.chains import Chain
from windtunnel.verdicts.failures import answer

#: ok, early, late: the gap against the envelope. not allowed: no attempt should have come. unsure: cannot be told.
#: re-auth: resent with a new credential. again: asked anew after a stream had begun. "": nothing to judge.
Mark: TypeAlias = Literal["ok", "early", "late", "not allowed", "unsure", "re-auth", "again", ""]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a gap may lie outside the envelope: what the instrument adds to the client's own wait."""

    early_s: float
    late_s: float

    def scaled(self, factor: float) -> Tolerance:
        """Return the tolerance for a clock that runs `factor` times as fast as real time."""
        return Tolerance(self.early_s * factor, self.late_s * factor)

    def mark(self, gap_s: float, envelope: Envelope) -> Mark:
        """Say where a gap lies."""
        if envelope.source == "unknown" or math.isnan(gap_s):
            return "unsure"
        if gap_s < envelope.low_s - self.early_s:
            return "early"
        return "late" if gap_s > envelope.high_s + self.late_s else "ok"


#: On the virtual clock a sleep of d ends exactly d later; a microsecond is left for sums of floats.
EXACT = Tolerance(early_s=0.000_001, late_s=0.000_001)
#: On the real clock, timers cut to milliseconds (Node's) can fire up to about a millisecond early, and scheduling, a
#: new connection and the wire all make an attempt arrive late. Our choice, generous to a loaded machine.
REAL = Tolerance(early_s=0.002, late_s=0.250)


@dataclass(frozen=True, slots=True)
class AttemptAccount:
    """One attempt: when it arrived, what it met, and how the wait before it is judged."""

    number: int
    at_s: float
    ended_at_s: float | None
    answer: str
    gap_s: float | None = None
    envelope: Envelope | None = None
    mark: Mark = ""

    def to_json(self) -> dict[str, Any]:
        """Return the account as plain JSON values; a limit that is not finite is null."""
        out: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        if self.envelope is not None:
            low, high = self.envelope.low_s, self.envelope.high_s
            limits = {"low_s": low, "high_s": high if math.isfinite(high) else None}
            out["envelope"] = limits | {"why": self.envelope.why, "source": self.envelope.source}
        return out


@dataclass(frozen=True, slots=True)
class ChainAccount:
    """The attempts of one logical request."""

    chain: Chain
    attempts: tuple[AttemptAccount, ...]

    @property
    def title(self) -> str:
        """Say what was asked: method and path, and by what the attempts were recognised."""
        asked = next((f"{e.method} {e.path}" for e in self.chain.attempts if e.path), "turned away at the door")
        doubt = "" if self.chain.certain else ", uncertain"
        return f"{asked} (by {self.chain.marks}{doubt})"

    def to_json(self) -> dict[str, Any]:
        """Return the chain as plain JSON values."""
        attempts = [attempt.to_json() for attempt in self.attempts]
        return {"marks": self.chain.marks, "certain": self.chain.certain, "attempts": attempts}


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a backoff verdict looked at."""

    policy: str
    chains: tuple[ChainAccount, ...] = ()

    @property
    def gaps(self) -> list[AttemptAccount]:
        """The attempts whose wait was held against an envelope."""
        judged = ("ok", "early", "late")
        return [attempt for chain in self.chains for attempt in chain.attempts if attempt.mark in judged]

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return {"policy": self.policy, "chains": [chain.to_json() for chain in self.chains]}


def plain(chain: Chain, place: int) -> AttemptAccount:
    """Return the account of an attempt before anything is judged."""
    entry = chain.attempts[place]
    return AttemptAccount(entry.number, entry.arrived_at, entry.ended_at, answer(entry))
