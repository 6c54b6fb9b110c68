"""What else becomes of a refusal for size, in words: given up, sent again, asked another way, shortened by dropping."""

from __future__ import annotations

from collections.abc import Iterator

from windtunnel.verdicts._episodes import Episode
from windtunnel.verdicts._exchange import Exchange
from windtunnel.verdicts.units import counted
from windtunnel.verdicts.verdict import Finding, Weight


def asks_for_less(episode: Episode) -> bool:
    """Prompt and answer were too much together, and the client asks for a shorter answer (wire.md 7.5)."""
    over, after = episode.before.overflow, episode.after
    if over is None or over.kind != "output" or after is None or after.keys != episode.before.keys:
        return False
    was, now = episode.before.max_tokens, after.max_tokens
    return now < was and after.overflow is None


def less(episode: Episode) -> Finding:
    after = episode.after
    assert after is not None
    return Finding(
        (*episode.before.numbers, *after.numbers),
        "asked for a shorter answer",
        f"max_tokens {episode.before.body.get('max_tokens')} before, {after.body.get('max_tokens')} after",
        "that, or a shortened conversation",
        "nothing",
        "note",
    )


def asks_alike(episode: Episode) -> bool:
    """The same messages again, with something else changed."""
    return episode.why == "overflow" and episode.after is not None and episode.after.keys == episode.before.keys


def alike(episode: Episode) -> Iterator[Finding]:
    before, after = episode.before, episode.after
    assert after is not None
    if after.overflow is not None:
        yield same_again((*before.refusals, *after.refusals))
    elif after.answered:
        yield Finding(
            (*before.numbers, *after.numbers),
            "asked another way",
            "the same messages, and an answer: another model, or a larger window",
            "that, or a shortened conversation",
            "nothing",
            "note",
        )
    else:
        yield no_turn(before, "the same messages were sent again and failed for another reason")


def same_again(refused: tuple[int, ...]) -> Finding:
    return Finding(
        refused,
        "sent the same again",
        f"the same messages {len(refused)} times, refused for their size each time",
        "once",
        "do not repeat what was refused for its size: shorten it, or stop",
    )


def no_turn(before: Exchange, seen: str) -> Finding:
    return Finding(
        before.numbers,
        "no turn followed",
        f"{seen}, and no turn came after it",
        "a turn on the shortened conversation",
        "let the conversation go on for another turn",
        "unknown",
    )


def gave_up(episode: Episode, weight: Weight, why: str, advice: str) -> Finding:
    before = episode.before
    size = f"{before.size:,} tokens" if before.size is not None else "a request"
    went_on = "went on with another turn" if episode.after is not None else "no request after it"
    numbers = (*before.numbers, *(number for one in episode.summaries for number in one.numbers))
    allowed = "the same turn again, on a shortened conversation"
    return Finding(numbers, "gave up", f"{size} refused for size, {went_on}; {why}", allowed, advice, weight)


def how(episode: Episode) -> Iterator[Finding]:
    """Say in what way the conversation was shortened, where it was no summary."""
    after = episode.after
    if episode.summaries or episode.by_service or after is None:
        return
    kept = set(episode.before.keys)
    dropped = all(key in kept for key in after.keys[:-1])
    yield Finding(
        (*episode.before.numbers, *after.numbers),
        "messages dropped" if dropped else "shortened without a summary that can be seen",
        f"{counted(len(episode.before.keys), 'message')} before, {len(after.keys)} after, and no summary request",
        "dropping is allowed; what was dropped is forgotten",
        "nothing, if it is meant so; a summary would keep what matters",
        "note",
    )
