"""The scenarios that ship: the official SDK meets them all, and whoever does it wrong fails."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from windtunnel.results import Result
from windtunnel.scenario.case import Case, run
from windtunnel.scenario.library import shipped
from windtunnel.scenario.pool import run_all
from windtunnel.scenario.select import Wish

pytest.importorskip("anthropic")
#: Each runs many scenarios.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

#: What the built-in clients cannot do, and who needs it.
LACKING = {
    "compaction": {
        "long-conversation-over-the-threshold",
        "overflow-in-mid-conversation",
        "overflow-that-compaction-does-not-cure",
    },
    "re-authentication": {"new-key-after-a-401"},
    "fallback": {"overloaded-model-with-a-fallback", "streams-fail-and-whole-answers-work"},
    "count_tokens": {"counting-tokens-fails"},
}


@pytest.mark.parametrize("client", ["anthropic", "anthropic-async"])
def test_the_sdk_meets_the_whole_library_in_one_process_and_simulated_hours(client: str):
    results = list(run_all(Wish(clients=(client,)).cases(), run, jobs=1))

    fallen = [f"{result.title}: {result.reason}\n{_told(result)}" for result in results if _is_odd(result)]
    assert fallen == []
    assert {result.scenario for result in results if result.status == "skip"} == set.union(*LACKING.values())
    assert len({result.scenario for result in results}) == len(shipped()) >= 40
    assert sum(result.simulated_s for result in results) > 3600


def _is_odd(result: Result) -> bool:
    return result.status not in ("pass", "skip")


def _told(result: Result) -> str:
    return "\n".join(verdict.render() for verdict in result.verdicts if not verdict.passed)


#: By the verdict that must fail: the client that does it wrong, and the scenarios that show it.
CAUGHT = {
    ("naive", "backoff"): """
        answer-cut-short any-refusal-is-final any-server-error-once burst-then-recovery connection-dropped
        connection-reset empty-answer every-fourth-call-fails herd-after-an-outage key-revoked-in-mid-conversation
        max-tokens-over-the-window network-down-for-a-while network-refused-twice no-answer-at-all
        one-failure-after-another overflow-at-start overflow-without-compaction overload-storm overloaded-thrice
        rate-limited-for-good rate-limited-in-milliseconds rate-limited-until-a-date
        rate-limited-until-a-date-that-has-passed rate-limited-with-an-odd-hint rate-limited-with-hint
        rate-limited-with-long-hint rate-limited-without-hint server-error-for-good server-error-once server-error-thrice
        server-gives-up-waiting spend-limit-reached token-limit-reached told-not-to-retry told-to-retry too-many-at-once
        twelve-at-once unavailable-with-hint unknown-model wrong-api-key
    """,
    ("naive", "synchrony"): "herd-after-an-outage",
    ("naive", "attempts"): "proxy-answers-with-a-page",
    ("naive", "outcome"): """
        any-error-inside-a-stream overloaded-inside-a-stream stream-corrupt stream-cut stream-ends-early stream-reset
        stream-stalls stream-without-a-start
    """,
    ("naive", "stream"): "json-in-place-of-a-stream stream-compressed stream-ends-early",
    ("naive", "tokens"): "stream-drips stream-in-single-bytes stream-pauses stream-with-strange-events",
    ("boaster", "outcome"): """
        any-refusal-is-final oauth-exchange-fails oauth-token-revoked overflow-at-start rate-limited-for-good
        server-error-for-good spend-limit-reached told-not-to-retry unknown-model wrong-api-key
    """,
    ("despairing", "outcome"): "credential-expires oauth-token-expires paused-turn thinking-with-tools",
    ("miscounting", "tokens"): """
        answer-hits-max-tokens burst-then-recovery long-conversation paused-turn prompt-cache-expires prompt-cache-is-warm
        server-error-once stream-ends-early stream-in-single-bytes window-fills-while-answering
    """,
    ("mumbling", "stream"): """
        parallel-tools refusal stream-with-events-out-of-order thinking-with-tools tool-input-in-single-bytes
        tool-loop-in-bad-weather window-fills-while-answering
    """,
    ("trusting", "stream"): "tool-input-is-no-json",
    ("faint-hearted", "backoff"): "any-server-error-once overloaded-thrice rate-limited-with-hint told-to-retry",
    ("faint-hearted", "auth"): "oauth-token-expired-early oauth-token-expired-for-many",
    ("stubborn", "backoff"): "overloaded-thrice rate-limited-for-good server-error-for-good spend-limit-reached",
    ("impatient", "outcome"): "slow-first-byte stream-drips stream-pauses",
}
CASES = [(client, verdict, name) for (client, verdict), names in CAUGHT.items() for name in names.split()]


@pytest.mark.parametrize(("client", "verdict", "name"), CASES, ids=["-".join(case) for case in CASES])
def test_a_client_that_does_it_wrong_fails(meet: Callable[[Case, str], Result], client: str, verdict: str, name: str):
    # They are the official SDK with one thing wrong, and are judged by its policy.
    result = meet(Wish(scenarios=(name,), clients=("anthropic",)).cases()[0], client)

    assert (result.status, result.reason) == ("fail", "")
    assert verdict in [one.name for one in result.verdicts if one.failed]


#: What our clients cannot do, another one can; and what it does wrong instead fails by this verdict.
HABITS = [
    ("long-conversation-over-the-threshold", "does not compact", "compaction"),
    ("long-conversation-over-the-threshold", "forgets the question", "compaction"),
    ("overflow-in-mid-conversation", "does not compact", "outcome"),
    ("overflow-in-mid-conversation", "forgets the question", "compaction"),
    ("overflow-that-compaction-does-not-cure", "compacts for ever", "outcome"),
    ("new-key-after-a-401", "asks with the old key", "auth"),
    ("overloaded-model-with-a-fallback", "does not fall back", "outcome"),
    ("streams-fail-and-whole-answers-work", "does not fall back", "outcome"),
    ("counting-tokens-fails", "gives up over a count", "outcome"),
]


@pytest.mark.parametrize(("name", "habit", "verdict"), HABITS, ids=[f"{name}-{habit}" for name, habit, _ in HABITS])
def test_an_able_client_passes_and_one_with_a_bad_habit_fails(
    meet: Callable[[Case, str], Result], name: str, habit: str, verdict: str
):
    (case,) = Wish(scenarios=(name,)).cases()

    good, bad = meet(case, "able"), meet(case, f"able: {habit}")

    assert good.status in ("pass", "unknown"), good.reason
    # It claims the run as a whole, so what it handed on of each stream is not known.
    assert [(one.name, one.value) for one in good.verdicts if not one.passed and one.name != "stream"] == [], (
        good.reason
    )
    assert (bad.status, bad.reason) == ("fail", "")
    assert verdict in [one.name for one in bad.verdicts if one.failed]


def test_every_scenario_that_our_clients_cannot_play_is_played_by_another():
    assert {name for name, _, _ in HABITS} == set.union(*LACKING.values())


def test_every_scenario_that_a_client_of_ours_can_play_is_failed_by_one_of_them():
    played = {path.stem for path in shipped()} - set.union(*LACKING.values())

    assert played == {name for _, _, name in CASES}


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.stem)
def test_the_file_is_named_for_what_happens_and_says_what_a_good_client_does(path: Path):
    text = path.read_text(encoding="utf-8")

    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*\.yaml", path.name)
    assert text.startswith("name: ")
    assert "\nabout: " in text
    assert "\nexpect: " in text
    assert max(map(len, text.splitlines())) <= 130
