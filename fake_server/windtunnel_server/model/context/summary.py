"""What a compaction writes, and what it leaves of a conversation (wire.md 9.3, 9.4).

Read off five recorded compactions of August 2026 and before (Sonnet 4.6, Opus 4.6), all to the token: the model is asked
for the summary in 97 tokens behind the prompt; what follows reads the summary as a turn of the user.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeGuard

from windtunnel_server.model import prose
from windtunnel_server.model.context.clearing import Messages, listed
from windtunnel_server.model.token_blocks import text_tokens
from windtunnel_server.model.tokens import era_of
from windtunnel_server.wire.message import Block

#: The service's own instructions behind the prompt (recorded: 168 tokens over the prompt, 71 of them in front).
_ASKED: Final = 97
#: Instructions of one's own, beside their text (unverified: a turn of the user that goes on).
_ASKED_BESIDES: Final = 1
#: What is written and not shown (recorded: 11, 14, 14, 17 tokens).
_HIDDEN: Final = 14


def is_summary(block: Any) -> TypeGuard[Block]:
    """Tell a compaction block that says something; one without content stands for a failure and does nothing."""
    return isinstance(block, Mapping) and block.get("type") == "compaction" and bool(block.get("content"))


def since_compaction(messages: Messages) -> Messages:
    """Drop everything before the last summary, which becomes a turn of its own. Without one, nothing changes."""
    for place in range(len(messages) - 1, -1, -1):
        content = messages[place].get("content")
        if not isinstance(content, list):
            continue
        for index in range(len(content) - 1, -1, -1):
            if is_summary(content[index]):
                rest = content[index + 1 :]
                own = [{**messages[place], "content": rest}] if rest else []
                return [*compacted(content[index]), *own, *messages[place + 1 :]]
    return messages


def compacted(block: Block) -> list[Mapping[str, Any]]:
    """Give what the model reads of a conversation right after it was compacted."""
    # In one order of keys, whoever wrote it: the cache knows a block by how it is written.
    read = {key: block[key] for key in ("type", "content", "cache_control") if key in block}
    return [{"role": "user", "content": [read]}]


def asking_tokens(instructions: str | None, model: object) -> int:
    """Count what asks for the summary, behind the prompt."""
    if instructions is None:
        return _ASKED
    return _ASKED_BESIDES + text_tokens(instructions, era_of(model).vocabulary)


def writing_tokens(summary: str, model: object) -> int:
    """Count what the model writes for a summary."""
    return _HIDDEN + text_tokens(summary, era_of(model).vocabulary)


def compose(messages: Messages, *, tokens: int, instructions: str | None) -> str:
    """Write the summary of a conversation of so many tokens, plainly made up."""
    calls = sum(block.get("type") == "tool_use" for message in messages for block in listed(message))
    said = [
        "Windtunnel composed this summary; no model was asked.",
        f"It stands for {_many(len(messages), 'message')} with {_many(calls, 'tool call')}, {tokens} tokens.",
        *_quoted("The first words were", messages[:1]),
        *_quoted("The last words were", messages[-1:]),
    ]
    return " ".join([*said, f'The instructions were: "{instructions}"'] if instructions else said)


def _quoted(lead: str, messages: Sequence[Mapping[str, Any]]) -> list[str]:
    words = prose.last_words({"messages": list(messages)})
    return [f'{lead}: "{words}"'] if words else []


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
