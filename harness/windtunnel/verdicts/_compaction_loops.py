"""Compaction that does not come to an end: summary after summary, or one at every turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from windtunnel.verdicts._episodes import Episode, summary_text
from windtunnel.verdicts._exchange import Exchange
from windtunnel.verdicts.units import counted
from windtunnel.verdicts.verdict import Finding

#: Summaries that may follow one another before a turn is answered: one, another for what it left, one in reserve.
#: Turns in a row that may each bring a compaction. Both are our choice.
MAX_SUMMARIES: Final = 3
MAX_TURNS_IN_A_ROW: Final = 2


def loops(found: Sequence[Episode]) -> Iterator[Finding]:
    """Summaries without a turn in between, and a compaction at every turn."""
    for run in _runs(found, answered=False):
        made = [one for episode in run for one in _fresh(episode) for _ in range(_answers(one))]
        if len(made) > MAX_SUMMARIES:
            yield _loop(made, f"{counted(len(made), 'summary')} without a turn", f"at most {MAX_SUMMARIES}")
    for run in _runs(found, answered=True):
        made = [one for episode in run for one in episode.summaries[-1:]]
        if len(made) > MAX_TURNS_IN_A_ROW:
            yield _loop(made, f"{len(made)} turns in a row, each with a summary", f"at most {MAX_TURNS_IN_A_ROW}")


def _fresh(episode: Episode) -> list[Exchange]:
    """Leave out the summaries that go on from the one before: what is too long to be summarised at once is, in pieces.

    Each has the summary before it, and of the conversation something that none has had; so they come to an end.
    """
    fresh, text, left = list[Exchange](), "", set(episode.before.keys)
    for summary in episode.summaries:
        goes_on = text and text in summary.heard and not left.isdisjoint(summary.keys)
        if summary.overflow is not None or not goes_on:
            fresh.append(summary)
        if summary.answered:
            text, left = summary_text(summary), left.difference(summary.keys)
    return fresh


def _answers(summary: Exchange) -> int:
    return max(1, len(summary.attempts) if summary.overflow else 1)


def _runs(found: Sequence[Episode], *, answered: bool) -> list[list[Episode]]:
    """Episodes with a summary, each beginning with the request the last one ended in, answered or not."""
    runs: list[list[Episode]] = []
    for episode in found:
        linked = runs and runs[-1][-1].after is episode.before and episode.before.answered == answered
        if not episode.summaries:
            continue
        if linked:
            runs[-1].append(episode)
        else:
            runs.append([episode])
    return runs


def _loop(made: Sequence[Exchange], seen: str, allowed: str) -> Finding:
    return Finding(
        tuple(number for one in made for number in one.numbers),
        "compaction loop",
        seen,
        allowed,
        "stop when a compaction does not help, and keep less, so that several turns fit behind it",
    )
