"""Policies in the words of a scenario file, there and back."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.policies import (
    POLICIES,
    Budget,
    Jitter,
    Patience,
    Policy,
    PolicyError,
    RetryAfter,
    Throttling,
    custom,
    find,
    policy_from_json,
    policy_from_mapping,
    resolve,
    to_mapping,
)

seconds = st.floats(0, 1000)
statuses = st.frozensets(st.integers(400, 599), max_size=4)
names = st.frozensets(st.text("abc", min_size=1), max_size=2)
hints = st.builds(
    RetryAfter,
    ceiling_s=st.just(math.inf) | seconds,
    beyond=st.sampled_from(("capped", "ignored", "final")),
    at_ceiling=st.sampled_from(("used", "beyond")),
    ceiling_rises=st.sampled_from(("never", "to the backoff")),
    role=st.sampled_from(("wait", "floor")),
    jitter_share=st.floats(0, 1),
    adds_at_most_s=st.just(math.inf) | seconds,
    numbers=st.sampled_from(("whole", "prefix", "integer", "integer prefix")),
    dates=st.sampled_from(("read", "ignored")),
    zero_ms=st.sampled_from(("hides", "falls through")),
    zero=st.sampled_from(("no hint", "at once")),
    ms_header=st.text("abc-"),
    s_header=st.text("abc-"),
)
jitters = st.builds(Jitter, st.sampled_from(("none", "full"))) | st.builds(
    Jitter, st.sampled_from(("subtract", "add", "spread")), st.floats(0, 1)
)
policies = st.builds(
    Policy,
    name=st.text(min_size=1) | st.just("custom"),
    source=st.text() | st.just("given by the user"),
    max_retries=st.integers(0, 20),
    base_s=seconds,
    factor=st.floats(0, 10),
    cap_s=st.just(math.inf) | seconds,
    jitter=jitters,
    throttling=st.none() | st.builds(Throttling, base_s=seconds, statuses=statuses, but_not=names),
    retry_statuses=statuses,
    retry_from_status=st.none() | st.integers(400, 599),
    connection_errors=st.sampled_from(("retried", "final")),
    cut_body=st.sampled_from(("connection error", "by head", "by head, unsure in streams")),
    should_retry_header=st.sampled_from(("obeyed", "ignored")),
    false_unheeded=statuses,
    true_unheeded=statuses,
    after_a_stream=st.sampled_from(("counts anew", "counts on")),
    retry_after=st.none() | hints,
    budget=st.none()
    | st.builds(Budget, capacity=st.integers(0, 900), cost=st.integers(0, 9), throttling_cost=st.integers(0, 9)),
    patience=st.none()
    | st.builds(Patience, statuses=statuses, answers=st.integers(0, 9), models=names, providers=names),
    counts=st.sampled_from(("read", "ignore", "auto")),
    calls=st.sampled_from(("api", "credentials")),
)


@given(policies)
def test_a_policy_comes_back_from_its_own_words(policy):
    written = json.loads(json.dumps(to_mapping(policy), allow_nan=False))

    assert policy_from_mapping(written) == policy


@given(policies)
def test_a_policy_comes_back_from_json(policy):
    assert policy_from_json(json.loads(json.dumps(policy.to_json()))) == policy


@pytest.mark.parametrize("policy", POLICIES.values(), ids=lambda policy: policy.name)
def test_a_real_client_comes_back_from_yaml(policy):
    yaml = pytest.importorskip("yaml")

    assert policy_from_mapping(yaml.safe_load(yaml.safe_dump(to_mapping(policy)))) == policy


def test_a_policy_as_it_stands_in_a_scenario_file():
    policy = policy_from_mapping(
        {
            "base": 1,
            "factor": 3,
            "cap": 30,
            "jitter": {"subtract": 0.25},
            "max_retries": 3,
            "retry_statuses": [429, 529],
            "retry_from_status": "none",
            "retry_after": {"ceiling": 60, "beyond": "ignored"},
        }
    )

    assert policy == custom(
        base_s=1,
        factor=3,
        cap_s=30,
        jitter=Jitter("subtract", 0.25),
        max_retries=3,
        retry_statuses=frozenset({429, 529}),
        retry_from_status=None,
        retry_after=RetryAfter(ceiling_s=60, beyond="ignored"),
    )


@pytest.mark.parametrize(
    ("word", "jitter"),
    [
        ("full", Jitter("full")),
        ("none", Jitter()),
        ({"add": 0.5}, Jitter("add", 0.5)),
        ({"spread": 1}, Jitter("spread", 1)),
    ],
)
def test_words_for_jitter(word, jitter):
    assert policy_from_mapping({"base": 1, "jitter": word}).jitter == jitter


@pytest.mark.parametrize(
    ("word", "hint"), [("ignored", None), ("none", None), (None, None), ("honoured", RetryAfter()), ({}, RetryAfter())]
)
def test_words_for_hints(word, hint):
    assert policy_from_mapping({"base": 1, "retry_after": word}).retry_after == hint


def test_what_is_written_is_as_short_as_it_can_be():
    assert to_mapping(custom(base_s=1)) == {"max_retries": 2, "base": 1}
    assert to_mapping(custom(base_s=0.5, cap_s=8, jitter=Jitter("full"), retry_after=None)) == {
        "max_retries": 2,
        "base": 0.5,
        "cap": 8,
        "jitter": "full",
        "retry_after": "ignored",
    }


def test_a_change_to_a_known_policy_leaves_the_rest():
    python = find("anthropic_python")

    patient = policy_from_mapping({"like": "anthropic_python", "max_retries": 5, "retry_after": {"beyond": "ignored"}})

    hint = RetryAfter(ceiling_s=4_294_967.0, beyond="ignored")
    assert patient == python.changed(name="anthropic_python, changed", max_retries=5, retry_after=hint)


def test_a_known_policy_with_no_change_is_that_policy():
    assert policy_from_mapping({"like": "vercel_ai"}) is not None
    assert policy_from_mapping({"like": "vercel_ai"}) == find("vercel_ai")


def test_an_end_can_be_taken_away():
    assert policy_from_mapping({"like": "anthropic_python", "cap": "none"}).cap_s == math.inf


def test_a_policy_is_found_by_name_by_words_or_is_one_already():
    own = custom(base_s=1)

    assert resolve("claude_code") is find("claude_code")
    assert resolve({"base": 1}) == own
    assert resolve(own) is own


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (
            {"base": 1, "max_retry": 3},
            r"expect.backoff: unknown 'max_retry'; did you mean max_retries\? \(known: like,",
        ),
        ({"like": "claude_code", "jiter": "full"}, "expect.backoff: unknown 'jiter'; did you mean jitter"),
        ({"base_s": 1}, "unknown 'base_s'; did you mean base"),
        ({"max_retries": 3}, "base is missing, the first delay in seconds; or write like: "),
        ({"like": "claude"}, "No policy is called 'claude'"),
        ({"like": 3}, "expect.backoff.like: 3 is neither the name of a policy nor a mapping"),
        ({"base": "1"}, "expect.backoff.base: '1' is not a number from 0 up"),
        ({"base": True}, "base: True is not a number"),
        ({"base": "none"}, "base: 'none' is not a number"),
        ({"base": 1, "cap": -1}, "cap: -1 is not a number from 0 up"),
        ({"base": 1, "cap": math.nan}, "cap: nan is not a number"),
        ({"base": 1, "max_retries": 1.5}, "max_retries: 1.5 is not a whole number"),
        ({"base": 1, "retry_statuses": 429}, r"retry_statuses: 429 is not a list; write \[429\]"),
        ({"base": 1, "retry_statuses": ["5xx"]}, "retry_statuses: '5xx' is not a whole number"),
        ({"base": 1, "counts": "reed"}, "counts: unknown 'reed'; did you mean read"),
        ({"base": 1, "name": 3}, "name: 3 is not text"),
        ({"base": 1, "jitter": "ful"}, "jitter: unknown 'ful'; did you mean full"),
        ({"base": 1, "jitter": "add"}, r"jitter: add of how much\? write {add: 0.25}"),
        ({"base": 1, "jitter": {"full": 1}}, "jitter: unknown 'full'"),
        ({"base": 1, "jitter": {"add": 25}}, "jitter share 25.0 is not a fraction"),
        ({"base": 1, "jitter": 0.25}, "jitter: 0.25 is not none, full, or one of"),
        ({"base": 1, "retry_after": "obeyed"}, "retry_after: 'obeyed' is not a mapping"),
        (
            {"base": 1, "retry_after": {"cieling": 3}},
            "expect.backoff.retry_after: unknown 'cieling'; did you mean ceiling",
        ),
        ({"base": 1, "budget": {"cost": 3}}, "expect.backoff.budget: capacity is missing"),
    ],
)
def test_what_cannot_be_read_says_where_and_what_is_nearest(value, complaint):
    with pytest.raises(PolicyError, match=complaint):
        policy_from_mapping(value)


def test_neither_name_nor_mapping_is_refused():
    with pytest.raises(PolicyError, match="where: 3 is neither"):
        resolve(3, "where")  # type: ignore[arg-type]
