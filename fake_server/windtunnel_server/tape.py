"""How the fake asks for a recorded answer, and what it keeps of a call that was given one.

The fake knows nothing of cassettes: whatever has a `Tape`'s methods can be put into a core. A tape answers every call
that no step of the script answers otherwise; what it has no answer for is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol, runtime_checkable

from windtunnel_server.call import Call
from windtunnel_server.journal import Entry, mask_body
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


class Unread(Entry):
    """An entry that reads its call's body when it is first asked for: most are never looked at, and some are large."""

    __slots__ = ("_body", "_digest", "_raw", "_read")

    _raw: bytes
    _read: Callable[[], Any] | None
    _digest: str

    def reads(self, raw: bytes, read: Callable[[], Any]) -> Unread:
        """Take the body's bytes, and what parses them."""
        self._raw, self._read = raw, read
        return self

    @property
    def body(self) -> Any:
        if self._read is not None:
            self._body, self._read = mask_body(self._read()), None
        return self._body

    @body.setter
    def body(self, value: Any) -> None:
        self._body, self._read, self._raw = value, None, b""

    @property
    def body_digest(self) -> str:
        if not self._digest and self._raw:
            self._digest = sha256(self._raw).hexdigest()
        return self._digest

    @body_digest.setter
    def body_digest(self, value: str) -> None:
        self._digest = value
