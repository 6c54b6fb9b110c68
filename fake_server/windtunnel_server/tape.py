"""How the fake asks for a recorded answer.

The fake knows nothing of cassettes: whatever has a `Tape`'s methods can be put into a core. A tape answers every call
that no step of the script answers otherwise; what it has no answer for is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from windtunnel_server.call import Call
from windtunnel_server.plan import Plan


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded answer: its plan, and what reports call it."""

    plan: Plan
    label: str
    #: Puts it back for the next call that asks the same: this one did not get all of it.
    again: Callable[[], None]


class Tape(Protocol):
    """Recorded answers. Asked by one thread at a time; `Recorded.again` may be called by any."""

    def play(self, call: Call, *, editable: bool) -> Recorded | None:
        """Give the answer to a call, which is spent with it; None where nothing answers it.

        `editable`: faults will be laid over it, so its body must not be compressed.
        """
        ...

    def missed(self, call: Call) -> str:
        """Take down that nothing answers a call; say what is nearest and how it differs."""
        ...

    def rewind(self) -> None:
        """Begin anew."""
        ...


@runtime_checkable
class Doors(Protocol):
    """A provider made of several."""

    def place(self, call: Call) -> bool:
        """Note in a call which door it came to. True where it is for an issuer of credentials."""
        ...
