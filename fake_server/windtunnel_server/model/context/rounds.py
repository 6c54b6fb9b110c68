"""Several compactions in one answer, each with what the model said after it (wire.md 9.3).

Documented: where the service runs tools, the trigger is looked at before every round of the model, so that a conversation may
be compacted several times within one request. Here a script has it so; composed answers compact once at most. Unverified:
that what was said since the last summary is read as one turn, and that nothing of the later rounds is cached.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

from windtunnel_server.model.context import summary
from windtunnel_server.model.context.iterations import iteration
from windtunnel_server.model.tokens import count_input, count_output
from windtunnel_server.wire.message import Block, Reply, Usage


class _Round(NamedTuple):
    """A summary, and what was said after it."""

    block: Block
    said: tuple[Block, ...]


def told(reply: Reply, request: Mapping[str, Any], first: Usage, instructions: str | None) -> Reply:
    """Tell every round of a reply with several summaries, and sum those that are none; another reply is left alone.

    `request` is what the first summary is of, and `first` what it took. Iterations that a script gave stay as they are.
    """
    rounds = _rounds(reply.content)
    if len(rounds) < 2 or reply.usage.iterations is not None:
        return reply
    messages = [_message(rounds[0], reply.usage, request, last=False)]
    iterations = [iteration(first, "compaction"), iteration(messages[0], "message")]
    for before, after in pairwise(rounds):
        written = _written(before, after, request, instructions)
        reading = replace(written, input_tokens=count_input(_after(request, after.block)))
        messages.append(_message(after, reading, request, last=after is rounds[-1]))
        iterations += [iteration(written, "compaction"), iteration(messages[-1], "message")]
    usage = replace(
        reply.usage,
        input_tokens=sum(one.input_tokens for one in messages),
        output_tokens=sum(one.output_tokens for one in messages),
        iterations=tuple(iterations),
    )
    return replace(reply, usage=usage)


def _rounds(content: Sequence[Block]) -> list[_Round]:
    return list(_parted(content))


def _parted(content: Sequence[Block]) -> Iterator[_Round]:
    places = [place for place, block in enumerate(content) if summary.is_summary(block)]
    for place, following in pairwise((*places, len(content))):
        yield _Round(content[place], tuple(content[place + 1 : following]))


def _message(done: _Round, reading: Usage, request: Mapping[str, Any], *, last: bool) -> Usage:
    return replace(reading, output_tokens=count_output(done.said, str(request.get("model")), ended=last))


def _written(before: _Round, after: _Round, request: Mapping[str, Any], instructions: str | None) -> Usage:
    """Count what reading everything since a summary and writing the next one takes."""
    whole = _after(request, before.block, *before.said)
    model = request.get("model")
    return Usage(
        input_tokens=count_input(whole) + summary.asking_tokens(instructions, model),
        output_tokens=summary.writing_tokens(str(after.block["content"]), model),
    )


def _after(request: Mapping[str, Any], block: Block, *said: Block) -> Mapping[str, Any]:
    turn = [{"role": "assistant", "content": list(said)}] if said else []
    return {**request, "messages": [*summary.compacted(block), *turn]}
