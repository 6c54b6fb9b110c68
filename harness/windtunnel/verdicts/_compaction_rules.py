"""What a compaction must keep, and what it must come to. Each rule looks at one episode; `RULES` has them in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from windtunnel.verdicts._episodes import Episode
from windtunnel.verdicts._exchange import Exchange, blocks_of
from windtunnel.verdicts.units import counted
from windtunnel.verdicts.verdict import Finding, Weight

Rule = Callable[[Episode, Exchange, int | None], Iterator[Finding]]

_SHOWN: Final = 60


def smaller(episode: Episode, after: Exchange, window: int | None) -> Iterator[Finding]:
    """The request after is smaller than the one before."""
    before = episode.before
    if before.overflow is not None and before.overflow.kind == "bytes":
        was, now, unit = before.entry.bytes_in, after.entry.bytes_in, "bytes"
    elif (would_be := _unshortened(episode, after)) is None or after.size is None:
        yield Finding(
            _both(before, after),
            "size not known",
            "a body that cannot be counted",
            "a body that can",
            _REPORT,
            "unknown",
        )
        return
    else:
        was, now, unit = would_be, after.size, "tokens"
    if now >= was:
        yield Finding(
            _both(before, after),
            "not smaller",
            f"{was:,} {unit} as it was, {now:,} after",
            f"fewer than {was:,} {unit}",
            "leave the messages that were summarised out of the next request",
        )


def _unshortened(episode: Episode, after: Exchange) -> int | None:
    """Count what would have been sent: the request before, and behind an answered one the new turn too."""
    return episode.before.size if episode.unfinished_turn else episode.before.size_with(after.last)


def fits(episode: Episode, after: Exchange, window: int | None) -> Iterator[Finding]:
    """The request after fits into the window, by count and by what the service says."""
    over = after.overflow
    # What was taken fits whatever an earlier refusal said: that may have been scripted.
    limit = window if over is None else _limit(episode, after, window)
    too_large = limit is not None and after.size is not None and after.size > limit
    if over is None and not too_large:
        return
    known = limit is not None and after.size is not None
    weight: Weight = "fail" if too_large else "note" if known and over and over.kind == "input" else "unknown"
    size = "an unknown number of" if after.size is None else f"{after.size:,}"
    yield Finding(
        after.numbers,
        "overflowed again" if over else "does not fit",
        f"{size} tokens after the conversation was shortened" + (", and it was refused for its size" if over else ""),
        "any number" if limit is None else f"at most {limit:,} tokens",
        _AGAIN[weight],
        weight,
    )


def _limit(episode: Episode, after: Exchange, window: int | None) -> int | None:
    said = (one.overflow.limit for one in (after, episode.before) if one.overflow is not None)
    return window or next((limit for limit in said if limit), None)


def system_survives(episode: Episode, after: Exchange, window: int | None) -> Iterator[Finding]:
    """The system prompt is there in full; more may stand beside it."""
    whole = "\n".join(after.system)
    for text in episode.before.system:
        if text not in whole:
            yield Finding(
                _both(episode.before, after),
                "system prompt lost",
                f"{_shown(text)} is not in the request after",
                "the same system prompt, cache marks aside",
                "send the system prompt with every request; a summary belongs into the messages",
            )
            return


def tools_survive(episode: Episode, after: Exchange, window: int | None) -> Iterator[Finding]:
    """Every tool is there as it was."""
    lost = [name for name, tool in episode.before.tools.items() if after.tools.get(name) != tool]
    if lost:
        missing = ", ".join(lost[:5]) + (f" and {len(lost) - 5} more" if len(lost) > 5 else "")
        yield Finding(
            _both(episode.before, after),
            "tools lost",
            f"missing or changed: {missing}",
            f"the same {counted(len(episode.before.tools), 'tool')}",
            "send the same tools with every request, whatever happens to the messages",
        )


def turn_survives(episode: Episode, after: Exchange, window: int | None) -> Iterator[Finding]:
    """What the user said last, and has not been answered, is there word for word."""
    if not episode.unfinished_turn:
        return
    last = episode.before.words
    wanted = last or _earlier_words(episode.before)
    lost = [text for text in wanted if text not in after.heard]
    if lost:
        yield Finding(
            _both(episode.before, after),
            "last user turn lost" if last else "perhaps the user's turn was lost",
            f"{_shown(lost[0])} is not in the request after",
            "the words of the user, unchanged",
            "summarise what came before the last turn of the user, and send that turn itself behind the summary",
            "fail" if last else "unknown",
        )


def pairs_stay(episode: Episode, after: Exchange, window: int | None) -> Iterator[Finding]:
    """Every tool result stands right behind its call, and no call is without."""
    parted = _parted(after.spoken)
    if parted:
        yield Finding(
            after.numbers,
            "tool call parted from its result",
            f"{', '.join(parted[:3])} without its other half",
            "each tool_use in one message, its tool_result in the next",
            "cut the history between turns, never between a tool_use and its tool_result",
        )


def block_returns(episode: Episode, after: Exchange, window: int | None) -> Iterator[Finding]:
    """What the service compacted comes back as the block it gave (wire.md 9.3, 9.4)."""
    asked = [one for one in episode.summaries if "compaction" in one.body and one.compacts_itself]
    if not (asked or episode.by_service):
        return
    if not any(block.get("type") == "compaction" for message in after.messages for block in blocks_of(message)):
        yield Finding(
            after.numbers,
            "compaction block lost",
            "the service gave a compaction block, and the next request has none",
            "the block as it came, in the place of what it stands for",
            "append the whole content of the answer to the messages, the compaction block included",
        )


#: In the order in which one would look.
RULES: Final[Sequence[Rule]] = (
    smaller,
    fits,
    system_survives,
    tools_survive,
    turn_survives,
    pairs_stay,
    block_returns,
)

_REPORT: Final = "look at the body in the journal"
_AGAIN: Final[Mapping[Weight, str]] = {
    "fail": "keep less: a shorter summary, and fewer messages behind it",
    "note": "nothing, it is small enough by count: the refusal was scripted",
    "unknown": "say how large the window is: context_window=…",
}


def _both(before: Exchange, after: Exchange) -> tuple[int, ...]:
    return (*before.numbers, *after.numbers)


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _earlier_words(before: Exchange) -> list[str]:
    """In the middle of a tool loop: what the user had asked for."""
    for message in reversed(before.messages):
        if message.get("role") == "user":
            said = [block["text"] for block in blocks_of(message) if block.get("type") == "text"]
            if said:
                return said[-1:]
    return []


def _parted(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the ids of calls without a result in the next message, and of results without a call in the one before."""
    calls = [_ids(message, "tool_use", "id") for message in messages]
    results = [_ids(message, "tool_result", "tool_use_id") for message in messages]
    lost = [one for place, own in enumerate(calls) for one in own if one not in [*results, []][place + 1]]
    return lost + [one for place, own in enumerate(results) for one in own if place == 0 or one not in calls[place - 1]]


def _ids(message: Mapping[str, Any], kind: str, key: str) -> list[str]:
    return [str(block.get(key)) for block in blocks_of(message) if block.get("type") == kind]
