"""The shapes of what surrounds a conversation: its management, servers, container, thread, fallbacks and bill.

Keys and enumerations are those of the SDK's types (PY:types/beta). Values of triggers are judged in
`context_edits.py`.
"""

from __future__ import annotations

from typing import Any, Final

from windtunnel_server.model.validation.conditions import some, with_beta
from windtunnel_server.model.validation.outputs import OUTPUT_CONFIG, THINKING
from windtunnel_server.model.validation.shape import (
    Fault,
    Key,
    boolean,
    integer,
    listing,
    may,
    must,
    one_of,
    record,
    string,
    text,
    text_or,
)
from windtunnel_server.model.validation.terms import Terms
from windtunnel_server.model.validation.unions import member, tagged

_COUNTED: Final = {"value": must(integer())}
_TOKENS: Final = record({"type": must(one_of("input_tokens")), **_COUNTED})
_USES: Final = record({"type": must(one_of("tool_uses")), **_COUNTED})
_TURNS: Final = tagged({"thinking_turns": member(_COUNTED), "all": member({})})


def _all_or_turns(value: Any, terms: Terms) -> Fault | None:
    return None if value == "all" else _TURNS(value, terms)


def _switch_or_names(value: Any, terms: Terms) -> Fault | None:
    return None if isinstance(value, bool) else listing(string)(value, terms)


_CLEARING: Final = with_beta("context-management-")
_COMPACTING: Final = with_beta("compact-2026-01-12")
#: Under which the field is known.
MANAGING: Final = some(_CLEARING, _COMPACTING)

#: The path names the kind of an edit (reported: `context_management.edits.0.compact_20260112: trigger.value must …`).
CONTEXT_MANAGEMENT: Final = record(
    {
        # Not null (public report, 2026).
        "edits": Key(
            listing(
                tagged(
                    {
                        "clear_tool_uses_20250919": member(
                            {
                                "clear_at_least": may(_TOKENS),
                                "clear_tool_inputs": may(_switch_or_names),
                                "exclude_tools": may(listing(string)),
                                "keep": may(_USES),
                                "trigger": may(
                                    tagged({"input_tokens": member(_COUNTED), "tool_uses": member(_COUNTED)})
                                ),
                            }
                        ),
                        "clear_thinking_20251015": member({"keep": may(_all_or_turns)}),
                        "compact_20260112": member(
                            {
                                "instructions": may(string),
                                "pause_after_compaction": may(boolean),
                                "trigger": may(_TOKENS),
                            }
                        ),
                    },
                    known={
                        "clear_tool_uses_20250919": _CLEARING,
                        "clear_thinking_20251015": _CLEARING,
                        "compact_20260112": _COMPACTING,
                    },
                )
            )
        )
    }
)

COMPACTION: Final = record({"type": must(one_of("summarize")), "instructions": may(text(most=16_384))})

#: A path without a tag: `mcp_servers.0.headers: Extra inputs are not permitted` (reported, 2026).
MCP_SERVERS: Final = listing(
    record(
        {
            "name": must(string),
            "type": must(one_of("url")),
            "url": must(string),
            "authorization_token": may(string),
            "tool_configuration": may(record({"allowed_tools": may(listing(string)), "enabled": may(boolean)})),
        }
    )
)

_SKILL: Final = record({"skill_id": must(string), "type": must(one_of("anthropic", "custom")), "version": may(string)})
CONTAINER: Final = text_or(record({"id": may(string), "skills": may(listing(_SKILL))}))

THREAD: Final = tagged({"create": member({}), "continue": member({"previous_message_id": must(string)})})

SPEED: Final = one_of("standard", "fast")

_FALLBACKS: Final = listing(
    record(
        {
            "model": must(text(least=1)),
            "max_tokens": may(integer()),
            "output_config": may(OUTPUT_CONFIG),
            "speed": may(SPEED),
            "thinking": may(THINKING),
        }
    )
)


def FALLBACKS(value: Any, terms: Terms) -> Fault | None:
    """Take "default", or a list of models to fall back to."""
    return None if value == "default" else _FALLBACKS(value, terms)


CREDIT: Final = text_or(record({"token": must(string), "mode": may(one_of("strict", "best_effort"))}))
DIAGNOSTICS: Final = record({"previous_message_id": may(string)})
BILLING: Final = record({"type": must(one_of("billing_policy")), "bill_to": may(one_of("self", "user_profile"))})
#: 256 characters: the API reference as quoted in vercel/ai#12419.
METADATA: Final = record({"user_id": may(text(most=256))})
