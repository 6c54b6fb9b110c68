"""Which tools of the service's own a model supports, and what it is offered in the place of one that it does not.

Each row of `_SUPPORT` stands on a refusal or a page that somebody quotes; a tool that no row names passes on every model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from windtunnel_server.model.models import Model
from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.rule import Asked, Example, Rule
from windtunnel_server.model.validation.server_tools import KNOWN, SERVER_TOOLS
from windtunnel_server.model.validation.terms import Terms
from windtunnel_server.wire.generation import generation


@dataclass(frozen=True, slots=True)
class _Support:
    """Some tools, and the models that have them."""

    tools: tuple[str, ...]
    models: Callable[[Model], bool]
    #: Not looked at here: another table has the word.
    besides: tuple[str, ...] = ()


def _between(least: tuple[int, int], first: tuple[int, int]) -> Callable[[Model], bool]:
    """From one generation on, and before another."""
    return lambda model: least <= generation(model.id) < first


def _points(model: Model) -> bool:
    """Opus 4.5 and what came after it; Opus 5.5 and Sonnet 5.5 have the toolset only (documented, September 2026)."""
    recent = generation(model.id) >= (4, 6) or model.short_name == "opus-4-5"
    return recent and model.short_name not in ("opus-5-5", "sonnet-5-5")


def _first_computers(model: Model) -> bool:
    """Neither 3.7 nor the first Sonnet 3.5 is among them (UKGovernmentBEIS/inspect_ai#1418, trycua/cua#343)."""
    return generation(model.id) < (3, 7) and model.id != "claude-3-5-sonnet-20240620"


#: Bedrock takes the earlier tool on every model that had it (documented for Opus 5.5).
_BEDROCK: Final = ("bedrock", "bedrock-mantle")

_SUPPORT: Final = (
    _Support(("bash_20241022", "computer_20241022", "text_editor_20241022"), _first_computers),
    # For 3.7 and Claude 4 (documented). Refused by Sonnet 4.6 and Fable 5 (anthropics/anthropic-sdk-typescript#914; one public report), and by Opus 4.6
    # (browserbase/stagehand#1729).
    _Support(("computer_20250124",), _between((3, 7), (4, 6))),
    _Support(("computer_20251124",), _points, _BEDROCK),
    # Documented since September 2026; refused by Haiku 4.5 (one public report).
    _Support(("browser_toolset_20260801", "computer_toolset_20260801"), lambda model: generation(model.id) >= (4, 8)),
    # Refused by Sonnet 4.5 and Opus 4.6 (UKGovernmentBEIS/inspect_ai#3179; one public report).
    _Support(("text_editor_20250124", "text_editor_20250429"), _between((0, 0), (4, 5))),
    # Refused by Haiku 3 (two public reports).
    _Support(
        tuple(kind for kind in SERVER_TOOLS if kind.startswith("web_search_")), lambda model: model.era.web_search
    ),
)
_BY_TOOL: Final[Mapping[str, _Support]] = {tool: row for row in _SUPPORT for tool in row.tools}

#: What models before 4.6 were offered, as quoted (Sonnet 3.7: inspect_ai#1418; Haiku 4.5 on Bedrock: public report).
_OFFERED_BEFORE: Final[Mapping[tuple[int, ...], tuple[str, ...]]] = {
    (3, 7): ("bash_20250124", "computer_20250124", "text_editor_20250124"),
    (4, 5): ("bash_20250124", "computer_20250124", "text_editor_20250728"),
}


def _supports(model: Model, kind: str, terms: Terms) -> bool:
    row = _BY_TOOL.get(kind)
    return row is None or terms.surface in row.besides or row.models(model)


def _offered(model: Model, terms: Terms) -> tuple[str, ...]:
    """What a model has of the tools that are known under the terms, sorted.

    Of a list of February 2026 (Sonnet 4.6) all are here but four that no client can name; the undated tool searches,
    and the MCP toolset, are left out of it (unverified since).
    """
    for last, offered in _OFFERED_BEFORE.items():
        if generation(model.id) <= last:
            return offered if generation(model.id) >= (3, 7) else ()
    kinds = (kind for kind in sorted(SERVER_TOOLS) if kind[-8:].isdigit())
    known = (kind for kind in kinds if kind not in KNOWN or KNOWN[kind](terms))
    return tuple(kind for kind in known if _supports(model, kind, terms))


def _types(asked: Asked) -> Iterator[Problem]:
    kinds = [str(tool.get("type")) for tool in asked.tools]
    gone = [kind for kind in dict.fromkeys(kinds) if not _supports(asked.model, kind, asked.terms)]
    if gone:
        what = f"'{asked.model.id}' does not support tool types: {', '.join(gone)}."
        offered = ", ".join(_offered(asked.model, asked.terms))
        yield invalid("", f"{what} Did you mean one of {offered}?" if offered else what)


#: Tools that run code unless they are told not to (public reports, August and September 2026).
_CALLED_BY_CODE: Final = ("web_search_2026", "web_fetch_2026")


def _called_by_code(tool: Mapping[str, Any]) -> bool:
    callers = tool.get("allowed_callers")
    if callers is None:
        return str(tool.get("type")).startswith(_CALLED_BY_CODE)
    return any(caller != "direct" for caller in callers)


def _callers(asked: Asked) -> Iterator[Problem]:
    if asked.model.era.code_execution:
        return
    names = [str(tool.get("name")) for tool in asked.tools if _called_by_code(tool)]
    if names:
        what = f"'{asked.model.id}' does not support programmatic tool calling."
        which = f"The following tools have `allowed_callers` that require it: {', '.join(names)}."
        advice = 'Explicitly set `allowed_callers=["direct"]` on these tools, or use a model that supports programmatic'
        yield invalid("", f"{what} {which} {advice} tool calling.")


_COMPUTING: Final = {"betas": frozenset({"computer-use-2025-01-24"})}
_COMPUTER: Final[dict[str, Any]] = {
    "type": "computer_20250124",
    "display_width_px": 800,
    "display_height_px": 600,
    "name": "computer",
}
_TOOLSET: Final = {"tools": [{"type": "browser_toolset_20260801"}]}
_SEARCH: Final[dict[str, Any]] = {"type": "web_search_20260209", "name": "web_search"}


def _on(model: str, *tools: Mapping[str, Any]) -> dict[str, Any]:
    return {"model": model, "tools": list(tools)}


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="tool_types_supported",
        about="A tool of the service's own is one that the model has: its computer, editor, toolsets, search.",
        source=(
            "wire.md 6.3; anthropics/anthropic-sdk-typescript#914, UKGovernmentBEIS/inspect_ai#1418 and #3179, "
            "trycua/cua#343; platform.claude.com/docs/en/agents-and-tools/tool-use/computer-use-tool (which tools are "
            "offered instead is unverified from Claude 5 on)"
        ),
        passes=Example(_on("claude-haiku-4-5", _COMPUTER), _COMPUTING),
        fails=Example({"model": "claude-haiku-4-5", **_TOOLSET}),
        says=(
            "'claude-haiku-4-5-20251001' does not support tool types: browser_toolset_20260801. "
            "Did you mean one of bash_20250124, computer_20250124, text_editor_20250728?"
        ),
        check=_types,
    ),
    Rule(
        name="programmatic_calls_supported",
        about="Code calls tools on models that run code: Sonnet 4.5, Opus 4.5 and later. Newer web tools count as such.",
        source="public reports of the words (August and September 2026); recorded answers of the models endpoint",
        passes=Example(_on("claude-haiku-4-5", {**_SEARCH, "allowed_callers": ["direct"]})),
        fails=Example(_on("claude-haiku-4-5", _SEARCH)),
        says=(
            "'claude-haiku-4-5-20251001' does not support programmatic tool calling. The following tools have "
            '`allowed_callers` that require it: web_search. Explicitly set `allowed_callers=["direct"]` on these tools, '
            "or use a model that supports programmatic tool calling."
        ),
        check=_callers,
    ),
)
