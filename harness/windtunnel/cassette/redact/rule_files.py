"""Rules as users write them down, and which of them hold for a cassette.

The same have to hold when a cassette is recorded and when it is played: a request is found by what redaction makes of it.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from windtunnel.cassette.redact.rules import USUAL, Pattern, RuleError, Rules
from windtunnel.cassette.rules_beside import rules_beside

_KEYS: Final = ("headers", "keys", "patterns", "keep", "binary")
_SUFFIXES: Final = (".yaml", ".yml", ".toml", ".json")


def rules_for(cassettes: Iterable[str | os.PathLike[str]], asked: str | None = None) -> Rules:
    """Return the rules for cassettes: those `asked` for, else those of the nearest `windtunnel.redact.yaml`.

    `asked` is a file, or MODULE:NAME for rules that are written in Python. RuleError for what cannot be read or followed,
    CassetteError for cassettes that lie under different files.
    """
    if asked is not None:
        return read(asked)
    file = rules_beside(cassettes)
    return USUAL if file is None else load(file)


def read(asked: str) -> Rules:
    """Read rules from a file, or take them from a module: MODULE:NAME. Raises RuleError."""
    module, colon, name = asked.rpartition(":")
    is_file = not colon or not name.isidentifier() or asked.endswith(_SUFFIXES)
    return load(Path(asked)) if is_file else _imported(module, name)


def load(path: Path) -> Rules:
    """Read a file of rules: YAML, TOML or JSON, by its ending. Raises RuleError."""
    if path.suffix not in _SUFFIXES:
        raise RuleError(f"{path}: rules are in a file *.yaml, *.toml or *.json, or in MODULE:NAME")
    try:
        said = _parsed(path)
    except OSError as error:
        raise RuleError(f"{path}: the rules of redaction cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise RuleError(f"{path}: {' '.join(str(error).split())}") from None
    if not isinstance(said, Mapping):
        raise RuleError(f"{path}: the rules are {type(said).__name__}; write lists under {', '.join(_KEYS)}")
    try:
        return _rules(said)
    except RuleError as error:
        raise RuleError(f"{path}: {error}") from None


def _parsed(path: Path) -> Any:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".toml":
        import tomllib

        return tomllib.loads(text)
    import yaml

    try:
        return yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ValueError(error) from None


def _rules(said: Mapping[str, Any]) -> Rules:
    for key in said:
        if key == "changes":
            raise RuleError(
                "changes are functions, which a file cannot hold; write the rules in Python, and name them MODULE:NAME"
            )
        if key not in _KEYS:
            near = get_close_matches(str(key), _KEYS, n=1)
            raise RuleError(f"{key!r} is no rule; {f'perhaps {near[0]}' if near else 'there are ' + ', '.join(_KEYS)}")
    patterns = said.get("patterns", ())
    listed = [_pattern(each) for each in patterns] if isinstance(patterns, list) else patterns
    return Rules(**{**said, "patterns": listed})


def _pattern(said: Any) -> Any:
    if not isinstance(said, Mapping):
        return said
    if not {"pattern"} <= said.keys() <= {"pattern", "placeholder"} or not all(
        isinstance(v, str) for v in said.values()
    ):
        raise RuleError(f"patterns: {dict(said)!r} is none; write {{pattern: …, placeholder: …}}, or the pattern alone")
    return Pattern(**said)


def _imported(module: str, name: str) -> Rules:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module), name)
    except Exception as error:
        raise RuleError(f"{module}:{name}: cannot be imported: {type(error).__name__}: {error}") from None
    if not isinstance(found, Rules):
        raise RuleError(f"{module}:{name}: this is {type(found).__name__}; give windtunnel.cassette.redact.Rules(…)")
    return found
