"""Replies written as templates over the request they answer, in Jinja's language (`sandbox.py` says how much of it)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from windtunnel_server.conditions import Facts
from windtunnel_server.script import ReplySpec, ScriptError, Step, check_words

if TYPE_CHECKING:
    from windtunnel_server.sandbox import Sandbox

#: What a template can name: facts of the call, and `header("name")`.
NAMES = ("request", "text", "system", "tool_results", "number", "tokens", "header")


def rendered(step: Step, facts: Facts) -> Step:
    """Fill in a step's templates; a step without any comes back as it is. ScriptError where they do not fit."""
    if step.reply is None or not step.reply.template:
        return step
    content = tuple(_fill(block, facts) for block in step.reply.content)
    return replace(step, reply=replace(step.reply, content=content, template=False))


def check(spec: ReplySpec) -> None:
    """Raise a ScriptError for a template that cannot be read, or that names what there is not."""
    for text in _texts(spec.content):
        _read(text)


def _fill(value: Any, facts: Facts) -> Any:
    if isinstance(value, str):
        return _fill_text(value, facts)
    if isinstance(value, Mapping):
        return {key: _fill(inner, facts) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_fill(inner, facts) for inner in value]
    return value


def _fill_text(text: str, facts: Facts) -> str:
    template = _read(text)
    values = {name: facts.call.header if name == "header" else getattr(facts, name) for name in template.names}
    try:
        return _environment().write(template.compiled, values)
    except Exception as error:  # whatever a template of the user's does wrong: jinja2 lets most through as they are
        raise ScriptError(f"reply: the template {_shown(text)} does not fit this call: {_told(error)}") from None


def _told(error: Exception) -> str:
    return getattr(error, "message", None) or str(error) or type(error).__name__


@dataclass(frozen=True, slots=True)
class _Template:
    """A text as it was read, and the names it uses: only those are worked out."""

    compiled: Any
    names: frozenset[str]


@lru_cache(maxsize=1024)
def _read(text: str) -> _Template:
    environment = _environment()
    from jinja2 import TemplateError, meta

    try:
        compiled = environment.read(text)
        names = meta.find_undeclared_variables(environment.parse(text)) - environment.globals.keys()
    except TemplateError as error:
        raise ScriptError(f"reply: the template {_shown(text)} cannot be read: {_told(error)}") from None
    check_words(sorted(names), NAMES, f"reply: the template {_shown(text)}")
    return _Template(compiled, frozenset(names))


_LONG = 200


def _shown(text: str) -> str:
    return repr(text if len(text) <= _LONG else f"{text[:_LONG]}…")


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    return [text for item in inner for text in _texts(item)]


def _environment() -> Sandbox:
    try:
        from windtunnel_server.sandbox import environment
    except ImportError:
        raise ScriptError("template: needs the package jinja2, which is not installed: pip install jinja2") from None
    return environment()
