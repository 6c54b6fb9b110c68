"""A rule of the service: what has to hold, who says so, an example of each kind, and how it is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from windtunnel_server.model.models import Model
from windtunnel_server.model.problem import Problem
from windtunnel_server.model.validation.terms import Terms

Found = TypeVar("Found")

#: The plainest request there is; examples say what is different about theirs.
PLAINEST: Final[Mapping[str, Any]] = {
    "model": "claude-sonnet-5",
    "max_tokens": 1024,
    "messages": [{"role": "user", "content": "Hello"}],
}


class Placed(NamedTuple):
    """A content block of a message, and where it stands."""

    message: int
    place: int
    role: str
    block: Mapping[str, Any]

    @property
    def path(self) -> str:
        return f"messages.{self.message}.content.{self.place}"


class Turn(NamedTuple):
    """Where a message stands once consecutive messages of one role are joined, as the service joins them (wire.md 10)."""

    number: int
    #: Blocks of the turn before this message.
    offset: int


class Asked:
    """A request of the right shape, and the terms it is judged under. What several rules look for is found once."""

    def __init__(self, request: Mapping[str, Any], terms: Terms, model: Model) -> None:
        self.request, self.terms, self.model = request, terms, model
        self._found: dict[Callable[[Asked], Any], Any] = {}

    def once(self, find: Callable[[Asked], Found]) -> Found:
        """What a function finds in this request; it is asked once, however many rules want it."""
        if find not in self._found:
            self._found[find] = find(self)
        return self._found[find]  # type: ignore[no-any-return]

    @property
    def messages(self) -> list[Mapping[str, Any]]:
        return self.request["messages"]  # type: ignore[no-any-return]

    @property
    def tools(self) -> list[Mapping[str, Any]]:
        return self.request.get("tools") or []

    @cached_property
    def by_type(self) -> Mapping[str, list[Placed]]:
        """The blocks of all messages by their type, in order. A message that is a plain string has none."""
        found: dict[str, list[Placed]] = {}
        for number, message in enumerate(self.messages):
            content = message["content"]
            if isinstance(content, list):
                for place, block in enumerate(content):
                    found.setdefault(block["type"], []).append(Placed(number, place, message["role"], block))
        return found

    @cached_property
    def turns(self) -> list[Turn]:
        """The turn of every message. Recorded: the errors of tool calls count turns."""
        found: list[Turn] = []
        role, number, offset = None, -1, 0
        for message in self.messages:
            if message["role"] != role:
                role, number, offset = message["role"], number + 1, 0
            found.append(Turn(number, offset))
            content = message["content"]
            offset += bool(content) if isinstance(content, str) else len(content)
        return found

    def blocks(self, *types: str) -> list[Placed]:
        """The blocks of some types; in order within each type."""
        return [placed for type in types for placed in self.by_type.get(type, ())]


Check: TypeAlias = Callable[[Asked], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class Example:
    """A request, told as what differs from the plainest (None takes a key out), and the terms it comes under."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    terms: Mapping[str, Any] = field(default_factory=dict)

    @property
    def request(self) -> dict[str, Any]:
        whole = {**PLAINEST, **self.changes}
        return {name: value for name, value in whole.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One thing the service insists on."""

    #: How scenarios and the documentation call it: "tool_results_answer_calls".
    name: str
    #: What has to hold, as a sentence.
    about: str
    #: Who says so, and where the words are from. Empty: nobody; the rule is off unless a scenario turns it on.
    source: str
    passes: Example
    fails: Example
    #: What the failing example is told.
    says: str
    #: Finds what breaks the rule; None: the tables of shapes do.
    check: Check | None = None
    #: Kind of the error (`wire/errors.py`).
    kind: str = "invalid_request"

    def is_on(self, terms: Terms) -> bool:
        """Whether the rule is asked at all: vouched for where all are, or turned on, and not turned off."""
        return self.name in terms.on or (terms.strict and bool(self.source) and self.name not in terms.off)
