"""The Jinja that a script may use: it can read the request and write a text, and that is all it can do.

Bounds are there so that a slip (`{{ "x" * 10 ** 9 }}`, a loop over a huge range) is an error and not a server that hangs.
They are no wall against somebody who means harm: who may write a script may stop the server anyway.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sized
from functools import cache
from typing import Any, Final

from jinja2 import StrictUndefined, nodes, pass_context
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

#: Longest text or list that a template may make.
MAX_LENGTH = 1_000_000
#: Rounds of all loops of one template together.
MAX_ROUNDS = 100_000
#: Bits of the largest number.
MAX_BITS = 1_000

# Those left out make text of any length from a small number (center, indent), or are drawn by chance (random).
_FILTERS = (
    "abs, capitalize, count, default, first, float, groupby, int, items, last, length, list, lower, map, max, min, reject, "
    "rejectattr, reverse, select, selectattr, sort, string, sum, title, trim, truncate, unique, upper, wordcount"
).split(", ")
_METHODS = frozenset(
    (
        "capitalize count endswith find get index isalpha isdigit items join keys lower lstrip partition removeprefix removesuffix "
        "replace rfind rpartition rsplit rstrip split splitlines startswith strip title upper values"
    ).split()
)
#: Statements that can repeat or fetch what is outside the template.
_FORBIDDEN = (
    nodes.Macro,
    nodes.CallBlock,
    nodes.FilterBlock,
    nodes.AssignBlock,
    nodes.Block,
    nodes.Extends,
    nodes.Include,
    nodes.Import,
    nodes.FromImport,
)
_ROUNDS: Final = " rounds"


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja with a list of what is allowed, and bounds on what grows."""

    intercepted_binops = frozenset(("+", "*", "**", "%"))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Allow what an object has, and of what it can do only that on the list."""
        if callable(value) and attr not in _METHODS:
            return False
        return bool(super().is_safe_attribute(obj, attr, value))

    def wrap_str_format(self, value: Any) -> None:
        """Leave `str.format` to the list of methods, which does not have it: a width of 10 ** 9 is one slip away."""

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute what stays within bounds."""
        if operator == "**" or (operator == "%" and isinstance(left, (str, bytes))):
            raise SecurityError(f"{operator} is not available in a template")
        _check_size(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a method; the two that multiply are the filters of their name."""
        owner, name = getattr(obj, "__self__", None), getattr(obj, "__name__", "")
        if isinstance(owner, str) and name in ("replace", "join"):
            return _replace(owner, *args) if name == "replace" else _join(args[0], owner)
        return super().call(context, obj, *args, **kwargs)

    def read(self, source: str) -> Any:
        """Compile a template whose loops are counted."""
        tree = self.parse(source)
        for forbidden in tree.find_all(_FORBIDDEN):
            raise TemplateSyntaxError(f"{type(forbidden).__name__.lower()} is not available", forbidden.lineno)
        for loop in list(tree.find_all(nodes.For)):
            loop.iter = nodes.Filter(loop.iter, "counted", [], [], None, None, lineno=loop.lineno)
        tree.set_environment(self)
        return self.from_string(tree)

    def write(self, template: Any, values: dict[str, Any]) -> str:
        """Fill in a template; stop at the first piece beyond the bounds."""
        pieces, length = [], 0
        for piece in template.generate(values | {_ROUNDS: iter(range(MAX_ROUNDS))}):
            length += len(piece)
            _check_length(length)
            pieces.append(piece)
        return "".join(pieces)


def _check_size(operator: str, left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        if left.bit_length() + right.bit_length() > MAX_BITS:
            raise SecurityError(f"a number has more than {MAX_BITS:,} bits")
    elif isinstance(left, Sized) and isinstance(right, Sized):
        _check_length(len(left) + len(right))
    elif isinstance(left, Sized) and isinstance(right, int):
        _check_length(len(left) * right)
    elif isinstance(right, Sized) and isinstance(left, int):
        _check_length(len(right) * left)


def _check_length(length: int) -> None:
    if length > MAX_LENGTH:
        raise SecurityError(f"it makes more than {MAX_LENGTH:,} characters")


@pass_context
def _counted(context: Context, items: Iterable[Any]) -> Iterator[Any]:
    rounds = context.parent[_ROUNDS]
    for item in items:
        if next(rounds, None) is None:
            raise SecurityError(f"its loops go round more than {MAX_ROUNDS:,} times")
        yield item


def _replace(text: Any, old: Any, new: Any, count: int = -1) -> str:
    whole, old, new = str(text), str(old), str(new)
    _check_length(len(whole) + whole.count(old) * len(new))
    return whole.replace(old, new, count)


def _join(items: Iterable[Any], between: Any = "", attribute: str | None = None) -> str:
    texts = [str(item if attribute is None else item[attribute]) for item in items]
    _check_length(sum(map(len, texts)) + len(str(between)) * len(texts))
    return str(between).join(texts)


def _tojson(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _finalize(value: Any) -> Any:
    """What is not there (a header, a null of the request) is no text."""
    return "" if value is None else value


@cache
def environment() -> Sandbox:
    """Make the environment that all templates share."""
    made = Sandbox(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True, finalize=_finalize)
    own = {"counted": _counted, "replace": _replace, "join": _join, "tojson": _tojson}
    made.filters = {name: made.filters[name] for name in _FILTERS} | own
    made.globals = {"range": made.globals["range"]}
    return made
