"""What a generation of models can do: one row an era, shared by the models of that time.

Read off the recorded answers of the models endpoint for Sonnet 4 … Opus 4.7 and off the documented rules for thinking;
rows for other generations carry the nearest recorded one forward or back (unverified).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from windtunnel_server.model.tokenizer.vocabularies import Vocabulary

ALL_EFFORTS = ("high", "low", "max", "medium", "xhigh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Era:
    """Abilities that a generation shares."""

    #: Which token vocabulary counts its text.
    vocabulary: Vocabulary = "v3"
    #: Values of `thinking.type` it accepts.
    thinking: tuple[str, ...] = ("disabled",)
    #: Thinking text is empty unless `display: "summarized"` asks for it (recorded: Opus 4.7, 4.8, Sonnet 5).
    hides_thinking: bool = False
    efforts: tuple[str, ...] = ()
    context_edits: tuple[str, ...] = ()
    code_execution: bool = False
    structured_outputs: bool = False
    web_search: bool = True
    pdf: bool = True
    images: bool = True
    #: Hidden tokens that come with tools: for tool_choice auto or none, for any or tool (wire.md 8.3). One more for
    #: each tool (recorded).
    tool_prompt: tuple[int, int] = (293, 315)
    #: A system prompt costs one token more than its text (recorded).
    system_line: bool = False
    #: Thinking of earlier turns stays in the prompt (recorded: Sonnet 4.6, Opus 4.7, Sonnet 5; not 4.5 and before).
    keeps_thinking: bool = False
    #: More output than the window has left is accepted and stops with model_context_window_exceeded.
    soft_window: bool = False
    #: The last message may be the assistant's, for the model to go on with (up to 4.5: wire.md 10; recorded).
    prefill: bool = True
    #: A message of the conversation may have the role "system".
    system_turns: bool = False
    #: Which sampling parameters it takes: all, either of temperature and top_p, none but the default values.
    sampling: Literal["all", "either", "none"] = "all"
    #: `tool_choice` may force a call.
    forces_tools: bool = True
    #: Thinks where the request says nothing of thinking.
    thinks_unasked: bool = False
    #: Efforts above high need thinking.
    high_effort_thinks: bool = False
    #: Results have to name their calls (recorded: Opus 3 answered, in June 2024, what named others).
    pairs_tools: bool = True

    @property
    def thinks(self) -> bool:
        return any(kind in self.thinking for kind in ("enabled", "adaptive"))


_CLEAR = ("clear_thinking_20251015", "clear_tool_uses_20250919")

CLAUDE_2 = Era(web_search=False, pdf=False, images=False, pairs_tools=False)
# Their tool prompts are recorded ones; that of forced tools with Sonnet 3 is unverified.
OPUS_3 = Era(web_search=False, pdf=False, tool_prompt=(533, 301), pairs_tools=False)
SONNET_3 = Era(web_search=False, pdf=False, tool_prompt=(158, 315), pairs_tools=False)
HAIKU_3 = Era(web_search=False, pdf=False, tool_prompt=(263, 357), pairs_tools=False)
CLAUDE_3_5 = Era()
HAIKU_3_5 = Era(tool_prompt=(264, 355))
CLAUDE_3_7 = Era(thinking=("disabled", "enabled"), tool_prompt=(313, 315))
CLAUDE_4 = Era(thinking=("disabled", "enabled"), context_edits=_CLEAR, tool_prompt=(313, 315))
# Temperature and top_p together: refused by Opus 4.1, Haiku 4.5 and Sonnet 4.5 (cloud-apim/otoroshi-llm-extension#140),
# recorded as answered on Sonnet 4.
OPUS_4_1 = replace(CLAUDE_4, structured_outputs=True, sampling="either")
HAIKU_4_5 = replace(OPUS_4_1, soft_window=True, tool_prompt=(496, 588))
SONNET_4_5 = replace(HAIKU_4_5, code_execution=True)
# unverified: that it keeps thinking.
OPUS_4_5 = replace(SONNET_4_5, keeps_thinking=True, efforts=("high", "low", "medium"))
CLAUDE_4_6 = replace(
    SONNET_4_5,
    thinking=("adaptive", "disabled", "enabled"),
    efforts=("high", "low", "max", "medium"),
    context_edits=(*_CLEAR, "compact_20260112"),
    tool_prompt=(497, 589),
    system_line=True,
    keeps_thinking=True,
    prefill=False,
)
OPUS_4_7 = replace(
    CLAUDE_4_6,
    vocabulary="v4.7",
    thinking=("adaptive", "disabled"),
    hides_thinking=True,
    tool_prompt=(675, 804),
    efforts=ALL_EFFORTS,
    sampling="none",
)
MYTHOS_PREVIEW = replace(OPUS_4_7, thinking=("adaptive", "enabled"), forces_tools=False, thinks_unasked=True)
OPUS_4_8 = replace(OPUS_4_7, vocabulary="v4.8", tool_prompt=(290, 410), system_turns=True)
# wire.md 10 has system messages within a conversation on Opus and Fable only; public reports of August 2026 have them
# answered on Sonnet 5 too, so no model of this generation refuses them here.
CLAUDE_5 = replace(OPUS_4_8, tool_prompt=(354, 474), thinks_unasked=True)
#: Opus 5 and Haiku 5.5: thinking can be turned off up to effort "high".
OPUS_5 = replace(CLAUDE_5, high_effort_thinks=True)
#: Sonnet 5.5: thinking between tool calls is the least there is.
SONNET_5_5 = replace(OPUS_5, thinking=("adaptive", "between_tools"), forces_tools=False)
#: Fable 5 and Mythos 5: thinking cannot be turned off.
ALWAYS_THINKS = replace(CLAUDE_5, thinking=("adaptive",))
#: Opus 5.5 and Fable and Mythos from 5.1 on: nor can a tool be forced.
NEVER_FORCED = replace(ALWAYS_THINKS, forces_tools=False)


def capabilities(era: Era, *, modern: bool) -> dict[str, Any]:
    """Write the `capabilities` object; `modern` adds the members that the recorded 2023-06-01 answers lack."""
    kinds = ("adaptive", "between_tools", "disabled", "enabled") if modern else ("adaptive", "enabled")
    levels = ALL_EFFORTS if modern else ALL_EFFORTS[:-1]
    edits = (*_CLEAR, "compact_20260112")
    out: dict[str, Any] = {
        "batch": _supported(True),
        "citations": _supported(era.pdf),
        "code_execution": _supported(era.code_execution),
        "context_management": _group(edits, era.context_edits),
        "effort": _group(levels, era.efforts),
        "image_input": _supported(era.images),
        "pdf_input": _supported(era.pdf),
    }
    if modern:
        out["server_tools"] = {
            "code_execution": _supported(era.code_execution),
            "supported": era.web_search or era.code_execution,
            "web_search": _supported(era.web_search),
        }
    out["structured_outputs"] = _supported(era.structured_outputs)
    types = {kind: _supported(kind in era.thinking) for kind in kinds}
    out["thinking"] = {"supported": era.thinks, "types": types}
    return out


def _supported(yes: bool) -> dict[str, bool]:
    return {"supported": yes}


def _group(known: tuple[str, ...], supported: tuple[str, ...]) -> dict[str, Any]:
    return {name: _supported(name in supported) for name in known} | {"supported": bool(supported)}
