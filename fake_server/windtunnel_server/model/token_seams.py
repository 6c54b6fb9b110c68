"""Where two texts of one message meet: the model reads them as one, and the words at the seam may join."""

from __future__ import annotations

import re
from functools import lru_cache

from windtunnel_server.model.token_blocks import text_tokens
from windtunnel_server.model.tokenizer.vocabularies import Vocabulary

#: All that a seam can change: the last word with what follows it, the first two words with what stands before them.
_TAIL = re.compile(r"[^ \t\n]*[ \t\n]*\Z")
_HEAD = re.compile(r"[ \t\n]*[^ \t\n]*[ \t\n]*[^ \t\n]*")
#: A word longer than this is cut: the seam of such a monster is not worth its weighing.
_LONGEST = 200


def seam(before: str, after: str, vocabulary: Vocabulary) -> int:
    """Give what the two texts cost together more than one by one; mostly 0."""
    tail = _TAIL.search(before[-_LONGEST:])
    head = _HEAD.match(after[:_LONGEST])
    return _seam(tail[0] if tail else "", head[0] if head else "", vocabulary)


@lru_cache(maxsize=4096)
def _seam(tail: str, head: str, vocabulary: Vocabulary) -> int:
    if not tail or not head:
        return 0
    apart = text_tokens(tail, vocabulary) + text_tokens(head, vocabulary)
    return text_tokens(tail + head, vocabulary) - apart
