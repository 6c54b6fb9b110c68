"""Putting something in the place of a library's own, and taking it away again."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any


class HookError(RuntimeError):
    """A library cannot be hooked, and its traffic would go past the cassette. Says which place is missing."""


class Patches:
    """What was replaced; `undo` puts all of it back, the last first."""

    def __init__(self) -> None:
        self._before: list[tuple[Any, str, Any, bool]] = []

    def wrap(self, owner: Any, name: str, wrapper: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        """Put `wrapper(what is there)` in the place of an attribute. Raises HookError where there is none."""
        there = getattr(owner, name, None)
        if there is None:
            library = owner.__module__.partition(".")[0]
            raise HookError(
                f"{library} {_version(library)} has no {owner.__qualname__}.{name}, where it is to be hooked: its traffic "
                "would be neither recorded nor held back; install a version that has it, or use `windtunnel record`"
            )
        self._before.append((owner, name, vars(owner).get(name), name in vars(owner)))
        setattr(owner, name, wrapper(there))

    def undo(self) -> None:
        """Put everything back."""
        while self._before:
            owner, name, before, was_own = self._before.pop()
            if was_own:
                setattr(owner, name, before)
            else:
                delattr(owner, name)


def installed(library: str) -> Any | None:
    """Import a library, if it is installed: one that is imported later would go unhooked."""
    return importlib.import_module(library) if importlib.util.find_spec(library) is not None else None


def _version(library: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(library)
    except PackageNotFoundError:
        return "(of this Python)"
