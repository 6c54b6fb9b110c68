"""YAML as people mean it, with the line of everything in it.

The core schema of YAML 1.2: only `true` and `false` are truth values (`on` is a key of ours), `1e3` is a number, `010` is
ten, and `1:30` and dates are texts. A key that stands twice is an error, and so is an anchor: aliases can make a short
file endless.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

Place: TypeAlias = tuple[str | int, ...]


class YamlError(ValueError):
    """A text that is not YAML, or not one we read; `line` counts from 1."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line = line
        self.why = why


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file: its value, and the line that each part of it stands in."""

    value: Any
    lines: Mapping[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int:
        """Return the line of a place, or of the nearest one around it."""
        while place not in self.lines and place:
            place = place[:-1]
        return self.lines.get(place, 1)


class _Loader(yaml.SafeLoader):
    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise YamlError(mark.line + 1, "an alias (*) stands here; write out what it stands for")
        return super().compose_node(parent, index)


def _integer(loader: _Loader, node: Any) -> int:
    text = str(node.value)
    if len(text) > _DIGITS:
        raise YamlError(node.start_mark.line + 1, f"a number of {len(text)} digits is more than anything here can take")
    return int(text)


#: Far beyond any token, second or byte; Python itself gives up at 4300.
_DIGITS = 100
_Loader.add_constructor("tag:yaml.org,2002:int", _integer)


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


#: Line ends to YAML that are none to JSON, and would come back as blanks.
_LINE_ENDS = re.compile("[\r\x85\u2028\u2029]")


def _text(dumper: _Dumper, text: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if _LINE_ENDS.search(text) else None)


_Dumper.add_representer(str, _text)

_RESOLVERS = (
    ("bool", r"true|false", "tf"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan", "-+.0123456789"),
    ("null", r"~|null|", ["~", "n", ""]),
)
for _class in (_Loader, _Dumper):
    _class.yaml_implicit_resolvers = {}
    for _kind, _pattern, _first in _RESOLVERS:
        _class.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(rf"^(?:{_pattern})$"), list(_first))


def read(text: str) -> list[Document]:
    """Read every document of a text that has anything in it."""
    try:
        return [document for document in _documents(text) if document.value is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(1 if mark is None else mark.line + 1, error.problem or "not YAML") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlError(line, f"a character that YAML does not allow: {error.character!r}") from None


def _documents(text: str) -> Iterator[Document]:
    loader = _Loader(text)
    while loader.check_node():
        node = loader.get_node()
        lines: dict[Place, int] = {}
        _note_lines(node, (), lines)
        yield Document(loader.construct_document(node), lines)


def _note_lines(node: Any, place: Place, lines: dict[Place, int]) -> None:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            if inner in lines:
                raise YamlError(key.start_mark.line + 1, f"{key.value!r} stands here for the second time")
            lines[inner] = key.start_mark.line + 1
            _note_lines(value, inner, lines)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            _note_lines(item, (*place, number), lines)


def dump(value: Any) -> str:
    """Write a value so that `read` gives it back, keys in their order."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None
    )
    return text
