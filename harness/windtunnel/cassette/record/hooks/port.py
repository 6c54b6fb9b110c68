"""What hooks and recorder agree on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from windtunnel.cassette.interaction import Request
from windtunnel.cassette.record.hooks.patching import Patches
from windtunnel.cassette.record.played import Answer
from windtunnel.cassette.record.take import Take

#: Begins to take down a request; None: it is not wanted. The body may be missing as yet.
Begin: TypeAlias = Callable[[Request], Take | None]
#: Says whether an address ("https://host/path") may be reached while recordings are played.
IsThrough: TypeAlias = Callable[[str], bool]


class Hook(Protocol):
    """A module that taps one library. Both do nothing where the library is not installed."""

    def record(self, patches: Patches, begin: Begin) -> None:
        """Have everything the library sends and receives taken down."""
        ...

    def play(self, patches: Patches, answer: Answer, is_through: IsThrough) -> None:
        """Have everything answered, and nothing sent."""
        ...
