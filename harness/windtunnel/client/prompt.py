"""What a user says, before it is sent: blocks, and nothing that no request can hold."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from windtunnel.client.request import Block

#: Text, or content blocks.
Prompt: TypeAlias = "str | Sequence[Block]"


def blocks_of_prompt(prompt: Prompt) -> list[Block]:
    """Return a prompt as blocks, in a copy. Raises ValueError for one that is empty, or that no request can hold."""
    blocks: list[Any] = [{"type": "text", "text": prompt}] if isinstance(prompt, str) else copy.deepcopy(list(prompt))
    strange = [block for block in blocks if not isinstance(block, Mapping)]
    if strange:
        raise ValueError(f"the prompt has a {type(strange[0]).__name__} in it; it is text, or a list of content blocks")
    if not blocks or any(map(_is_empty_text, blocks)):
        raise ValueError("the prompt is empty, or has an empty part; the API takes words")
    try:
        json.dumps(blocks, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise ValueError(f"the prompt cannot be sent: {error}; a request is JSON in UTF-8") from error
    return blocks


def _is_empty_text(block: Block) -> bool:
    return block.get("type") == "text" and not str(block.get("text") or "").strip()
