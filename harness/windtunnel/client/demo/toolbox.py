"""Answers the calls of the demo tools: the same call has the same answer, and nothing is touched."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from windtunnel.client.demo.schemas import TOOLS

#: A small project, for whatever reads one.
FILES: Final[Mapping[str, str]] = {
    "README.md": "# vane\n\nReads a wind vane and says which way the wind blows.\n",
    "pyproject.toml": '[project]\nname = "vane"\nversion = "0.3.0"\nrequires-python = ">=3.11"\n',
    "src/vane/__init__.py": '"""Reads a wind vane."""\n',
    "src/vane/direction.py": (
        "NAMES = ('north', 'east', 'south', 'west')\n\n\n"
        "def direction(degrees: float) -> str:\n    return NAMES[round(degrees / 90) % 4]\n"
    ),
    "tests/test_direction.py": (
        "from vane.direction import direction\n\n\ndef test_a_full_turn_is_north():\n    assert direction(360) == 'north'\n"
    ),
}


class CannedToolbox:
    """The tools of `TOOLS`, as `AsyncConversation` runs them."""

    def names(self) -> Sequence[str]:
        return tuple(tool["name"] for tool in TOOLS)

    def run(self, name: str, given: Mapping[str, Any]) -> str:
        """Answer a call; ValueError for one that lacks what its tool needs."""
        schema = next(tool["input_schema"] for tool in TOOLS if tool["name"] == name)
        missing = [field for field in schema["required"] if field not in given]
        if missing:
            raise ValueError(f"{name} needs {', '.join(missing)}")
        return _ANSWERS.get(name, _done)(name, given)


def _done(name: str, given: Mapping[str, Any]) -> str:
    said = ", ".join(f"{key}={json.dumps(value, ensure_ascii=False)[:60]}" for key, value in given.items())
    return f"{name} is done ({said or 'nothing was given'})."


def _read(name: str, given: Mapping[str, Any]) -> str:
    return _numbered(_file(given["path"]), given.get("lines"))


def _read_many(name: str, given: Mapping[str, Any]) -> str:
    return "\n\n".join(f"{one['path']}\n{_numbered(_file(one['path']), one.get('lines'))}" for one in given["files"])


def _file(path: str) -> str:
    if path not in FILES:
        raise ValueError(f"{path}: no such file; there are {', '.join(FILES)}")
    return FILES[path]


def _numbered(content: str, lines: Mapping[str, int] | None) -> str:
    numbered = [f"{number:5}  {line}" for number, line in enumerate(content.splitlines(), 1)]
    return "\n".join(numbered[lines["first"] - 1 : lines["last"]] if lines else numbered)


def _list(name: str, given: Mapping[str, Any]) -> str:
    return "\n".join(FILES)


def _search(name: str, given: Mapping[str, Any]) -> str:
    found = [
        f"{path}:{number}: {line}"
        for path, content in FILES.items()
        for number, line in enumerate(content.splitlines(), 1)
        if given["pattern"].lower() in line.lower()
    ]
    return "\n".join(found) or "No line matches."


def _command(name: str, given: Mapping[str, Any]) -> str:
    return f"$ {given['command']}\nexit code 0"


def _tests(name: str, given: Mapping[str, Any]) -> str:
    return "tests/test_direction.py .\n1 passed in 0.01 s"


_ANSWERS: Final[Mapping[str, Callable[[str, Mapping[str, Any]], str]]] = {
    "file_read": _read,
    "file_read_many": _read_many,
    "file_list": _list,
    "search_files": _list,
    "search_text": _search,
    "run_command": _command,
    "test_run": _tests,
}
