"""The system prompt, in parts: those that never change come first, so that the prompt cache holds them."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Final

from windtunnel.client.demo.schemas import TOOLS

#: In this order; each is a file in the folder `system`.
PARTS: Final = (
    "role",
    "method",
    "design",
    "editing",
    "testing",
    "tools",
    "git",
    "safety",
    "languages",
    "review",
    "incidents",
    "conversation",
    "examples",
)


@lru_cache(maxsize=1)
def fixed_parts() -> tuple[str, ...]:
    """Read the parts that are the same for everybody; the last names the tools there are."""
    folder = files("windtunnel.client.demo") / "system"
    written = [(folder / f"{name}.md").read_text(encoding="utf-8").strip() for name in PARTS]
    return (*written, _tools_by_group())


def system(
    *, folder: str = "/home/dev/vane", branch: str = "main", platform: str = "linux", notes: str = ""
) -> tuple[str, ...]:
    """Return the parts of the prompt; the last is about the place of work, with whatever `notes` the project has.

    The others are the same everywhere: the cache holds them from one folder to the next.
    """
    place = [
        "# Where you work",
        f"- Folder of the project: {folder}",
        f"- Branch: {branch}",
        f"- Platform: {platform}",
    ]
    told = ["", "# Notes of the project", "", notes.strip()] if notes.strip() else []
    return (*fixed_parts(), "\n".join([*place, *told]))


def _tools_by_group() -> str:
    groups: dict[str, list[str]] = {}
    for tool in TOOLS:
        group, _, _ = tool["name"].partition("_")
        groups.setdefault(group, []).append(tool["name"])
    lines = [f"- {group}: {', '.join(names)}" for group, names in groups.items()]
    return "\n".join(["# Tools at hand, by their first word", *lines])
