"""What surrounds the blocks of a prompt or an answer, in tokens: one row a vocabulary, all of it recorded.

The numbers are what is left of recorded counts when the text is taken away (FACTS, "The token model", and our own
reading of the same exchanges); docs/reference/tokens.md says how well they fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from windtunnel_server.model.tokenizer.vocabularies import Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Tokens around blocks, and what blocks cost beyond their text."""

    #: The request, and each turn: consecutive messages of one role are one turn.
    request: int
    turn: int
    #: Behind the last block of an answer that came to its end.
    end: int
    #: The first tool call of a turn, and a further one.
    call: int
    further_call: int
    #: The only tool result of a turn.
    result: int
    #: What a forced tool call need not say.
    forced: int
    #: An answer with thinking, beside the block itself.
    after_thinking: int
    #: `thinking: enabled`.
    thinking: int


_V3 = Frame(request=4, turn=3, end=3, call=22, further_call=7, result=8, forced=16, after_thinking=3, thinking=29)
# `thinking` as in v3: these models refuse it, so nothing is recorded.
_V4_8 = Frame(request=4, turn=2, end=2, call=8, further_call=-1, result=4, forced=10, after_thinking=0, thinking=29)
# Calls and results are those of v4.8: too few are recorded.
_V4_7 = Frame(request=9, turn=2, end=4, call=8, further_call=-1, result=4, forced=10, after_thinking=0, thinking=29)

FRAMES: Mapping[Vocabulary, Frame] = {"v3": _V3, "v4.7": _V4_7, "v4.8": _V4_8}

#: Each parameter of a tool call.
PARAMETER = 6
#: Several tool results in one turn, and each of them; they name their tools, a single one does not.
RESULTS, EACH_RESULT = 9, 22
#: A tool result that is an error.
ERROR = 7
#: An image, beyond its tiles (seven recorded ones whose size is known, 2025-07 to 2026-05).
IMAGE = 3
#: A document of text, beyond its text; and documents that may be cited, once.
DOCUMENT = 37
CITATIONS = 557
#: A block of thinking, beyond its text.
THINKING = 5
#: `tool_choice` that names a tool, beside the name.
NAMED_TOOL = 2
#: A message that goes on in the role of the one before it.
JOINED = 1
#: A conversation that the assistant begins.
ASSISTANT_FIRST = 12
#: `output_config.format`, beyond its schema.
FORMAT = 81
#: A compaction edit, and what stands around the summary of a compaction (both as recorded with Sonnet 4.6; the sum
#: also with Opus 4.6).
COMPACTING = 71
SUMMARY = 23
