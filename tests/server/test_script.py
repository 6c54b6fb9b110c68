"""Steps as values: what they refuse, what they are for, what they are called."""

from __future__ import annotations

import pytest

from windtunnel_server.conditions import When, Window
from windtunnel_server.script import ErrorSpec, Fault, ReplySpec, ScriptError, Step, unknown_word

TALK = ReplySpec(content=({"type": "text", "text": "Hello"},))


def test_a_step_is_for_its_endpoint() -> None:
    assert Step(on="models").is_for("models")
    assert not Step(on="models").is_for("messages")
    assert Step(on="any").is_for("models") and Step(on="any").is_for("messages")


def test_what_a_reply_says_only_messages_can_say() -> None:
    said = Step(reply=TALK, on="any")

    assert said.is_for("messages")
    assert not said.is_for("models")


@pytest.mark.parametrize(
    ("step", "plain"),
    [
        (Step(), True),
        (Step(on="any", during=Window(1, 2), times="forever"), True),
        (Step(on="models"), False),
        (Step(when=When(stream=True)), False),
        (Step(chance=0.5), False),
    ],
    ids=str,
)
def test_a_plain_step_takes_any_call_of_messages(step: Step, plain: bool) -> None:
    assert step.is_plain is plain


@pytest.mark.parametrize(
    ("step", "label"),
    [
        (Step(error=ErrorSpec(kind="overloaded")), "fail overloaded"),
        (Step(error=ErrorSpec(status=418)), "fail 418"),
        (Step(reply=TALK, faults=(Fault("gzip"), Fault("stall"))), "reply + gzip + stall"),
        (Step(), "composed"),
    ],
    ids=str,
)
def test_a_step_has_a_short_name_for_reports(step: Step, label: str) -> None:
    assert step.label == label


@pytest.mark.parametrize("times", [0, -1, True, 1.5, "ever", None])
def test_a_step_is_taken_so_many_times_or_forever(times: object) -> None:
    with pytest.raises(ScriptError, match='neither a whole number from 1 up nor "forever"'):
        Step(times=times)  # type: ignore[arg-type]


@pytest.mark.parametrize("chance", [0, -0.5, 1.01, True, "half", float("nan")])
def test_a_chance_is_a_share(chance: object) -> None:
    with pytest.raises(ScriptError, match=r"chance: .* is not a share above 0 and up to 1"):
        Step(chance=chance)  # type: ignore[arg-type]


def test_a_step_fails_or_replies() -> None:
    with pytest.raises(ScriptError, match="either a failure or a reply"):
        Step(error=ErrorSpec(status=500), reply=TALK)


def test_an_unknown_word_is_told_with_the_nearest_first() -> None:
    said = unknown_word("step", "tims", [f"word{number}" for number in range(20)] + ["times"])

    assert said.startswith("step: unknown 'tims'; did you mean times? (known: times, word0, ")
    assert said.endswith("and 9 more)")
