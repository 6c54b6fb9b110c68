"""A subject: a client that ships with the tunnel, and can be put into it by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from windtunnel.subjects.ask import Ask
from windtunnel.verdicts.claims import Claims

#: What a scenario can need of a client, and what each means.
ABILITIES: Final[Mapping[str, str]] = {
    "retry": "asks again after a failure that may pass",
    "stream": "reads streamed answers",
    "tools": "runs the tools a model calls and sends their results back",
    "thinking": "keeps thinking blocks and sends them back",
    "count_tokens": "counts tokens before it asks",
    "token_refresh": "exchanges an expired access token for a new one",
    "re-authentication": "obtains a new credential after a 401",
    "compaction": "shortens the conversation when the context window is full",
    "fallback": "asks another model, or without a stream, when that is what still works",
    "resume": "goes on after pause_turn and the like",
    "claims": "says what it handed on and what it counted",
}


class SubjectError(ValueError):
    """A client that there is not, or that lacks what it needs. Says what is on offer, or how to get it."""


class MissingPackageError(SubjectError):
    """A package that a client needs at this provider is not installed: the client is as it should be, the place is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a subject finds the fake, and what time it is there."""

    provider: str
    url: str
    env: Mapping[str, str]
    #: Seconds on the clock.
    now: Callable[[], float]


class Subject(Protocol):
    """A client in this process."""

    name: str
    #: What it is, in a line.
    about: str
    #: Name of the backoff policy it follows.
    policy: str
    #: Of `ABILITIES`, those it has.
    abilities: frozenset[str]
    #: Providers it can talk to.
    providers: tuple[str, ...]

    def play(self, place: Place, ask: Ask) -> Claims:
        """Do what is asked, and say how it went. Failures of the API are claims, not exceptions."""
        ...


Options = Mapping[str, Any]
