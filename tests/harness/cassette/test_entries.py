"""Interactions are read and priced as calls of the journal."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pytest

from windtunnel.cassette.entries import asked, bookings, entry, model_of
from windtunnel.cassette.interaction import Interaction


def test_a_stream_is_an_entry_with_its_events_and_usage(streamed: Interaction) -> None:
    found = entry(streamed, 4)

    assert (found.number, found.provider, found.status, found.ended) == (4, "anthropic", 200, "complete")
    assert found.events_sent[0] == "message_start"
    assert found.usage is not None and found.usage["output_tokens"] == 5


def test_a_packed_body_is_unpacked_and_its_headers_no_longer_claim_otherwise(answered: Interaction) -> None:
    headers = (*answered.response.headers, ("Content-Encoding", "gzip"))
    packed = replace(answered, response=replace(answered.response, headers=headers, body=gzip.compress(b"{}")))

    assert entry(packed).sent == [b"{}"]
    assert entry(packed).response_header("content-encoding") is None


def test_a_stream_counts_although_its_recorder_blotted_its_type_out(streamed: Interaction, framed: Interaction) -> None:
    for one, events in ((streamed, 7), (framed, 2)):
        blotted = replace(one, response=replace(one.response, headers=(("Content-Type", "**REDACTED**"),)))
        untold = replace(one, response=replace(one.response, headers=()))

        found = [len(entry(each).events_sent) for each in (one, blotted, untold)]

        assert found == [events] * 3
        assert entry(untold).usage == entry(one).usage


def test_a_body_that_is_no_stream_is_none_without_its_type_either(answered: Interaction) -> None:
    untold = replace(answered, response=replace(answered.response, headers=()))

    assert entry(untold).events_sent == []
    assert entry(untold).usage == entry(answered).usage


def test_the_model_is_read_off_the_address_where_the_body_names_none(framed: Interaction) -> None:
    assert (asked(framed) or {})["model"] == "anthropic.claude-sonnet-5"


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/model/anthropic.claude-sonnet-5/converse-stream", "anthropic.claude-sonnet-5"),
        ("/model/us.anthropic.claude-sonnet-4-5-v1%3A0/invoke", "us.anthropic.claude-sonnet-4-5-v1:0"),
        ("/model/us.anthropic.claude-sonnet-4-5-v1:0/invoke", "us.anthropic.claude-sonnet-4-5-v1:0"),
        (
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.anthropic.claude-v1%3A0/invoke",
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-v1:0",
        ),
        (
            "/model/arn:aws:bedrock:us-east-1:1:inference-profile%2Fx/converse",
            "arn:aws:bedrock:us-east-1:1:inference-profile/x",
        ),
        ("/v1/projects/p/publishers/anthropic/models/claude-x@2025:streamRawPredict", "claude-x@2025"),
        ("/v1/models/claude-x?beta=true", "claude-x"),
        ("/v1/messages", None),
    ],
)
def test_an_address_names_its_model_whole(path: str, model: str | None) -> None:
    assert model_of(f"https://example.invalid{path}") == model


def test_what_is_no_address_names_no_model() -> None:
    assert model_of("http://[half") is None


@pytest.mark.parametrize("path", ["/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke", "/v1/messages"])
def test_the_clouds_names_of_a_model_have_its_price(path: str, answered: Interaction) -> None:
    body = b'{"messages":[]}' if "model" in path else answered.request.body
    request = replace(answered.request, uri=f"https://api.anthropic.com{path}", body=body)

    (booked,) = bookings([replace(answered, request=request)])

    assert booked.cost_micro_usd == 20 * 3 + 9 * 15 + 300 * 3 / 10


def test_failed_calls_are_not_booked(answered: Interaction) -> None:
    assert bookings([replace(answered, response=replace(answered.response, status=429))]) == []
