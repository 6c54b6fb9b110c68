"""The rules by name. A rule reads off a request what has to be equal, so that recordings can be looked up by it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from windtunnel.cassette.interaction import Request, header
from windtunnel.cassette.match.asked import Asked
from windtunnel_server.script import unknown_word

#: A rule of the user's own: the request that came, and a recorded one. False or a text: they differ (and how); None and
#: True: they agree.
Custom: TypeAlias = Callable[[Request, Request], "bool | str | None"]
Reading: TypeAlias = Callable[[Asked], Hashable]

BODY: Final = "body"
_HEADER: Final = "headers:"

#: Rules besides `body`, which is compared last, and `headers:<name>`.
MATCHERS: Final[Mapping[str, Reading]] = {
    "method": lambda asked: asked.method.upper(),
    "path": lambda asked: asked.place,
    "query": lambda asked: asked.parameters,
    "provider": lambda asked: asked.provider,
}
#: Rules that need neither headers nor the provider.
_BARE: Final = frozenset({"method", "path", "query"})
DEFAULT: Final = ("method", "path", "query", BODY)


class MatchError(ValueError):
    """A rule that there is not. Says which there are."""


@dataclass(frozen=True, slots=True)
class Matching:
    """Rules as they were asked for: those that read, the user's own, and whether the body counts."""

    readings: Mapping[str, Reading]
    custom: tuple[Custom, ...]
    body: bool

    @classmethod
    def of(cls, rules: Iterable[str | Custom] = DEFAULT) -> Matching:
        """Read rules: names of `MATCHERS`, "body", "headers:<name>", or functions of two requests."""
        rules = (rules,) if isinstance(rules, str) or callable(rules) else tuple(rules)
        named = [rule for rule in rules if isinstance(rule, str)]
        custom = tuple(rule for rule in rules if not isinstance(rule, str))
        if not all(map(callable, custom)):
            raise MatchError(f"match: {rules!r}: a rule is a name or a function of two requests")
        return cls({name: _reading(name) for name in named if name != BODY}, custom, BODY in named)

    @property
    def reads_headers(self) -> bool:
        """Whether a rule looks at more of a request than method, address and body."""
        return not self.readings.keys() <= _BARE

    def key(self, asked: Asked) -> tuple[Hashable, ...]:
        """What has to be equal, the body apart."""
        return tuple(read(asked) for read in self.readings.values())


def _reading(name: str) -> Reading:
    if name.startswith(_HEADER) and len(name) > len(_HEADER):
        wanted = name.removeprefix(_HEADER)
        return lambda asked: _value(wanted, asked)
    if name not in MATCHERS:
        raise MatchError(unknown_word("match", name, [*MATCHERS, BODY, "headers:<name>"]))
    return MATCHERS[name]


def _value(name: str, asked: Asked) -> Hashable:
    """A header's value; lists of words in any order, for clients name betas in an order of their own."""
    value = header(asked.headers, name)
    return value if value is None else tuple(sorted(part.strip() for part in value.split(",")))


def custom_says(rule: Custom, asked: Request, recorded: Request) -> str | None:
    """Ask a rule of the user's own; return how the two differ, or None."""
    said: Any = rule(asked, recorded)
    if said is None or said is True:
        return None
    return said if isinstance(said, str) else f"{getattr(rule, '__name__', 'a rule')} says no"
