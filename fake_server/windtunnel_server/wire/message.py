"""What the model says: content blocks, stop reason, usage. Pure values, first-party shapes.

A block is a mapping in the shape of the non-streaming `content` list (`{"type": "text", "text": …}`); the stream
form is derived from it (`events.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Block: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Token counts of one reply, as billed.

    `input_tokens` is the uncached remainder only; the whole prompt is the sum of the three input counts.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_creation_5m_tokens: int = 0
    cache_creation_1h_tokens: int = 0
    cache_read_tokens: int = 0
    #: None on models that do not report it.
    thinking_tokens: int | None = None
    #: e.g. {"web_search_requests": 1, "web_fetch_requests": 0}; None where no server tool ran.
    server_tool_use: Mapping[str, int] | None = None
    #: Items as on the wire: {"input_tokens", "output_tokens", …, "type"}; None where no beta asked for them.
    iterations: tuple[Mapping[str, Any], ...] | None = None
    service_tier: str = "standard"
    #: None: chosen by the model ("not_available" up to 4.5, "global" from 4.6 on).
    inference_geo: str | None = None
    #: "fast" or "standard"; None where the request named none (that it is left out there: recorded).
    speed: str | None = None

    @property
    def cache_creation_tokens(self) -> int:
        return self.cache_creation_5m_tokens + self.cache_creation_1h_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One finished assistant message."""

    content: tuple[Block, ...] = ()
    stop_reason: str = "end_turn"
    stop_sequence: str | None = None
    #: Refusals only: {"type": "refusal", "category": …, "explanation": …}.
    stop_details: Mapping[str, Any] | None = None
    usage: Usage = field(default_factory=Usage)
    #: The model named in the answer; None: the one that was asked for.
    model: str | None = None
    #: A scripted id; None: minted.
    id: str | None = None
    container: Mapping[str, Any] | None = None
    context_management: Mapping[str, Any] | None = None

    @property
    def text(self) -> str:
        """All text blocks, joined."""
        return "".join(str(b.get("text", "")) for b in self.content if b.get("type") == "text")
