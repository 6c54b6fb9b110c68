"""Compaction: is a conversation that has grown too long shortened once, so that it fits and keeps what it must.

A client can be told to shorten by a refusal for size, in the words of each provider, or by a number of tokens of its
own. It can ask the model for a summary, let the service compact, or drop messages; all three keep the same rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from windtunnel.verdicts._compaction_endings import (
    alike,
    asks_alike,
    asks_for_less,
    gave_up,
    how,
    less,
    no_turn,
    same_again,
)
from windtunnel.verdicts._compaction_loops import loops
from windtunnel.verdicts._compaction_rules import RULES
from windtunnel.verdicts._episodes import Conversation, Episode, conversations, episodes
from windtunnel.verdicts._exchange import Exchange
from windtunnel.verdicts.claims import Claims
from windtunnel.verdicts.units import counted
from windtunnel.verdicts.verdict import Finding, Verdict, value_of
from windtunnel_server.journal import Entry

NAME = "compaction"


def judge(
    entries: Iterable[Entry],
    *,
    claims: Claims | None = None,
    context_window: int | None = None,
    threshold: int | None = None,
    expected: bool | None = None,
    finished: bool = True,
) -> Verdict:
    """Judge what became of conversations that grew too long. Sizes are tokens.

    `context_window` is the window the run had (None: what a refusal says of it). Behind an answer that left more than
    `threshold` tokens in the window, the next turn must be shortened. `expected` says whether the client is one that
    compacts: True makes giving up a failure, False makes it right, None leaves it unknown. `finished` says that the
    client is done. Nothing grew too long and nothing was shortened: unknown.
    """
    clients = len({claim.client for claim in claims.calls or ()}) if claims is not None else 1
    court = _Court(context_window, expected, finished)
    found, findings = 0, list[Finding]()
    for conversation in conversations(entries, clients):
        own = episodes(conversation, threshold)
        found += len(own)
        findings += court.conversation(conversation, own)
    if not found:
        return Verdict(NAME, "unknown", (_nothing(threshold),), "no conversation grew too long")
    findings.sort(key=lambda finding: finding.attempts)
    failing = sum(finding.weight == "fail" for finding in findings)
    summary = f"{counted(found, 'occasion')} to shorten a conversation, {counted(failing, 'fault')}"
    return Verdict(NAME, value_of(findings), tuple(findings), summary)


@dataclass(frozen=True, slots=True)
class _Court:
    window: int | None
    expected: bool | None
    finished: bool

    def conversation(self, conversation: Conversation, found: Sequence[Episode]) -> list[Finding]:
        findings = [finding for place in range(len(found)) for finding in self._episode(found, place)]
        findings += loops(found)
        findings = _once(findings)
        return findings if conversation.certain else [_doubted(finding) for finding in findings]

    def _episode(self, found: Sequence[Episode], place: int) -> Iterator[Finding]:
        episode = found[place]
        yield from _summaries(episode, self.window)
        if len(episode.before.refusals) > 1:
            yield same_again(episode.before.refusals)
        if asks_for_less(episode):
            yield less(episode)
        elif asks_alike(episode):
            yield from alike(episode)
        elif episode.after is None or not (episode.shortened or episode.why == "own accord"):
            yield from self._not_shortened(episode, again=_goes_on(found, place))
        else:
            yield from (finding for rule in RULES for finding in rule(episode, episode.after, self.window))
            yield from how(episode)

    def _not_shortened(self, episode: Episode, *, again: bool) -> Iterator[Finding]:
        """Nothing was shortened, or nothing followed."""
        failed_summary = any(not one.answered for one in episode.summaries)
        if episode.why == "own accord":
            yield no_turn(episode.before, "the conversation was shortened")
        elif not self.finished and episode.after is None:
            yield gave_up(episode, "unknown", "the client may still be at it", "ask when the client is done")
        elif episode.why == "threshold":
            yield from self._went_on(episode)
        elif again:
            return  # it was shortened once and refused again: to stop is right
        elif failed_summary and not any(one.overflow for one in episode.summaries):
            yield gave_up(episode, "unknown", "its summary request failed", "let the summary request succeed")
        elif _nothing_to_summarise(episode.before):
            yield gave_up(episode, "note", "nothing stood before the last turn", "nothing: there is nothing to shorten")
        elif self.expected is None:
            yield gave_up(episode, "unknown", "nobody says that it compacts", "say so: expected=True or expected=False")
        elif self.expected:
            did = "made a summary and did not use it" if episode.summaries else "did not shorten the conversation"
            yield gave_up(episode, "fail", f"it {did}", "summarise what came before the last turn, and ask again")
        else:
            yield gave_up(episode, "note", "it does not compact", "nothing: to stop and say so is right")

    def _went_on(self, episode: Episode) -> Iterator[Finding]:
        before, after = episode.before, episode.after
        if after is None:
            yield no_turn(before, f"{before.used:,} tokens")
        elif self.expected is not False and after.words and after.last.get("role") == "user":
            yield Finding(
                (*before.numbers, *after.numbers),
                "not shortened past the threshold",
                f"{before.used:,} tokens in the window, and the next turn has them all",
                "a shortened conversation",
                "look at the reported usage before each turn: input, cache reads, cache writes and output together",
            )


def _summaries(episode: Episode, window: int | None) -> Iterator[Finding]:
    """A summary request has to fit as well."""
    for summary in episode.summaries:
        too_large = window is not None and (summary.size or 0) > window
        if summary.overflow is None and not too_large:
            continue
        recovered = summary is not episode.summaries[-1]
        yield Finding(
            summary.numbers,
            "summary request does not fit",
            f"{summary.size or 0:,} tokens" + (", and it was refused for its size" if summary.overflow else ""),
            "a request that fits" if window is None else f"at most {window:,} tokens",
            "leave the last turns out of what is summarised, or summarise in parts",
            "note" if recovered else "fail",
        )


def _goes_on(found: Sequence[Episode], place: int) -> bool:
    """The request before is one that had been shortened already."""
    return any(found[place].before is earlier.after and earlier.shortened for earlier in found[:place])


def _nothing_to_summarise(before: Exchange) -> bool:
    return all(message.get("role") != "assistant" for message in before.messages)


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """Past the threshold every further turn is too long: the first says it all."""
    seen, out = set[str](), list[Finding]()
    for finding in findings:
        if finding.title != "not shortened past the threshold" or finding.title not in seen:
            out.append(finding)
        seen.add(finding.title)
    return out


def _doubted(finding: Finding) -> Finding:
    if finding.weight != "fail":
        return finding
    return replace(
        finding,
        title=f"perhaps {finding.title}",
        seen=f"{finding.seen}; several conversations ran at once, and cannot be told apart",
        advice="run the client in process, or one conversation at a time",
        weight="unknown",
    )


def _nothing(threshold: int | None) -> Finding:
    past = "" if threshold is None else f" or past {threshold:,} tokens"
    return Finding(
        (),
        "nothing to judge",
        "no request was refused for its size, and none was shortened",
        f"at least one that is{past}",
        'script a refusal, windtunnel.script(fail("prompt_too_long")), or give the run a small context window',
        "unknown",
    )
