"""A conversation about to be compacted: what is summarised, what the summary says, and what that took (wire.md 9.3, 9.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from windtunnel_server.model.context import iterations, summary
from windtunnel_server.model.context.edits import Compact, said
from windtunnel_server.model.context.seal import sealed
from windtunnel_server.model.overlay import overlay
from windtunnel_server.script import ReplySpec
from windtunnel_server.wire.message import Block, Reply, Usage


class Written(NamedTuple):
    """What a compaction came to."""

    #: None: there is no block, since nothing was summarised.
    block: Block | None
    usage: Usage
    #: What a script has the model say besides; None for an answer that is composed.
    rest: ReplySpec | None
    #: The block is the whole answer.
    alone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Compaction:
    """How a request may be compacted. `request` has its other edits behind it already."""

    request: Mapping[str, Any]
    #: Input tokens of that request.
    tokens: int
    #: The service compacts of its own accord; False: only if a script has it do so.
    due: bool
    #: The summary is the whole answer.
    alone: bool = False
    #: Asked for by `compaction`, not by an edit; such blocks are signed.
    on_demand: bool = False
    instructions: str | None = None

    @property
    def text(self) -> str:
        """The summary that nobody scripted."""
        return summary.compose(self.request["messages"], tokens=self.tokens, instructions=self.instructions)

    def left(self, block: Block | None) -> Mapping[str, Any]:
        """Give the request as the model reads it after the compaction; one that failed changes nothing."""
        return {**self.request, "messages": summary.compacted(block)} if summary.is_summary(block) else self.request

    def applies_to(self, spec: ReplySpec | None) -> bool:
        """Whether there is a compaction in an answer: it is due, or a script wants it."""
        return self.due or (spec is not None and any(block.get("type") == "compaction" for block in spec.content))

    def write(self, spec: ReplySpec | None, prompt: Usage) -> Written:
        """Summarise. `prompt` is the input side of reading the whole conversation.

        A script's compaction block wins. Where the summary is the whole answer, the text a script has the model say is
        the summary; one without text stands for a failure.
        """
        block, rest = self._block(spec)
        alone = self.alone or (rest is not None and not rest.content)
        text = str((block or {}).get("content") or "")
        model = self.request.get("model")
        usage = replace(
            prompt,
            input_tokens=prompt.input_tokens + summary.asking_tokens(self.instructions, model),
            output_tokens=summary.writing_tokens(text, model),
        )
        signed = sealed(block) if block is not None and self.on_demand else block
        return Written(signed, usage, rest, alone)

    def _block(self, spec: ReplySpec | None) -> tuple[Block | None, ReplySpec | None]:
        if spec is None:
            return _compaction(self.text), None
        scripted = [block for block in spec.content if block.get("type") == "compaction"]
        if scripted:
            return scripted[0], replace(spec, content=tuple(b for b in spec.content if b is not scripted[0]))
        if not self.alone:
            return _compaction(self.text), spec
        text = "".join(str(block.get("text", "")) for block in spec.content if block.get("type") == "text")
        empty = replace(spec, content=())
        return (None if self.on_demand and not text else _compaction(text or None)), empty


def whole(written: Written, spec: ReplySpec | None) -> Reply:
    """Make the answer that holds a summary and nothing else; an empty one where there is none (wire.md 9.4)."""
    failed = written.block is None
    reason = spec.stop_reason if spec is not None else None
    return Reply(
        content=() if written.block is None else (written.block,),
        stop_reason=reason or ("end_turn" if failed else "compaction"),
        stop_details=spec.stop_details if spec is not None else None,
        usage=overlay(iterations.alone(written.usage), (spec.usage if spec is not None else None) or {}),
        model=spec.model if spec is not None else None,
        id=spec.id if spec is not None else None,
        context_management=spec.context_management if spec is not None else None,
    )


def by_edit(request: Mapping[str, Any], edit: Compact, tokens: int) -> Compaction:
    """Hold a request of so many input tokens against a compaction edit."""
    # unverified: that it takes more than the trigger, and not just as much.
    due = tokens > edit.trigger
    return Compaction(request=request, tokens=tokens, due=due, alone=edit.pauses, instructions=edit.instructions)


def on_demand(request: Mapping[str, Any], asked: Mapping[str, Any], tokens: int) -> Compaction:
    """Read what `compaction` asks for."""
    instructions = said(asked.get("instructions"))
    return Compaction(request=request, tokens=tokens, due=True, alone=True, on_demand=True, instructions=instructions)


def _compaction(text: str | None) -> dict[str, Any]:
    return {"type": "compaction", "content": text}
