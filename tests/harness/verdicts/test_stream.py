"""Stream: what was handed on, against what was sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from windtunnel.verdicts import stream
from windtunnel.verdicts.claims import Claim, Claims
from windtunnel.verdicts.sent import read
from windtunnel.verdicts.verdict import Verdict


def claim_of(entry: Any, **changes: Any) -> Claim:
    """What a client that read everything claims, as a success."""
    sent = read(entry)
    uses = tuple({"id": use.id, "name": use.name, "input": use.input} for use in sent.tool_uses)
    claim = Claim(outcome="success", text=sent.text, thinking=sent.thinking, tool_uses=uses, message_id=sent.message_id)
    return replace(claim, **changes)


def judged(wired: Any, *claims: Claim, finished: bool = True) -> Verdict:
    return stream.judge(wired.entries, Claims(calls=claims), finished=finished)


def titles(verdict: Verdict) -> list[str]:
    return [finding.title for finding in verdict.findings]


def test_what_was_handed_on_as_it_was_sent_passes(wired: Any):
    entry = wired.answer("Hello there.")

    judged(wired, claim_of(entry)).check()


def test_without_claims_nothing_can_be_said(wired: Any):
    wired.answer("Hello there.")

    verdicts = [stream.judge(wired.entries, claims, finished=True) for claims in (None, Claims(outcome="success"))]

    assert [verdict.value for verdict in verdicts] == ["unknown", "unknown"]
    assert "WINDTUNNEL_CLAIMS" in verdicts[0].findings[0].advice


def test_a_cut_stream_passed_off_as_whole_fails_and_names_the_last_event(wired: Any):
    entry = wired.answer("Hello there.", end_mid_stream={"after_events": 4})

    verdict = judged(wired, claim_of(entry))

    assert verdict.failed
    assert titles(verdict) == ["a cut answer was passed off as a whole one"]
    assert "content_block_delta" in verdict.findings[0].seen


def test_a_cut_stream_reported_as_an_error_passes(wired: Any):
    entry = wired.answer("Hello there.", reset_mid_body={})

    judged(wired, claim_of(entry, outcome="error")).check()
    judged(wired, claim_of(entry, outcome="error", text="")).check()


def test_an_error_inside_a_stream_is_no_whole_answer(wired: Any):
    entry = wired.answer("Hello there.", error_event={"after_events": 4})

    verdict = judged(wired, claim_of(entry))

    assert titles(verdict) == ["a failed answer was passed off as a whole one"]
    assert "overloaded_error" in verdict.findings[0].seen


def test_a_missing_message_stop_is_noted_and_no_failure(wired: Any):
    entry = wired.answer("Hello there.", missing_message_stop={})

    verdict = judged(wired, claim_of(entry))

    assert verdict.passed
    assert [finding.weight for finding in verdict.findings] == ["note"]


def test_text_handed_on_again_after_a_retry_is_doubled(wired: Any):
    cut = wired.answer("Hello there.", close_mid_stream={"after_events": 4})
    whole = wired.answer("Hello there.", at=1.0)
    half = read(cut).text

    verdict = judged(wired, claim_of(whole, text=half + "Hello there."))

    assert half
    assert verdict.failed
    assert titles(verdict) == ["text doubled after a retry"]


def test_a_retry_that_took_back_what_came_before_passes(wired: Any):
    wired.answer("Hello there.", close_mid_stream={"after_events": 4})
    whole = wired.answer("Hello there.", at=1.0)

    judged(wired, claim_of(whole)).check()


def test_going_on_from_a_partial_answer_is_not_taken_for_doubling(wired: Any):
    cut = wired.answer("Hello there.", close_mid_stream={"after_events": 4})
    whole = wired.answer(" And goodbye.", at=1.0, asked="Hello, and what you said so far")
    claim = claim_of(whole, text=read(cut).text + " And goodbye.", asked_at=0.0, ended_at=2.0)

    assert judged(wired, claim).unknown


@pytest.mark.parametrize("text", ["Hello ther", "Hello here.", "Hello there!", "Hello there. "])
def test_text_that_is_not_what_was_sent_fails(wired: Any, text: str):
    entry = wired.answer("Hello there.")

    assert judged(wired, claim_of(entry, text=text)).failed


def use(**input: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": "toolu_1", "name": "look", "input": input}


def test_tool_input_that_was_altered_fails(wired: Any, said: Any):
    entry = wired.answer(said("", content=(use(city="Zürich", days=3),), stop_reason="tool_use"))
    altered = ({"id": "toolu_1", "name": "look", "input": {"city": "Zurich", "days": 3}},)

    assert judged(wired, claim_of(entry)).passed
    assert titles(judged(wired, claim_of(entry, tool_uses=altered))) == ["tool input altered"]


def test_a_true_is_no_one_in_a_tool_input(wired: Any, said: Any):
    entry = wired.answer(said("", content=(use(deep=True, share=1.0),), stop_reason="tool_use"))
    as_one = ({"name": "look", "input": {"deep": 1, "share": 1}},)
    as_written_elsewhere = ({"name": "look", "input": {"deep": True, "share": 1}},)

    assert judged(wired, claim_of(entry, tool_uses=as_one)).failed
    assert judged(wired, claim_of(entry, tool_uses=as_written_elsewhere)).passed


def test_a_tool_call_that_is_left_out_is_lost_and_one_not_reported_is_unknown(wired: Any, said: Any):
    entry = wired.answer(said("", content=(use(city="Bern"),), stop_reason="tool_use"))

    assert titles(judged(wired, claim_of(entry, tool_uses=()))) == ["all of the answer lost"]
    assert judged(wired, claim_of(entry, text="", tool_uses=None, thinking=None)).failed
    both = wired.answer(
        said("", content=({"type": "text", "text": "Hm."}, use(city="Bern")), stop_reason="tool_use"), at=1.0
    )
    first = claim_of(entry)
    assert titles(judged(wired, first, claim_of(both, tool_uses=()))) == ["tool call lost"]
    assert judged(wired, first, claim_of(both, tool_uses=None)).unknown


def test_an_unfinished_tool_call_cannot_be_checked(wired: Any, said: Any):
    entry = wired.answer(
        said("", content=(use(city="Bern", days=3),), stop_reason="tool_use"), end_mid_stream={"after_events": 5}
    )
    claim = Claim(outcome="error", text="", tool_uses=({"id": "toolu_1", "name": "look", "input": {"city": "B"}},))

    assert read(entry).tool_uses[0].whole is False
    assert judged(wired, claim).unknown


def test_json_in_the_place_of_a_stream_may_be_read_or_refused_but_not_lost(wired: Any):
    entry = wired.answer("Hello there.", json_instead_of_stream={})

    assert judged(wired, claim_of(entry)).passed
    assert judged(wired, claim_of(entry, outcome="error", text="", message_id=None)).passed
    assert judged(wired, claim_of(entry, text="", message_id=None)).failed


def test_a_piece_lost_in_a_broken_event_is_never_a_success(wired: Any):
    entry = wired.answer("Hello there. How is the weather?", malformed_json={"at_event": 3})

    verdict = judged(wired, claim_of(entry))

    assert titles(verdict) == ["a cut answer was passed off as a whole one"]
    assert "not JSON" in verdict.findings[0].seen


def test_a_stream_out_of_order_leaves_room_for_other_readings(wired: Any):
    entry = wired.answer("Hello there.", out_of_order_events={"at_event": 0})

    assert judged(wired, claim_of(entry)).passed
    assert judged(wired, claim_of(entry, text="Hello")).unknown


def test_claims_that_nobody_can_place_are_unknown(wired: Any):
    for place in range(3):
        wired.answer("Hello there.", at=0.0, asked=f"question {place}", sender=f"thread {place}", stall={"for_s": 5.0})
    claims = [Claim(outcome="success", text="Hello there.") for _ in range(2)]

    verdict = judged(wired, *claims)

    assert verdict.unknown
    assert "message_id" in verdict.findings[0].advice


def test_instants_place_claims_of_concurrent_clients(wired: Any):
    one = wired.answer("One.", at=0.0, sender="thread 1", asked="a", stall={"for_s": 5.0})
    two = wired.answer("Two.", at=1.0, sender="thread 2", asked="b", stall={"for_s": 5.0})
    claims = [
        claim_of(two, client=1, asked_at=1.0, ended_at=6.0),
        claim_of(one, client=0, asked_at=0.0, ended_at=5.0, message_id=None),
    ]

    judged(wired, *claims).check()
    assert judged(wired, replace(claims[0], text="One."), claims[1]).failed


def test_a_request_nobody_claims_is_unknown(wired: Any):
    entry = wired.answer("One.", asked="a")
    wired.answer("Two.", at=1.0, asked="b")

    assert judged(wired, claim_of(entry)).unknown


def test_content_from_nowhere_fails(wired: Any):
    entry = wired.answer("One.")

    assert judged(wired, claim_of(entry), Claim(outcome="success", text="Two.")).failed


def test_nothing_is_judged_while_an_answer_is_under_way(wired: Any):
    entry = wired.answer("One.")
    entry.ended = None

    assert judged(wired, claim_of(entry), finished=False).unknown


def test_what_came_before_a_refusal_may_be_thrown_away(wired: Any, said: Any):
    entry = wired.answer(said("I could", stop_reason="refusal"))

    assert judged(wired, claim_of(entry, text="")).passed
    assert judged(wired, claim_of(entry, text="I coul")).failed
