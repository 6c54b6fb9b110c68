"""What the client needs besides itself, and what to do where that is not installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from windtunnel.client.failures import ConfigurationError

REMEDY: Final = "pip install 'windtunnel[client]'"


class PackageMissing(ConfigurationError, ModuleNotFoundError):
    """A package is not installed: names it, and the extra that brings it."""


def missing(module: str, what: str) -> PackageMissing:
    """Make the error for `what` needs a `module`."""
    return PackageMissing(f"{what} needs the package {module.replace('.', '-')}: {REMEDY}")


def check(what: str, *modules: str | None) -> None:
    """Raise PackageMissing for the first module that is not there; None: none is needed."""
    for module in modules:
        if module is not None and not is_there(module):
            raise missing(module, what)


def is_there(module: str) -> bool:
    """Whether a module can be imported."""
    try:
        return find_spec(module) is not None
    except (ModuleNotFoundError, ValueError):  # of its parent; of one that stands in for another
        return False
