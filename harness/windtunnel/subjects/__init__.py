"""Clients that ship with the tunnel, to be put into it by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from windtunnel.subjects.subject import Subject, SubjectError

__all__ = ["SUBJECTS", "SubjectError", "find"]


def _anthropic() -> Subject:
    _needs_sdk("anthropic")
    from windtunnel.subjects.sdk import AnthropicSync

    return AnthropicSync()


def _anthropic_async() -> Subject:
    _needs_sdk("anthropic-async")
    from windtunnel.subjects.sdk import AnthropicAsync

    return AnthropicAsync()


def _naive() -> Subject:
    from windtunnel.subjects.naive import Naive

    return Naive()


def _unified() -> Subject:
    _needs_sdk("unified")
    _needs_client()
    from windtunnel.subjects.unified import Unified

    return Unified()


#: What makes each, the default first. Nothing is imported before a client is made.
SUBJECTS: Mapping[str, Callable[[], Subject]] = MappingProxyType(
    {"unified": _unified, "anthropic": _anthropic, "anthropic-async": _anthropic_async, "naive": _naive}
)


def find(name: str) -> Subject:
    """Return a client by name, ready to play."""
    if name in SUBJECTS:
        return SUBJECTS[name]()
    offer = sorted(SUBJECTS, key=lambda known: -difflib.SequenceMatcher(None, name.lower(), known).ratio())
    raise SubjectError(
        f"No built-in client is called {name!r}.\n  on offer, nearest first: {', '.join(offer)}\n"
        "  for one of your own: --client-command 'python agent.py'"
    )


def _needs_client() -> None:
    from importlib.util import find_spec

    if find_spec("tenacity") is None:
        raise SubjectError("The client 'unified' needs the package tenacity: pip install 'windtunnel[client]'")


def _needs_sdk(name: str) -> None:
    from importlib.util import find_spec

    if find_spec("anthropic") is None:
        raise SubjectError(f"The client {name!r} is the official SDK, which is not installed: pip install anthropic")
