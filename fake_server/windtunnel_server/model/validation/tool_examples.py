"""What the tables of tools refuse, by example: one rule for every family of tools and every kind of fault."""

from __future__ import annotations

from typing import Any, Final

from windtunnel_server.model.validation.example import SDK, beta, shape
from windtunnel_server.model.validation.rule import Rule

_LOOK: Final = {"name": "look", "input_schema": {"type": "object"}}
_SCREEN: Final = {"name": "computer", "display_width_px": 800, "display_height_px": 600}
_ADVISOR: Final = {"type": "advisor_20260301", "name": "advisor", "model": "claude-opus-5"}


def _tool(kind: str, name: str, **keys: Any) -> dict[str, Any]:
    return {"tools": [{"type": kind, "name": name, **keys}]}


def _own(**keys: Any) -> dict[str, Any]:
    return {"tools": [_LOOK | keys]}


_VERTEX: Final = (
    "'bash_20250124', 'browser_toolset_20260801', 'computer_toolset_20260801', 'custom', 'memory_20250818', "
    "'text_editor_20250124', 'text_editor_20250429', 'text_editor_20250728', 'tool_search_tool_bm25', "
    "'tool_search_tool_bm25_20251119', 'tool_search_tool_regex', 'tool_search_tool_regex_20251119', "
    "'web_search_20250305'"
)

