"""One request, as a value: what is asked of which model, and where the prompt is to be cached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from windtunnel.client.caching import marked

Block = Mapping[str, Any]
Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request in the words of the Messages API. Messages are the whole history."""

    model: str
    max_tokens: int
    messages: tuple[Message, ...]
    #: Parts of the system prompt; what changes most comes last, and the cache holds what stands before it by itself.
    system: tuple[str, ...] = ()
    tools: tuple[Mapping[str, Any], ...] = ()
    stream: bool = True
    thinking: Mapping[str, Any] | None = None
    #: Mark tools, system prompt and history for the prompt cache, as far as marks of your own leave room.
    cached: bool = True
    #: Further keys of the body.
    extra: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the arguments of the SDK's `messages.create`, without `stream`."""
        out: dict[str, Any] = {"model": self.model, "max_tokens": self.max_tokens}
        if self.system:
            out["system"] = [{"type": "text", "text": part} for part in self.system]
        out["messages"] = list(self.messages)
        if self.tools:
            out["tools"] = list(self.tools)
        if self.thinking is not None:
            out["thinking"] = dict(self.thinking)
        out |= self.extra
        return marked(out) if self.cached else out

    @property
    def betas(self) -> frozenset[str]:
        """The betas that it asks for, in `extra_headers` or in the body: some have a price."""
        body = self.extra.get("extra_body") or {}
        return betas_of(self.extra.get("extra_headers") or {}) | frozenset(body.get("anthropic_beta") or ())

    def to_count(self) -> dict[str, Any]:
        """Return the arguments of `messages.count_tokens`."""
        body = replace(self, cached=False, extra={}).body()
        del body["max_tokens"]
        return body


def betas_of(headers: Mapping[str, Any]) -> frozenset[str]:
    """Return the betas that a request with these headers asks for."""
    said = [str(value).split(",") for name, value in headers.items() if name.lower() == "anthropic-beta"]
    return frozenset(beta.strip() for betas in said for beta in betas)
