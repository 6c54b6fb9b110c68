"""Tools of the built-in clients, as a coding agent has them, with canned results: the same call has the same answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple


class Ran(NamedTuple):
    """What a tool gave back."""

    text: str
    failed: bool = False


def _tool(name: str, description: str, **parameters: str) -> dict[str, Any]:
    properties = {key: {"type": "string", "description": told} for key, told in parameters.items()}
    schema = {"type": "object", "properties": properties, "required": list(parameters)}
    return {"name": name, "description": description, "input_schema": schema}


#: As they stand in a request.
TOOLS: Final[tuple[dict[str, Any], ...]] = (
    _tool("list_files", "List the files of a folder of the project.", folder="Folder, relative to the project."),
    _tool("read_file", "Read a text file of the project.", path="File, relative to the project."),
    _tool("search_text", "Find the lines of the project that contain a text.", text="What to look for."),
    _tool("run_command", "Run a shell command in the project and return what it prints.", command="The command."),
    _tool("get_weather", "Tell the weather at a place.", city="Name of the place."),
)

_FILES: Final[Mapping[str, str]] = {
    "README.md": "# vane\n\nReads a wind vane and says which way the wind blows.\n",
    "vane.py": "def direction(degrees: float) -> str:\n    return 'NESW'[round(degrees / 90) % 4]\n",
    "test_vane.py": "from vane import direction\n\n\ndef test_north():\n    assert direction(360) == 'N'\n",
}


def run(name: str, given: Mapping[str, Any]) -> Ran:
    """Run a tool; a tool there is not, and a call without what the tool needs, are failures told to the model."""
    tool = next((tool for tool in TOOLS if tool["name"] == name), None)
    if tool is None:
        return Ran(f"There is no tool {name!r}; there are {', '.join(tool['name'] for tool in TOOLS)}.", failed=True)
    (needed,) = tool["input_schema"]["required"]
    if not isinstance(given.get(needed), str):
        return Ran(f"{name} needs {needed!r}, a string.", failed=True)
    return _RUN[name](given[needed])


def _list(folder: str) -> Ran:
    return Ran("\n".join(_FILES)) if folder in ("", ".", "./") else Ran(f"{folder}: no such folder", failed=True)


def _read(path: str) -> Ran:
    text = _FILES.get(path.removeprefix("./"))
    return Ran(f"{path}: no such file", failed=True) if text is None else Ran(text)


def _search(text: str) -> Ran:
    found = [
        f"{name}:{number}: {line}"
        for name, content in _FILES.items()
        for number, line in enumerate(content.splitlines(), 1)
        if text in line
    ]
    return Ran("\n".join(found) or f"Nothing contains {text!r}.")


_RUN: Final[Mapping[str, Callable[[str], Ran]]] = {
    "list_files": _list,
    "read_file": _read,
    "search_text": _search,
    "run_command": lambda command: Ran(f"$ {command}\n1 passed in 0.01s"),
    "get_weather": lambda city: Ran(f"{city}: 12 °C, wind from the north-west at 6 m/s."),
}
