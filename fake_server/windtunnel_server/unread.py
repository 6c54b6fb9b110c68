"""Journal entries that are filled in when somebody looks at them: most never are, and some of what they hold is large."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from windtunnel_server.journal import Entry

Tell: TypeAlias = "Callable[[Entry], None]"

#: What may come late; all else an entry has from the start.
_LATE: Final = (
    "headers",
    "body",
    "body_digest",
    "response_headers",
    "error_type",
    "request_id",
    "usage",
    "billed",
    "steps",
    "bytes_out",
    "sent",
    "confidential",
)
#: One at a time: an entry that is looked at by two threads is filled once.
_filling: Final = threading.RLock()


class Unread(Entry):
    """An entry with some of its story still to be told. Whatever is asked of it, it tells all of it first."""

    __slots__ = ("_untold",)

    _untold: tuple[Tell, ...]

    def __new__(cls, *args: object, **values: object) -> Unread:
        self = super().__new__(cls)
        self._untold = ()
        return self

    def later(self, tell: Tell) -> None:
        """Have `tell(entry)` fill something in before the entry is first read."""
        self._untold = (*self._untold, tell)

    def _fill(self) -> None:
        with _filling:
            untold, self._untold = self._untold, (_under_way,)
            try:
                for tell in untold:
                    tell(self)
            finally:
                # Where this thread is filling it already, it goes on.
                self._untold = untold if untold == (_under_way,) else ()


def _under_way(entry: Entry) -> None:
    """Stands for what is just being told, so that other threads wait for it."""


def _late(name: str) -> Any:
    slot = vars(Entry)[name]

    def read(self: Unread) -> Any:
        if self._untold:
            self._fill()
        return slot.__get__(self)

    def write(self: Unread, value: Any) -> None:
        if self._untold:
            self._fill()
        slot.__set__(self, value)

    return property(read, write)


for _name in _LATE:
    setattr(Unread, _name, _late(_name))
