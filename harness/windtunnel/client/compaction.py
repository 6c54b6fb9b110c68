"""A conversation that does not fit any more: its older part is summarised, by the model itself.

`exchanges.py` says where a history may be cut, this how the summary is asked for and read, `summariser.py`
asks, `compactor.py` says when.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from windtunnel.client.events import Answer
from windtunnel.client.exchanges import Cut, cuts
from windtunnel.client.failures import Failure
from windtunnel.client.request import Message, Request
from windtunnel.client.streaming import CUT_SHORT

#: What a summary may be long, and the share of a small window it may take. Our choice.
SUMMARY_TOKENS: Final = 4_096
SUMMARY_SHARE: Final = 0.125
#: What stays word for word takes at most this share of the window, so that several turns fit behind it. Our choice.
KEPT_SHARE: Final = 0.4

INSTRUCTION: Final = """\
The conversation above is about to outgrow the context window. Everything before this message will be replaced by your \
answer to it, so write a summary of the conversation that lets the work go on without a break. Do not call tools, and \
do not go on with the task.

Put the summary between <summary> and </summary>, under these headings, and leave out those that have nothing:

1. What the user wants: each request, in their words where the words matter, and what they decided or ruled out.
2. State of the work: what is done, what is half done, what was tried and did not work, and why.
3. Facts: paths, names, signatures, commands, numbers, error messages, exactly as they stand.
4. Next: what was about to happen, and questions that are still open.

If the conversation begins with an earlier summary, carry over what still matters."""
#: Said in addition where a summary did not come to its end.
BRIEFLY: Final = """\


An earlier attempt was cut off at {tokens} tokens. Write no more than {words} words, and leave out what matters least."""

_TAGGED: Final = re.compile(r"<summary>(.*?)(?:</summary>|$)", re.DOTALL)
#: The numbers of the API's refusals (wire.md 6.3).
_PROMPT: Final = re.compile(r"prompt is too long: (\d+) tokens > (\d+) maximum", re.IGNORECASE)
_WITH_OUTPUT: Final = re.compile(r"exceed context limit: (\d+) \+ (\d+) > (\d+)", re.IGNORECASE)
#: An answer is not made shorter than this, nor than a quarter of what was asked for. Our choice.
_LEAST_ANSWER: Final = 1_024
#: Left free when an answer is made shorter to fit: the next count of the same prompt may differ. Our choice.
_SPARE_TOKENS: Final = 64


def asking(old: Sequence[Message], cut_off_at: int | None = None) -> tuple[Message, ...]:
    """Return the messages that ask for a summary of `old`; its prefix is as it was sent, for the prompt cache.

    `cut_off_at`: an earlier one was not at its end after so many tokens, so it is to be shorter.
    """
    # A token has about three quarters of a word: a third as many words leave room for those that have fewer. Our choice.
    more = "" if cut_off_at is None else BRIEFLY.format(tokens=cut_off_at, words=max(cut_off_at // 3, 1))
    return (*old, {"role": "user", "content": [{"type": "text", "text": f"{INSTRUCTION}{more}"}]})


def summary_tokens(window: int, thinking_tokens: int = 0) -> int:
    """Return the `max_tokens` of a summary: thinking comes out of it, and in a small window it is small."""
    return thinking_tokens + max(min(SUMMARY_TOKENS, int(window * SUMMARY_SHARE)), 1)


def is_cut_off(answer: Answer) -> bool:
    """Whether a summary did not come to its end."""
    return answer.stop_reason in CUT_SHORT and "</summary>" not in answer.text


def summary_in(answer: Answer) -> str | None:
    """Read a summary that is whole: what is tagged, else all that was said. None for a call, a refusal and nothing at all."""
    called = any(block["type"] == "tool_use" for block in answer.content)
    if called or answer.stop_reason in ("refusal", "tool_use", "pause_turn"):
        return None
    tagged = _TAGGED.search(answer.text)
    return (tagged[1] if tagged else answer.text).strip() or None


def choose(messages: Sequence[Message], keep: int, room: int, size: Callable[[Sequence[Message]], int]) -> Cut | None:
    """Choose the cut that keeps most, if no more than `room` tokens; else the one that keeps least."""
    found = None
    for cut in cuts(messages, keep):
        found = cut
        if size(cut.kept) <= room:
            break
    return found


def room_for_answer(failure: Failure) -> int | None:
    """Return what `max_tokens` would have fitted, where a refusal says that only both together do not; else None."""
    said = _WITH_OUTPUT.search(failure.message)
    if said is None:
        return None
    room = int(said[3]) - int(said[1]) - _SPARE_TOKENS
    return room if room > 0 else None


def lower(failure: Failure, request: Request) -> int | None:
    """Return the `max_tokens` that fits where prompt and answer together are too much; None where none is worth it."""
    room, asked = room_for_answer(failure), request.max_tokens
    if room is None or not min(_LEAST_ANSWER, asked // 4) <= room < asked or room <= thinking_tokens(request):
        return None
    return room


def thinking_tokens(request: Request) -> int:
    """Return what a request sets apart for thinking."""
    budget = (request.thinking or {}).get("budget_tokens")
    return budget if isinstance(budget, int) else 0


def tokens_in(failure: Failure) -> int | None:
    """Read the tokens of the prompt off a refusal; None where it does not say."""
    said = _PROMPT.search(failure.message) or _WITH_OUTPUT.search(failure.message)
    return None if said is None else int(said[1])


def window_in(failure: Failure) -> int | None:
    """Read the window off a refusal; None where it does not say."""
    for pattern, place in ((_PROMPT, 2), (_WITH_OUTPUT, 3)):
        said = pattern.search(failure.message)
        if said is not None:
            return int(said[place])
    return None
