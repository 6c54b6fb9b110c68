"""A cassette as YAML: what was edited by hand, or written by vcrpy, is read by a YAML parser."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml

from windtunnel.cassette.formats import TooNew, format_of, upgrade
from windtunnel.cassette.interaction import Interaction
from windtunnel.cassette.misfit import Misfit, Place
from windtunnel.cassette.vcr import VERSION, from_vcr

_KEYS: Final = ("version", "interactions")
_MERGE: Final = "tag:yaml.org,2002:merge"

RESTORE: Final = "restore it from version control, or delete it and record again"
UPGRADE: Final = "upgrade windtunnel to read it"
PART: Final = "put the interactions of two files under one `interactions:`, or restore it from version control"
ONE_OF_TWO: Final = "take one of the two out, or restore it from version control"


class Damage(ValueError):
    """A file that is no cassette; `line` counts from 1, and 0 stands for the file as a whole."""

    def __init__(self, line: int, why: str, remedy: str = RESTORE) -> None:
        super().__init__(why)
        self.line = line
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Document:
    """What a file holds. `format` is the oldest among its interactions; `extra` the keys beside them."""

    format: int
    interactions: tuple[Interaction, ...]
    extra: Mapping[str, Any]


def parse(raw: bytes) -> Document:
    """Read a cassette of any known format, ours or vcrpy's; Damage for anything else."""
    text = _decoded(raw)
    try:
        root, found = _loaded(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Damage(
            mark.line + 1 if mark else 0, f"this is not YAML that a cassette is made of: {_said(error)}"
        ) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Damage(line, f"this character cannot stand in YAML: {error.character!r}") from None
    except RecursionError:
        raise Damage(0, "its values are nested too deeply") from None
    return _document(root, found)


def _loaded(text: str) -> tuple[Any, Any]:
    """Return what YAML finds, as nodes that know their lines and as plain values."""
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        _check_keys(root)
        return root, None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Damage(raw.count(b"\n", 0, error.start) + 1, "this is not UTF-8") from None


def _said(error: yaml.MarkedYAMLError) -> str:
    return ", ".join(part for part in (error.context, error.problem) if part)


def _check_keys(root: Any) -> None:
    """Refuse a mapping with two equal keys: YAML would keep the last, and the next writer would make that true."""
    waiting, seen = deque([root]), {id(root)}
    while waiting:
        node = waiting.popleft()
        if isinstance(node, yaml.MappingNode):
            _check_mapping(node, is_whole=node is root)
        for inner in _collections(node):
            if id(inner) not in seen:
                seen.add(id(inner))
                waiting.append(inner)


def _check_mapping(node: yaml.MappingNode, *, is_whole: bool) -> None:
    lines: dict[tuple[str, str], int] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
            continue
        name, line = (key.tag, key.value), key.start_mark.line + 1
        if name in lines:
            why = f"{key.value!r} stands here again, after line {lines[name]}"
            raise (
                Damage(line, f"{why}, as in two files put together", PART)
                if is_whole
                else Damage(line, why, ONE_OF_TWO)
            )
        lines[name] = line


def _collections(node: Any) -> list[Any]:
    if isinstance(node, yaml.MappingNode):
        return [value for _, value in node.value if isinstance(value, yaml.CollectionNode)]
    values = node.value if isinstance(node, yaml.SequenceNode) else ()
    return [value for value in values if isinstance(value, yaml.CollectionNode)]


def _document(root: Any, found: Any) -> Document:
    if isinstance(found, list):
        raise Damage(
            1, "this is a cassette of vcrpy before 1.0, without a version; its own migration script upgrades it"
        )
    if not isinstance(found, dict) or "interactions" not in found:
        raise Damage(0, "there is no list of interactions in it")
    if "version" not in found:
        # vcrpy writes it last.
        raise Damage(
            0, f"there is no version in it, and the end may be missing; if it is whole, add version: {VERSION}"
        )
    if found["version"] != VERSION:
        raise Damage(_line(root, ("version",)), f"VCR's version is {found['version']!r}, and only {VERSION} is known")
    listed = found["interactions"] or []
    if not isinstance(listed, list):
        raise Damage(_line(root, ("interactions",)), "interactions is not a list")
    formats, interactions = [], []
    for number, structure in enumerate(listed):
        version, interaction = _interaction(root, number, structure)
        formats.append(version)
        interactions.append(interaction)
    extra = {key: value for key, value in found.items() if key not in _KEYS}
    return Document(min(formats, default=VERSION), tuple(interactions), extra)


def _interaction(root: Any, number: int, structure: Any) -> tuple[int, Interaction]:
    try:
        if not isinstance(structure, dict):
            raise Misfit((), "is not a mapping")
        return format_of(structure), from_vcr(upgrade(structure))
    except Misfit as misfit:
        line = _line(root, ("interactions", number, *misfit.place))
        remedy = UPGRADE if isinstance(misfit, TooNew) else RESTORE
        raise Damage(line, f"interaction {number + 1}: {misfit}", remedy) from None


def _line(root: Any, place: Place) -> int:
    """Return the line of a place, or of the nearest one around it."""
    node, line = root, 0
    for step in place:
        found = _inner(node, step)
        if found is None:
            break
        node = found
        line = node.start_mark.line
    return line + 1


def _inner(node: Any, step: str | int) -> Any:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        return node.value[step]
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    return None


# --- the tags that vcrpy's own cassettes carry -----------------------------------------------------------------------


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML's safe loader, and the harmless tags of Python that vcrpy 9.4 still reads (`serializers/yamlserializer.py`)."""


def _tuple(loader: Any, node: Any) -> tuple[Any, ...]:
    return tuple(loader.construct_sequence(node, deep=True))


def _file(loader: Any, node: Any) -> bytes:
    state = loader.construct_mapping(node, deep=True).get("state") or (b"",)
    return _joined(state[:1])


def _pieces(loader: Any, node: Any) -> bytes:
    return _joined((loader.construct_mapping(node, deep=True).get("args") or ([],))[0])


def _joined(pieces: Any) -> bytes:
    out = io.BytesIO()
    for piece in pieces:
        out.write(piece.encode("utf-8") if isinstance(piece, str) else piece or b"")
    return out.getvalue()


def _possible(construct: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Tell the line of a value that cannot be, such as the 31st of November."""

    def constructed(loader: Any, node: Any) -> Any:
        try:
            return construct(loader, node)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise Damage(node.start_mark.line + 1, f"{node.value!r} is an impossible value: {error}") from None

    return constructed


for _kind in [f"tag:yaml.org,2002:{name}" for name in ("bool", "float", "int", "timestamp")]:
    _Loader.add_constructor(_kind, _possible(_Loader.yaml_constructors[_kind]))
_TAG: Final = "tag:yaml.org,2002:python/"
_Loader.add_constructor(f"{_TAG}str", lambda loader, node: loader.construct_scalar(node))
_Loader.add_constructor(f"{_TAG}unicode", lambda loader, node: loader.construct_scalar(node))
_Loader.add_constructor(f"{_TAG}tuple", _tuple)
_Loader.add_constructor(f"{_TAG}object/new:_io.BytesIO", _possible(_file))
_Loader.add_constructor(f"{_TAG}object/apply:builtins.iter", _possible(_pieces))
