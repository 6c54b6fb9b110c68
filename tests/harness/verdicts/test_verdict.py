"""A verdict has three values and says what it rests on."""

from __future__ import annotations

import pytest

from windtunnel.verdicts.verdict import Finding, Verdict, value_of

EARLY = Finding((2,), "waited too briefly", "0.1 s", "0.375 s to 0.5 s", "wait longer")
NOTE = Finding((3, 4), "asked again", "twice", "once", "look", "note")
DOUBT = Finding((), "nothing to judge", "no failure", "one", "script a failure", "unknown")


@pytest.mark.parametrize(
    ("findings", "value"), [((), "pass"), ((NOTE,), "pass"), ((NOTE, DOUBT), "unknown"), ((DOUBT, EARLY), "fail")]
)
def test_fail_comes_before_unknown_and_unknown_before_pass(findings, value):
    assert value_of(findings) == value


def test_a_verdict_refuses_to_be_true_or_false():
    with pytest.raises(TypeError, match=r"use \.passed"):
        assert Verdict("backoff", "fail")


def test_only_a_pass_passes_the_check():
    Verdict("backoff", "pass").check()

    for value in ("fail", "unknown"):
        with pytest.raises(AssertionError, match=f"backoff: {value}"):
            Verdict("backoff", value).check()


def test_the_text_names_attempt_sight_allowance_and_remedy_what_decides_first():
    text = Verdict("backoff", "fail", (NOTE, EARLY), "1 chain").render()

    assert text.splitlines() == [
        "backoff: fail. 1 chain",
        "",
        "attempt 2: waited too briefly",
        "  seen:    0.1 s",
        "  allowed: 0.375 s to 0.5 s",
        "  to do:   wait longer",
        "",
        "attempts 3, 4: asked again",
        "  seen:    twice",
        "  allowed: once",
        "  to do:   look",
    ]
    assert DOUBT.where == "the run"


def test_the_three_values_are_properties():
    passed, failed, unknown = (Verdict("backoff", value) for value in ("pass", "fail", "unknown"))

    assert [v.passed for v in (passed, failed, unknown)] == [True, False, False]
    assert [v.failed for v in (passed, failed, unknown)] == [False, True, False]
    assert [v.unknown for v in (passed, failed, unknown)] == [False, False, True]


def test_json_has_every_field():
    value = Verdict("backoff", "fail", (EARLY,), "1 chain").to_json()

    assert value["findings"][0] == {
        "attempts": [2],
        "title": "waited too briefly",
        "seen": "0.1 s",
        "allowed": "0.375 s to 0.5 s",
        "advice": "wait longer",
        "weight": "fail",
    }
    assert value["report"] is None
