"""Tokens: what the client booked, against what the answers reported."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from windtunnel.verdicts import _token_causes as causes
from windtunnel.verdicts import tokens
from windtunnel.verdicts._usage import added, as_usage, counts
from windtunnel.verdicts.claims import Claim, Claims
from windtunnel.verdicts.sent import read
from windtunnel.verdicts.verdict import Verdict
from windtunnel_server.ledger import book
from windtunnel_server.model import prices


def judged(wired: Any, usage: Mapping[str, Any] | None, **more: Any) -> Verdict:
    return tokens.judge(wired.entries, Claims(usage=usage, **more), finished=True)


def true_usage(wired: Any) -> dict[str, Any]:
    return as_usage(added(counts(read(entry).usage) for entry in wired.entries))


def true_cost(wired: Any) -> str:
    told = [line.reported for line in book(wired.entries) if line.reported is not None]
    return f"{sum(account.cost_micro_usd for account in told) / 1_000_000:f}"


def titles(verdict: Verdict) -> list[str]:
    return [finding.title for finding in verdict.findings if finding.weight != "note"]


def test_the_final_counts_of_a_stream_pass(wired: Any):
    wired.answer()

    verdict = judged(wired, true_usage(wired))

    verdict.check()
    assert true_usage(wired)["output_tokens"] == 307
    assert "input_tokens 21" in verdict.summary


def test_what_is_read_off_the_bytes_is_what_the_journal_has(wired: Any):
    entries = [wired.answer(), wired.answer(stream=False, at=1.0), wired.answer(at=2.0, end_mid_stream={})]

    read_off = [counts(read(entry).usage) for entry in entries]

    assert read_off[:2] == [counts(entry.usage) for entry in entries[:2]]
    assert read_off[2]["input_tokens"] == counts(entries[2].usage)["input_tokens"]


def test_without_counts_nothing_can_be_said(wired: Any):
    wired.answer()
    nothing = [None, Claims(), Claims(usage={}), Claims(calls=(Claim(outcome="success", text="Hello there."),))]

    values = [tokens.judge(wired.entries, claims, finished=True).value for claims in nothing]

    assert values == ["unknown"] * 4


def test_a_client_that_is_not_done_is_not_judged(wired: Any):
    wired.answer()

    assert tokens.judge(wired.entries, Claims(usage=true_usage(wired)), finished=False).unknown


def test_what_is_not_claimed_is_noted_where_the_rest_is_right(wired: Any):
    wired.answer()

    verdict = judged(wired, {"input_tokens": 21, "output_tokens": 307})

    assert verdict.passed
    assert "cache_read_input_tokens" in verdict.findings[0].seen


def test_a_cut_stream_counts_with_what_it_had_reported(wired: Any):
    wired.answer(close_mid_stream={})
    wired.answer(at=1.0)
    kept = true_usage(wired)
    dropped = as_usage(counts(read(wired.entries[1]).usage))

    assert kept["input_tokens"] == 42
    assert judged(wired, kept).passed
    assert titles(judged(wired, dropped)) == ["wrong counts: answers that broke off were left out"]


def test_a_refused_attempt_counts_for_nothing(wired: Any):
    wired.refuse(429)
    wired.answer(at=1.0)
    true = true_usage(wired)
    twice = as_usage(added([counts(true)] * 2))

    assert judged(wired, true).passed
    assert titles(judged(wired, twice)) == ["wrong counts: attempts that were refused were counted"]


#: The first one needs iterations, and has a test of its own.
@pytest.mark.parametrize("cause", causes.CAUSES[1:], ids=lambda cause: cause.name)
def test_every_usual_mistake_is_named(wired: Any, cause: causes.Cause):
    wired.refuse(429)
    wired.answer(at=1.0)
    if cause.name in ("answers that broke off were left out", "only the last answer was counted"):
        wired.answer(at=2.0, asked="another", close_mid_stream={})
        wired.answer("And another.", at=3.0, asked="a third")
    made = cause.books([read(entry) for entry in wired.entries])

    verdict = judged(wired, as_usage(dict.fromkeys(counts(true_usage(wired)), 0) | made))

    assert verdict.failed
    assert titles(verdict) == [f"wrong counts: {cause.name}"]
    assert verdict.findings[0].advice == cause.advice


def test_causes_are_named_for_single_counts_where_none_explains_all(wired: Any):
    wired.answer()
    usage = true_usage(wired) | {"cache_read_input_tokens": 0, "input_tokens": 20}

    assert titles(judged(wired, usage)) == ["wrong counts, likely: cache tokens were dropped"]


def test_each_call_is_compared_with_its_own_request(wired: Any):
    entries = [wired.answer(), wired.answer(at=1.0, asked="more", end_mid_stream={})]
    first, second = (read(entry) for entry in entries)
    right = [Claim(outcome="success", message_id=sent.message_id, usage=sent.usage) for sent in (first, second)]
    crossed = [
        Claim(outcome="success", message_id=first.message_id, usage=second.usage),
        Claim(outcome="success", message_id=second.message_id, usage=first.usage),
    ]

    assert tokens.judge(wired.entries, Claims(calls=tuple(right)), finished=True).passed
    assert tokens.judge(wired.entries, Claims(calls=tuple(crossed)), finished=True).failed


def test_claims_that_cannot_be_told_apart_are_compared_in_sum(wired: Any):
    for place in range(2):
        wired.answer(asked=f"question {place}", sender=f"thread {place}", stall={"for_s": 5.0})
    usage = read(wired.entries[0]).usage
    right = tuple(Claim(outcome="success", usage=usage) for _ in range(2))
    short = (right[0], Claim(outcome="success", usage={**(usage or {}), "input_tokens": 1}))

    assert tokens.judge(wired.entries, Claims(calls=right), finished=True).passed
    assert tokens.judge(wired.entries, Claims(calls=short), finished=True).failed


def test_the_cost_is_compared_to_the_micro_dollar(wired: Any):
    wired.answer()
    true = true_cost(wired)

    assert float(true) > 0.02
    assert judged(wired, None, cost_usd=true).passed
    assert judged(wired, None, cost_usd=f"{float(true) + 0.000_000_4:.9f}").passed
    assert judged(wired, None, cost_usd=f"{float(true) + 0.000_001:.9f}").failed


def test_a_wrong_cost_names_its_likely_cause(wired: Any):
    wired.answer()
    cheap = next(cause for cause in causes.CAUSES if "5-minute" in cause.name)
    made = prices.cost(as_usage(cheap.books([read(wired.entries[0])])), "claude-sonnet-4-6")
    assert made is not None

    verdict = judged(wired, None, cost_usd=f"{made / 1_000_000:f}")

    assert titles(verdict) == ["wrong cost: all cache writes were booked as 5-minute ones"]


def test_a_model_without_a_price_leaves_the_cost_unknown(wired: Any):
    entry = wired.answer()
    entry.body["model"] = "claude-of-tomorrow"

    assert judged(wired, None, cost_usd="1").unknown


def test_what_a_reset_may_have_swallowed_is_not_held_against_the_client(wired: Any):
    wired.answer(reset_mid_body={})
    wired.answer(at=1.0)

    without = judged(wired, as_usage(counts(read(wired.entries[1]).usage)))

    assert judged(wired, true_usage(wired)).passed
    assert without.unknown
    assert "may have been read in part" in without.findings[0].title


def test_what_is_billed_beyond_what_could_be_read_is_noted(wired: Any):
    entry = wired.answer(close_mid_stream={})
    entry.billed = {**(entry.usage or {}), "output_tokens": 307}

    verdict = judged(wired, true_usage(wired))

    assert verdict.passed
    assert "307 output tokens" in verdict.findings[0].seen


def test_a_client_that_stopped_where_an_answer_became_doubtful_books_what_came_before(wired: Any):
    entry = wired.answer("Hello there. How is the weather?", malformed_json={"at_event": 3})
    before = read(entry).usages[0]
    claims = [Claims(calls=(Claim(outcome="error", usage=usage),)) for usage in (before, read(entry).usage, None)]

    verdicts = [tokens.judge(wired.entries, claim, finished=True) for claim in claims]

    assert [verdict.value for verdict in verdicts] == ["pass", "pass", "unknown"]
    assert titles(verdicts[0]) == []


def test_where_nothing_was_used_nothing_need_be_claimed(wired: Any):
    wired.refuse(529)

    assert tokens.judge(wired.entries, Claims(calls=(Claim(outcome="error"),)), finished=True).passed
    assert tokens.judge(wired.entries, Claims(outcome="error"), finished=True).unknown


def test_whether_an_answer_that_turned_into_an_error_is_charged_is_not_known(wired: Any):
    entry = wired.answer(error_event={"after_events": 4})

    values = [judged(wired, usage).value for usage in (read(entry).usage, {"input_tokens": 0}, {"input_tokens": 3})]

    assert values == ["pass", "unknown", "fail"]


def test_a_wrong_total_is_not_reported_again_where_a_call_explains_it(wired: Any):
    entry = wired.answer()
    wrong = as_usage({"input_tokens": 1})
    claims = Claims(usage=wrong, calls=(Claim(outcome="success", message_id=read(entry).message_id, usage=wrong),))

    assert titles(tokens.judge(wired.entries, claims, finished=True)) == ["wrong counts"]
    right_calls = Claims(usage=wrong, calls=(Claim(outcome="success", usage=read(entry).usage),))
    assert tokens.judge(wired.entries, right_calls, finished=True).findings[0].where == "the run"


def retried(wired: Any) -> None:
    """A refusal, a stream that was cut, and the whole answer; all of one request."""
    wired.refuse(429)
    wired.answer(at=1.0, close_mid_stream={})
    wired.answer(at=2.0)


def test_an_honest_account_of_a_rough_run_passes_to_the_token_and_the_micro_dollar(wired: Any):
    retried(wired)

    judged(wired, true_usage(wired), cost_usd=true_cost(wired)).check()


@pytest.mark.parametrize("name", ["input_tokens", "output_tokens", "cache_read_input_tokens"])
@pytest.mark.parametrize("off_by", [-1, 1])
def test_one_token_is_too_much_and_both_figures_are_named(wired: Any, name: str, off_by: int):
    retried(wired)
    true = true_usage(wired)

    (finding, *_) = judged(wired, true | {name: true[name] + off_by}).findings

    assert finding.weight == "fail"
    assert finding.seen == f"{name} {true[name] + off_by} ({off_by:+d})"
    assert finding.allowed == f"{name} {true[name]}"


@pytest.mark.parametrize(
    ("claimed", "cause"),
    [
        ("cache writes as input", "cache writes are in input_tokens too"),
        ("reports added up", "the reports of one stream were added up"),
        ("the last attempt only", "answers that broke off were left out"),
    ],
)
def test_a_wrong_account_of_a_rough_run_is_named_in_tokens_and_in_money(wired: Any, claimed: str, cause: str):
    retried(wired)
    sent = [read(entry) for entry in wired.entries]
    made = next(one for one in causes.CAUSES if one.name == cause).books(sent)
    cost = prices.cost(as_usage(made), "claude-sonnet-4-6")
    assert cost is not None

    by_count = judged(wired, as_usage(dict.fromkeys(counts(true_usage(wired)), 0) | made))
    by_cost = judged(wired, None, cost_usd=f"{cost / 1_000_000:f}")

    assert titles(by_count) == [f"wrong counts: {cause}"]
    assert titles(by_cost) == [f"wrong cost: {cause}"]


def test_a_cost_at_another_model_s_price_names_the_model(wired: Any):
    wired.answer()
    usage = read(wired.entries[0]).usage
    assert usage is not None
    cost = prices.cost(usage, "claude-opus-4-8")
    assert cost is not None

    verdict = judged(wired, true_usage(wired), cost_usd=f"{cost / 1_000_000:f}")

    assert verdict.failed
    (title,) = titles(verdict)
    # Models of one price cannot be told apart.
    assert title.startswith("wrong cost: priced as claude-opus-")
    assert "US$" in verdict.findings[0].seen and "US$" in verdict.findings[0].allowed


def test_a_region_that_was_not_priced_is_named(wired: Any):
    entry = wired.answer()
    plain = true_cost(wired)
    entry.provider, entry.path = "vertex", "/v1/projects/p/locations/eu/publishers/anthropic/models/m:streamRawPredict"
    assert float(true_cost(wired)) > 1.05 * float(plain)

    assert titles(judged(wired, None, cost_usd=plain)) == ["wrong cost: the region was not priced"]


def test_rounding_counts_for_answers_only(wired: Any):
    for place in range(5):
        wired.refuse(429, at=float(place))
    wired.answer(at=9.0)

    assert judged(wired, None, cost_usd=f"{float(true_cost(wired)) + 0.000_001:.9f}").failed


def rounds(*, whole: int, inside: tuple[int, ...]) -> dict[str, Any]:
    parts = [{"type": "message", "input_tokens": tokens, "output_tokens": 1} for tokens in inside]
    return {"input_tokens": whole, "output_tokens": 1, "iterations": parts}


def test_iterations_count_as_their_sum():
    usage = rounds(whole=5, inside=(40, 5))

    assert counts(usage) == {"input_tokens": 45, "output_tokens": 2}
    assert counts(usage | {"iterations": []}) == {"input_tokens": 5, "output_tokens": 1}


def test_a_client_that_hands_on_the_usage_with_its_iterations_is_right(wired: Any):
    entry = wired.answer(stream=False)
    usage = rounds(whole=21, inside=(400, 21))
    body = json.loads(b"".join(entry.sent)) | {"usage": usage}
    entry.sent[:] = [json.dumps(body).encode()]
    entry.response_headers = tuple(pair for pair in entry.response_headers if pair[0].lower() != "content-length")

    whole_only = judged(wired, {"input_tokens": 21, "output_tokens": 1})

    assert judged(wired, usage).passed
    assert judged(wired, {"input_tokens": 421, "output_tokens": 2}).passed
    assert titles(whole_only) == ["wrong counts: only the whole of a compacted answer was counted"]


def test_a_total_beside_batches_is_not_judged(wired: Any):
    entry = wired.answer()
    made = replace(entry, number=9, path="/v1/messages/batches", status=200, sent=[], body={"requests": []})

    verdict = tokens.judge([*wired.entries, made], Claims(usage={"input_tokens": 1}), finished=True)

    assert (verdict.value, titles(verdict)) == ("unknown", ["the total may have batches in it"])
