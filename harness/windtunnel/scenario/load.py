"""Scenario files: read, their variables filled in, and every mistake in them named with its line."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from windtunnel.scenario.schema import Scenario, StepError, known_keys, spelt
from windtunnel.scenario.yaml import Document, Place, YamlError, read
from windtunnel_server.script import unknown_word

_VARIABLE = re.compile(r"\$\{(\w+)\}")
#: Kinds of pydantic's errors that mean a key nobody knows.
_UNKNOWN_KEY = frozenset({"extra_forbidden", "unexpected_keyword_argument"})
#: What pydantic says in the terms of Python, in those of a file.
_PLAINLY: Final[Mapping[str, str]] = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "dataclass_type": "must be keys and values, like {key: value}",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "model_type": "must be keys and values, like {key: value}",
    "string_type": "must be a text; put it in quotes",
    "too_short": "must not be empty; leave the key out for the usual",
    "string_too_short": "must not be empty",
    "tuple_type": "must be a list, like [one, two]",
}


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing that is wrong with a file; line 0: with the whole of it."""

    file: str
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.why}" if self.line else f"{self.file}: {self.why}"


class ScenarioError(ValueError):
    """A scenario that cannot be read; `mistakes` has each of its faults with file and line."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(map(str, mistakes)))
        self.mistakes = mistakes


def load(path: Path) -> list[Scenario]:
    """Read the scenarios of a file: one for each combination of its variables."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError([Mistake(str(path), 0, f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError as error:
        raise ScenarioError([Mistake(str(path), 0, f"is not UTF-8: {error}")]) from None
    return loads(text, name=str(path))


def loads(text: str, *, name: str = "scenario") -> list[Scenario]:
    """Read the scenarios of a text; `name` stands for the file in messages."""
    try:
        documents = read(text)
    except YamlError as error:
        raise ScenarioError([Mistake(name, error.line, error.why)]) from None
    if not documents:
        raise ScenarioError(
            [Mistake(name, 1, "there is no scenario in it; it begins with a line like name: rate limit")]
        )
    if len(documents) > 1:
        line, why = documents[1].line(()), "a second scenario begins here; put it into a file of its own"
        raise ScenarioError([Mistake(name, line, why)])
    found: list[Scenario] = []
    mistakes: dict[Mistake, None] = {}
    for scenario in _scenarios(documents[0], name):
        if isinstance(scenario, Scenario):
            found.append(scenario)
        else:
            mistakes |= dict.fromkeys(scenario)
    if mistakes:
        raise ScenarioError(sorted(mistakes))
    return found


def _scenarios(document: Document, name: str) -> Iterator[Scenario | list[Mistake]]:
    """Read a document with each combination of its variables."""
    if not isinstance(document.value, Mapping):
        yield [Mistake(name, document.line(()), "a scenario is a mapping; it begins with a line like name: rate limit")]
        return
    odd = [key for key in document.value if not isinstance(key, str)]
    if odd:
        yield [Mistake(name, document.line(()), f"scenario: the key {odd[0]!r} is no word")]
        return
    rest = {key: value for key, value in document.value.items() if key != "variables"}
    variables = document.value.get("variables") or {}
    wrong = _wrong_variables(variables, rest)
    if wrong is not None:
        place, why = wrong
        yield [Mistake(name, document.line(place), why)]
        return
    for values in itertools.product(*variables.values()):
        chosen = dict(zip(variables, values, strict=True))
        try:
            yield Scenario(**_filled(rest, chosen), variables=chosen)
        except ValidationError as error:
            yield [Mistake(name, _line(document, place, why), why) for place, why in _whys(error)]


# --- variables ---------------------------------------------------------------------------------------------------


def _wrong_variables(variables: Any, rest: Any) -> tuple[Place, str] | None:
    if not isinstance(variables, Mapping):
        return ("variables",), f"variables: {variables!r}; write {{hint: [1, 30]}}, a list of values for each name"
    for name, values in variables.items():
        if not isinstance(values, list) or not values:
            return ("variables", name), f"variables: {name} is {values!r}, and must be a list of values"
    for place, name in _named(rest, ()):
        if name not in variables:
            return place, unknown_word("variables", name, variables)
    used = {name for _, name in _named(rest, ())}
    unused = next((name for name in variables if name not in used), None)
    if unused is not None:
        return ("variables", unused), f"variables: {unused} is used nowhere; write ${{{unused}}} where it belongs"
    return None


def _named(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    """Yield the variables that a value names, with their places."""
    if isinstance(value, str):
        yield from ((place, name) for name in _VARIABLE.findall(value))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _named(inner, (*place, str(key)))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _named(inner, (*place, number))


def _filled(value: Any, chosen: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        alone = _VARIABLE.fullmatch(value)
        return chosen[alone[1]] if alone else _VARIABLE.sub(lambda found: str(chosen[found[1]]), value)
    if isinstance(value, Mapping):
        return {key: _filled(inner, chosen) for key, inner in value.items()}
    return [_filled(inner, chosen) for inner in value] if isinstance(value, list) else value


# --- mistakes ----------------------------------------------------------------------------------------------------


def _whys(error: ValidationError) -> Iterator[tuple[Place, str]]:
    for one in error.errors(include_url=False):
        place: Place = one["loc"]
        cause = (one.get("ctx") or {}).get("error")
        if isinstance(cause, StepError):
            yield cause.place, str(cause)
        elif one["type"] in _UNKNOWN_KEY:
            *around, key = place
            yield place, unknown_word(_spelt(around), key, known_keys(tuple(around)))
        elif one["type"] == "missing":
            yield place, f"{_spelt(place)} is missing"
        elif one["type"] == "literal_error":
            yield place, unknown_word(_spelt(place), one["input"], _offered(one))
        else:
            yield place, _why(place, one, cause)


def _spelt(place: Sequence[str | int]) -> str:
    return spelt(place) or "scenario"


def _offered(one: Any) -> list[str]:
    return re.findall(r"'([^']*)'", one["ctx"]["expected"])


def _why(place: Place, one: Any, cause: object) -> str:
    if isinstance(cause, Exception):
        return str(cause) if place and str(cause).startswith(f"{place[0]}:") else f"{_spelt(place)}: {cause}"
    said = _PLAINLY.get(one["type"], one["msg"][:1].lower() + one["msg"][1:])
    return f"{_spelt(place)}: {one['input']!r} will not do: {said}"


_UNKNOWN = re.compile(r"unknown '([^']*)'")


def _line(document: Document, place: Place, why: str) -> int:
    """Return the line of what is wrong: within a step, that of the word the message is about."""
    unknown = _UNKNOWN.search(why)
    about = why.removeprefix(spelt(place)).removeprefix(": ").partition(":")[0]
    below = [at for at in document.lines if at[: len(place)] == place and len(at) > len(place)]
    for word in (unknown[1] if unknown else None, about):
        found = [document.lines[at] for at in below if at[-1] == word]
        if found:
            return found[0]
    return document.line(place)
