"""Whether a model that may choose calls a tool: where the question plainly asks for one, once or twice, then no more.

So an agent's loop comes to an end by itself. A name or a description that the question does not mention is no reason:
what a tool does to the world with a made-up input is the client's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from random import Random
from typing import Any, Final, TypeAlias

from windtunnel_server.model import citing, question
from windtunnel_server.model.calls import clients, referenced

Tools: TypeAlias = Sequence[Mapping[str, Any]]

#: Characters at the end of a question that are listened to: a long one has its wish there, or is a document.
_HEARD: Final = 4_000
#: Calls of one turn.
_MOST: Final = 3
#: How often a second round follows the first.
_SECOND: Final = 0.3
#: Words that say nothing of what a tool is about.
_VERBS: Final = frozenset(
    "get set list fetch run do find make create search look lookup read write update delete add remove call use show "
    "tell give check query execute open tool function the for and with from this that what your you are can will its "
    "current return result when user given value string".split()
)
#: From here on a word is long enough to mean something by itself, and so many words of a description do so together.
_LONG, _TOGETHER = 5, 3


def wanted(request: Mapping[str, Any], *, seed: int) -> Tools:
    """Give the tools that are to be called now; none where the answer is due. The same seed and question decide alike."""
    choice = request.get("tool_choice") or {}
    if choice.get("type", "auto") != "auto" or question.prefill(request) is not None:
        return ()
    text = question.words(request)[-_HEARD:]
    asked = [tool for tool in clients(request) if asks_for(text, tool)]
    rounds = sum(1 for message in question.since(request) if _calls(message))
    if not asked or rounds >= _rounds(text, seed) or (rounds and citing.cited(request) is not None):
        return ()
    return asked[: 1 if choice.get("disable_parallel_tool_use") or rounds else _MOST]


def asks_for(text: str, tool: Mapping[str, Any]) -> bool:
    """Tell whether a question plainly asks for a tool: by its name, the words of it, or those of its description."""
    name = str(tool.get("name", ""))
    if re.search(rf"`{re.escape(name)}`|\b{re.escape(name)} tool\b|\btool {re.escape(name)}\b", text):
        return True
    said, parts = _said(text), question.split(name)
    if len(parts) > 1 and re.search(rf"\b{re.escape(name)}\b", text):
        return True
    telling = [word for word in parts if word not in _VERBS]
    speaks = len(parts) > 1 or (telling and len(telling[0]) > _LONG)
    if telling and speaks and said.issuperset(telling):
        return True
    return len(said & _told(tool)) >= _TOGETHER


@lru_cache(maxsize=4)
def _said(text: str) -> frozenset[str]:
    return frozenset(question.split(text))


def _told(tool: Mapping[str, Any]) -> set[str]:
    """Give the telling words of the first sentence of a description."""
    first = re.split(r"[.\n]", str(tool.get("description") or ""), maxsplit=1)[0]
    return {word for word in question.split(first) if len(word) >= _LONG and word not in _VERBS}


def _rounds(text: str, seed: int) -> int:
    return 2 if Random(f"{seed} rounds {text}").random() < _SECOND else 1


def _calls(message: Mapping[str, Any]) -> bool:
    return any(block.get("type") == "tool_use" for block in question.blocks_of(message))


def undiscovered(request: Mapping[str, Any], tools: Tools) -> Tools:
    """Give those of `tools` whose definition the model has not seen yet: a tool search has to find them first."""
    known = referenced(request)
    return [tool for tool in tools if tool.get("defer_loading") and tool.get("name") not in known]
