"""What a program with the official SDK hands on and counts, held against what left the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anthropic
import pytest

from windtunnel import Windtunnel, fail, fault, reply
from windtunnel.verdicts import outcome, stream, tokens
from windtunnel.verdicts.claims import Claim, Claims, claims_of
from windtunnel.verdicts.verdict import Verdict

TEXT = "The wind is from the west, and it will turn before the night."


class Reader:
    """A program that shows text as it comes. `careful`: it takes a stream without a stop reason for a failure."""

    def __init__(self, tunnel: Windtunnel, client: Any, asked: dict[str, Any], *, careful: bool) -> None:
        self.tunnel, self.client, self.asked, self.careful = tunnel, client, asked, careful
        self.claims: list[Claim] = []

    def ask(self) -> None:
        shown: list[str] = []
        message: Any = None
        error: str | None = None
        began = self.tunnel.clock.now()
        try:
            with self.client.messages.stream(**self.asked) as events:
                for text in events.text_stream:
                    shown.append(text)
                message = events.get_final_message()
        except Exception as raised:
            error = type(raised).__name__
            message = getattr(events, "current_message_snapshot", None) if shown else None
        if self.careful and error is None and message.stop_reason is None:
            error = "incomplete"
        (booked,) = claims_of(message).calls or () if message is not None else (None,)
        self.claims.append(
            Claim(
                outcome="error" if error else "success",
                text="".join(shown),
                message_id=booked.message_id if booked else None,
                usage=booked.usage if booked else None,
                error=error,
                asked_at=began,
                ended_at=self.tunnel.clock.now(),
            )
        )

    def verdicts(self) -> dict[str, Verdict]:
        entries, claims = self.tunnel.journal.calls, Claims(calls=tuple(self.claims))
        found = [
            stream.judge(entries, claims, finished=True),
            tokens.judge(entries, claims, finished=True),
            outcome.judge(entries, claims, "honest", finished=True),
        ]
        return {verdict.name: verdict for verdict in found}


@pytest.fixture
def reader(windtunnel: Windtunnel, connect: Callable[..., Any], asked: dict[str, Any]) -> Callable[..., Reader]:
    def make(*, careful: bool = True) -> Reader:
        return Reader(windtunnel, connect("sync-socket").client, asked, careful=careful)

    return make


def test_a_stream_after_a_retry_is_handed_on_and_counted_right(windtunnel: Windtunnel, reader: Any):
    windtunnel.script(fail("overloaded"), reply(TEXT))
    program = reader()

    program.ask()

    for verdict in program.verdicts().values():
        verdict.check()
    outcome.attempts(windtunnel.journal.calls, 2).check()
    assert program.claims[0].text == TEXT


def test_a_clean_early_end_passed_off_as_whole_fails(windtunnel: Windtunnel, reader: Any):
    windtunnel.script(reply(TEXT, faults=[fault("end_mid_stream")]))
    program = reader(careful=False)

    program.ask()

    found = program.verdicts()
    assert program.claims[0].outcome == "success"
    assert (found["stream"].value, found["outcome"].value) == ("fail", "fail")
    assert "the last event was content_block_delta" in found["stream"].findings[0].seen
    assert found["tokens"].passed


@pytest.mark.parametrize("broken", ["end_mid_stream", "reset_mid_body", "error_event"])
def test_a_cut_stream_that_is_reported_and_asked_again_passes(windtunnel: Windtunnel, reader: Any, broken: str):
    windtunnel.script(reply(TEXT, faults=[fault(broken)]), reply(TEXT))
    program = reader()

    program.ask()
    program.ask()

    found = program.verdicts()
    assert [claim.outcome for claim in program.claims] == ["error", "success"]
    assert {verdict.value for verdict in found.values()} <= {"pass", "unknown"}
    assert (found["stream"].value, found["outcome"].value) == ("pass", "pass")


def test_text_shown_twice_by_a_retry_is_found(windtunnel: Windtunnel, reader: Any):
    windtunnel.script(reply(TEXT, faults=[fault("end_mid_stream")]), reply(TEXT))
    program = reader()
    program.ask()
    program.ask()
    half, whole = program.claims
    doubled = Claim(outcome="success", text=(half.text or "") + (whole.text or ""), message_id=whole.message_id)

    verdict = stream.judge(windtunnel.journal.calls, Claims(calls=(doubled,)), finished=True)

    assert half.text
    assert [finding.title for finding in verdict.findings] == ["text doubled after a retry"]


def test_messages_and_exceptions_are_claims_as_they_are(windtunnel: Windtunnel, connect: Any, asked: dict[str, Any]):
    windtunnel.script(reply(TEXT), fail("invalid_request"))
    client = connect("sync-socket").client
    message = client.messages.create(**asked)
    with pytest.raises(anthropic.BadRequestError) as raised:
        client.messages.create(**asked)

    claims = claims_of(message, raised.value)

    for verdict in (
        stream.judge(windtunnel.journal.calls, claims, finished=True),
        tokens.judge(windtunnel.journal.calls, claims, finished=True),
        outcome.judge(windtunnel.journal.calls, claims, "honest", finished=True),
    ):
        verdict.check()
