"""Tools that the service runs, as an unscripted reply uses them: a call, what it found, and a text that rests on it.

Shapes as recorded in 2026-07 and 2026-08; what is found is made up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from windtunnel_server.model import question
from windtunnel_server.model.mint import Mint
from windtunnel_server.wire.message import Block

_LONGEST_QUERY: Final = 80
_URL: Final = re.compile(r"https?://[^\s<>\"'`)\]]+")
_DIRECT: Final = {"caller": {"type": "direct"}}
#: How long a container waits for more (recorded: some five minutes).
_CONTAINER_S: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a run is made with. `at`: POSIX seconds."""

    text: str
    rng: Random
    ids: Mint
    at: float


@dataclass(frozen=True, slots=True)
class Run:
    """The blocks of a run, a text that cites what it found, and whether it needed a container."""

    blocks: tuple[Block, ...]
    cited: Block | None = None
    contained: bool = False


def run(request: Mapping[str, Any], rng: Random, ids: Mint, at: float) -> Run | None:
    """Run the tool of the service that the question asks for, or that `tool_choice` names; None where it is none."""
    choice = request.get("tool_choice") or {}
    if choice.get("type") == "none" or question.prefill(request) is not None or question.since(request):
        return None
    around = Circumstances(text=question.words(request), rng=rng, ids=ids, at=at)
    for tool in request.get("tools") or ():
        kind = str(tool.get("type") or "custom")
        hint, write = next((known for prefix, known in _TOOLS.items() if kind.startswith(prefix)), (None, None))
        if hint is None or write is None:
            continue
        named = choice.get("type") == "tool" and choice.get("name") == tool.get("name")
        if named or (choice.get("type", "auto") == "auto" and hint.search(around.text)):
            return write(tool, around)
    return None


def search_tools(tool: Mapping[str, Any], found: list[str], around: Circumstances) -> Run:
    """Look for deferred tools, and find those of these names."""
    kind = str(tool["name"])
    given = {"pattern": "|".join(found)} if "regex" in kind else {"query": " ".join(found).replace("_", " ")}
    references = [{"type": "tool_reference", "tool_name": name} for name in found]
    content = {"type": "tool_search_tool_search_result", "tool_references": references}
    call = _call(kind, given, around)
    return Run((call, {"type": "tool_search_tool_result", "tool_use_id": call["id"], "content": content}))


def container(request: Mapping[str, Any], ids: Mint, at: float) -> dict[str, str]:
    """Name the container that code ran in: the one asked for, or a new one."""
    asked = request.get("container")
    asked = asked.get("id") if isinstance(asked, Mapping) else asked
    expires = datetime.fromtimestamp(at + _CONTAINER_S, UTC).replace(tzinfo=None)
    return {"id": asked or ids.container(), "expires_at": f"{expires.isoformat(timespec='microseconds')}Z"}


def _call(name: str, given: Mapping[str, Any], around: Circumstances) -> Block:
    return {"type": "server_tool_use", "id": around.ids.server_tool_use(), "name": name, "input": given}


def _search(tool: Mapping[str, Any], around: Circumstances) -> Run:
    query = " ".join(around.text.split())[:_LONGEST_QUERY].rstrip() or "windtunnel"
    call = _call("web_search", {"query": query}, around)
    domain = next(iter(tool.get("allowed_domains") or ()), "example.com")
    pages = [_page(domain, number, around) for number in range(1, 4)]
    found = {"type": "web_search_tool_result", "tool_use_id": call["id"], "content": pages, **_DIRECT}
    citation = {
        "type": "web_search_result_location",
        "cited_text": "The wind in the tunnel blew from the left. ",
        "url": pages[0]["url"],
        "title": pages[0]["title"],
        "encrypted_index": around.ids.signature(),
    }
    cited = {
        "citations": [citation],
        "type": "text",
        "text": "According to a page that does not exist, it blew from the left.",
    }
    return Run((call, found), cited)


def _page(domain: str, number: int, around: Circumstances) -> dict[str, Any]:
    return {
        "type": "web_search_result",
        "title": f"Page {number} about nothing",
        "url": f"https://{domain}/{number}",
        "encrypted_content": around.ids.signature(),
        "page_age": around.rng.choice((None, "1 day ago", "3 weeks ago")),
    }


def _fetch(tool: Mapping[str, Any], around: Circumstances) -> Run:
    match = _URL.search(around.text)
    url = match[0].rstrip(".,;:!?") if match else "https://example.com/"
    call = _call("web_fetch", {"url": url}, around)
    text = "This page was made up; nothing was fetched."
    document = {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": text},
        "title": "A page that nobody fetched",
        "citations": {"enabled": bool((tool.get("citations") or {}).get("enabled"))},
    }
    moment = datetime.fromtimestamp(around.at, UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    content = {"type": "web_fetch_result", "url": url, "retrieved_at": moment, "content": document}
    return Run((call, {"type": "web_fetch_tool_result", "tool_use_id": call["id"], "content": content, **_DIRECT}))


def _execute(tool: Mapping[str, Any], around: Circumstances) -> Run:
    old = str(tool["type"]) == "code_execution_20250522"
    name = "code_execution" if old else "bash_code_execution"
    call = _call(name, {"code": "print('windtunnel')"} if old else {"command": "echo windtunnel"}, around)
    printed: dict[str, Any] = {
        "type": f"{name}_result",
        "stdout": "windtunnel\n",
        "stderr": "",
        "return_code": 0,
        "content": [],
    }
    if old:
        printed["abort_reason"] = None
    return Run((call, {"type": f"{name}_tool_result", "tool_use_id": call["id"], "content": printed}), contained=True)


_Write = Callable[[Mapping[str, Any], Circumstances], Run]

#: Kind of tool → what in a question asks for it, and how it runs.
_TOOLS: Final[Mapping[str, tuple[re.Pattern[str], _Write]]] = {
    "web_fetch_": (_URL, _fetch),
    "web_search_": (
        re.compile(r"\b(search|web|online|internet|latest|news|current|today|look up|find out|price)\b", re.IGNORECASE),
        _search,
    ),
    "code_execution_": (
        re.compile(r"\b(python|code|execut\w+|calculat\w+|comput\w+|script)\b|\d\s*[-+*/×]\s*\d", re.IGNORECASE),
        _execute,
    ),
}