RULES: Final[tuple[Rule, ...]] = (
    shape(
        "tool_name_fits",
        "A tool's name has up to 128 letters, digits, `_` and `-`.",
        "wire.md 6.3",
        _own(),
        _own(name="look around"),
        "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
    ),
    shape(
        "tool_schema_is_of_an_object",
        "The schema of a tool's input is that of an object.",
        "recorded (2026)",
        _own(),
        _own(input_schema={"type": "string"}),
        "tools.0.custom.input_schema.type: Input should be 'object'",
    ),
    shape(
        "tool_schema_is_an_object",
        "The schema of a tool's input is an object itself.",
        "recorded (2026)",
        _own(),
        _own(input_schema=True),
        "tools.0.custom.input_schema: Input does not match the expected shape.",
    ),
    shape(
        "no_extra_key_in_tool",
        "A tool has no key that its kind does not have.",
        "wire.md 6.3",
        _own(strict=False),
        _own(parameters={}),
        "tools.0.custom.parameters: Extra inputs are not permitted",
    ),
    shape(
        "deferred_tools_need_a_beta_on_bedrock",
        "On Bedrock a tool is deferred under the beta of tool search only.",
        "anthropics/claude-code#27065",
        _own(defer_loading=False),
        _own(defer_loading=False),
        "tools.0.custom.defer_loading: Extra inputs are not permitted",
        terms={"surface": "bedrock", "betas": frozenset({"tool-search-tool-2025-10-19"})},
        lacking={"surface": "bedrock"},
    ),
    shape(
        "tool_type_is_known",
        "A tool is one's own or of a kind that the service knows here.",
        "public report (Vertex, August 2026); recorded (Bedrock); dirac-run/dirac#57",
        _tool("web_search_20250305", "web_search"),
        {"tools": [_ADVISOR]},
        "tools.0: Input tag 'advisor_20260301' found using 'type' does not match any of the expected tags: " + _VERTEX,
        terms={"surface": "vertex"},
    ),
    shape(
        "advisor_names_model",
        "An advisor is a model with a name.",
        SDK,
        {"model": "claude-sonnet-5"},
        _tool("advisor_20260301", "advisor"),
        "tools.0.advisor_20260301.model: Field required",
        terms=beta("advisor-tool-2026-03-01"),
    ),
    shape(
        "server_tool_name_is_its_own",
        "A tool of the service goes by the service's name for it.",
        "public report (2026)",
        _tool("web_search_20250305", "web_search"),
        _tool("web_search_20250305", "search"),
        "tools.0.web_search_20250305.name: Input should be 'web_search'",
    ),
    shape(
        "web_search_is_used_at_least_once",
        "A limit on uses is above 0.",
        "public report (2026)",
        _tool("web_search_20250305", "web_search", max_uses=1),
        _tool("web_search_20250305", "web_search", max_uses=0),
        "tools.0.web_search_20250305.max_uses: Input should be greater than 0",
    ),
    shape(
        "web_fetch_key_is_of_its_version",
        "A tool has the keys of its version only.",
        SDK,
        _tool("web_fetch_20250910", "web_fetch"),
        _tool("web_fetch_20250910", "web_fetch", use_cache=False),
        "tools.0.web_fetch_20250910.use_cache: Extra inputs are not permitted",
    ),
    shape(
        "only_own_tools_stream_eagerly",
        "Input is streamed eagerly for one's own tools only.",
        "vercel/ai#13078",
        _own(eager_input_streaming=True),
        _tool("code_execution_20250825", "code_execution", eager_input_streaming=True),
        "tools.0.code_execution_20250825.eager_input_streaming: Extra inputs are not permitted",
    ),
    shape(
        "computer_has_screen",
        "A computer's screen has a size.",
        SDK,
        {"model": "claude-sonnet-5"},
        {"tools": [{"type": "computer_20250124", "name": "computer", "display_width_px": 800}]},
        "tools.0.computer_20250124.display_height_px: Field required",
        terms=beta("computer-use-2025-01-24"),
    ),
    shape(
        "computer_zoom_is_of_its_version",
        "Zoom came with the computer of November 2025.",
        SDK,
        {"model": "claude-sonnet-5"},
        {"tools": [{"type": "computer_20250124", **_SCREEN, "enable_zoom": True}]},
        "tools.0.computer_20250124.enable_zoom: Extra inputs are not permitted",
        terms=beta("computer-use-2025-01-24"),
    ),
    shape(
        "text_editor_name_is_of_its_version",
        "The editor goes by the name of its version.",
        SDK,
        _tool("text_editor_20250728", "str_replace_based_edit_tool"),
        _tool("text_editor_20250728", "str_replace_editor"),
        "tools.0.text_editor_20250728.name: Input should be 'str_replace_based_edit_tool'",
    ),
    shape(
        "bash_has_its_name",
        "The shell goes by its name.",
        SDK,
        _tool("bash_20250124", "bash"),
        {"tools": [{"type": "bash_20250124"}]},
        "tools.0.bash_20250124.name: Field required",
    ),
    shape(
        "memory_has_its_name",
        "The memory goes by its name.",
        SDK,
        _tool("memory_20250818", "memory"),
        _tool("memory_20250818", "notes"),
        "tools.0.memory_20250818.name: Input should be 'memory'",
    ),
    shape(
        "tool_search_has_its_name",
        "A search among tools goes by its name.",
        SDK,
        {"model": "claude-sonnet-5"},
        _tool("tool_search_tool_regex_20251119", "search"),
        "tools.0.tool_search_tool_regex_20251119.name: Input should be 'tool_search_tool_regex'",
    ),
    shape(
        "toolset_member_is_known",
        "A toolset is set up by the names of its members.",
        SDK,
        {"model": "claude-sonnet-5"},
        {"tools": [{"type": "browser_toolset_20260801", "configs": {"fly": {}}}]},
        "tools.0.browser_toolset_20260801.configs.fly: Extra inputs are not permitted",
    ),
    shape(
        "mcp_toolset_names_server",
        "The tools of a remote server come with its name.",
        SDK,
        {"model": "claude-sonnet-5"},
        {"tools": [{"type": "mcp_toolset"}]},
        "tools.0.mcp_toolset.mcp_server_name: Field required",
        terms=beta("mcp-client-2025-11-20"),
    ),
    shape(
        "allowed_callers_are_known",
        "A tool is called by the model or by code that runs at the service.",
        SDK,
        _own(allowed_callers=["direct"]),
        _own(allowed_callers=["anyone"]),
        "tools.0.custom.allowed_callers.0: Input should be 'direct', 'code_execution_20250825', "
        "'code_execution_20260120' or 'code_execution_20260521'",
    ),
    shape(
        "tool_choice_is_known",
        "A choice is automatic, any tool, one tool, or none.",
        "public reports (2026)",
        _own() | {"tool_choice": {"type": "auto"}},
        _own() | {"tool_choice": {"type": "required"}},
        "tool_choice: Input tag 'required' found using 'type' does not match any of the expected tags: "
        "'auto', 'any', 'tool', 'none'",
    ),
    shape(
        "chosen_tool_has_name",
        "A choice of one tool names it.",
        SDK,
        _own() | {"tool_choice": {"type": "tool", "name": "look"}},
        _own() | {"tool_choice": {"type": "tool"}},
        "tool_choice.tool.name: Field required",
    ),
    shape(
        "no_parallel_switch_without_tools",
        "A choice of none has no switch for parallel calls.",
        SDK,
        _own() | {"tool_choice": {"type": "none"}},
        _own() | {"tool_choice": {"type": "none", "disable_parallel_tool_use": True}},
        "tool_choice.none.disable_parallel_tool_use: Extra inputs are not permitted",
    ),
)
