"""The client that does it all wrong does each thing wrong."""

from __future__ import annotations

import pytest

from windtunnel import fail, fault, reply

TEXT = "The wind blows from the west today, and rather hard."


@pytest.mark.parametrize("stream", [False, True])
def test_where_nothing_goes_wrong_it_answers(play, stream):
    run = play("naive", reply("One."), reply("Two."), prompts=("a", "b"), system="Brief.", stream=stream, pause=5)

    assert [(claim.text, claim.stop_reason) for claim in run.calls] == [("One.", "end_turn"), ("Two.", "end_turn")]
    assert [message["content"] for message in run.bodies[1]["messages"]] == ["a", "One.", "b"]
    assert [entry.arrived_at for entry in run.tunnel.journal.calls] == pytest.approx([0, 5])
    assert run.claims.outcome == "success"


def test_it_asks_again_at_once_and_does_not_look_at_the_hint(play):
    run = play("naive", fail("rate_limited", retry_after=300, times=3), reply("Hello"))

    assert [entry.arrived_at for entry in run.tunnel.journal.calls] == [0.0] * 4
    assert run.call.outcome == "success"
    assert run.tunnel.verdict.backoff(run.subject.policy).failed


@pytest.mark.parametrize("kind", ["overloaded", "invalid_request"])
def test_it_asks_eight_times_whatever_the_answer(play, kind):
    run = play("naive", fail(kind, times=20), prompts=("a", "b"))

    assert len(run.tunnel.journal) == 8
    assert (run.call.outcome, run.call.error) == ("error", "HTTPError")
    assert run.call.status == (529 if kind == "overloaded" else 400)


CUTS = [fault(name) for name in ("close_mid_stream", "reset_mid_body", "end_mid_stream")]


@pytest.mark.parametrize("cut", [*CUTS, fault("error_event", after_events=5)], ids=lambda cut: cut.name)
def test_it_takes_a_broken_stream_for_a_whole_one(play, cut):
    run = play("naive", reply(TEXT, faults=[cut], stream={"text_piece": 6}), stream=True)

    assert (run.call.outcome, run.call.stop_reason) == ("success", "end_turn")
    assert run.call.text and TEXT.startswith(run.call.text) and run.call.text != TEXT


def test_it_counts_totals_as_if_they_were_steps(play):
    run = play("naive", reply(TEXT), stream=True)

    counted = run.tunnel.ledger.total
    assert run.claims.usage["input_tokens"] == 2 * counted.input_tokens
    assert run.claims.usage["output_tokens"] > counted.output_tokens


def test_an_answer_that_is_no_json_is_asked_for_again(play):
    run = play("naive", fail("truncated_json", times=2), reply("Hello"))

    assert (run.call.text, len(run.tunnel.journal)) == ("Hello", 3)


def test_twelve_at_once_are_twelve(play):
    run = play("naive", clients=12, every=1)

    assert [claim.client for claim in run.calls] == list(range(12))
    assert [entry.arrived_at for entry in run.tunnel.journal.calls] == pytest.approx(list(range(12)))
