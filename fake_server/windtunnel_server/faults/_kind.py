"""A fault as the index lists it: its name, what it does, the options it takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, get_type_hints

from windtunnel_server.faults import _rules
from windtunnel_server.plan import Plan
from windtunnel_server.script import ScriptError


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a fault: what it is when left out, and what it may be, in words."""

    name: str
    default: Any
    text: str
    hint: Any

    def complaint(self, value: Any) -> str | None:
        """Say what is wrong with `value`, or None."""
        if _rules.fits(value, self.hint):
            return None
        offered = _rules.on_offer(self.hint) if isinstance(value, str) else ()
        return f"{self.name} is {value!r}, and must be {self.text}{_rules.nearest(value, offered) if offered else ''}"


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A fault of the index. A `door` fault acts before a request is read; the others act on the reply."""

    name: str
    apply: Callable[..., Plan]
    options: Mapping[str, Option]
    about: str
    door: bool = False

    def check(self, given: Mapping[str, Any]) -> None:
        """Raise ScriptError for an option that is unknown or out of its range."""
        for name, value in given.items():
            if name not in self.options:
                raise ScriptError(f"{self.name}: unknown option {name!r}{_rules.nearest(name, self.options)}")
            complaint = self.options[name].complaint(value)
            if complaint is not None:
                raise ScriptError(f"{self.name}: {complaint}")


def kind(function: Callable[..., Plan], *, door: bool = False) -> FaultKind:
    """Read a fault off its function: keyword-only parameters other than `rng` are its options."""
    hints = get_type_hints(function, include_extras=True)
    options = {
        name: Option(name, parameter.default, _rules.text(hints[name]), hints[name])
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name != "rng"
    }
    about = (inspect.getdoc(function) or "").partition("\n")[0]
    return FaultKind(function.__name__, function, MappingProxyType(options), about, door)
