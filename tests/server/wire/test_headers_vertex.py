"""Headers of Vertex: those of whole answers and streams are held against recordings in the conformance tests."""

from __future__ import annotations

import pytest

from windtunnel_server.wire import headers_vertex
from windtunnel_server.wire.headers import Headers, Stamp

STAMP = Stamp(at=0.0, request_id="req_vrtx_1", organization_id="org", cf_ray="")

EVERY: dict[str, Headers] = {
    "whole": headers_vertex.message_json(STAMP, input_tokens=3, output_tokens=4),
    "stream": headers_vertex.message_stream(STAMP, received_request_id="id"),
    "count": headers_vertex.count(STAMP),
    "model": headers_vertex.model_error(STAMP),
    "platform": headers_vertex.platform_error(STAMP),
    "page": headers_vertex.page(STAMP, content_length=5),
}


@pytest.mark.parametrize("name", EVERY)
def test_nothing_of_the_direct_api_is_told(name: str):
    names = {header for header, _ in EVERY[name]}

    assert not [header for header in names if header.startswith(("anthropic-", "cf-", "x-should-retry"))]


@pytest.mark.parametrize(("name", "told"), [("whole", True), ("model", True), ("platform", False), ("page", False)])
def test_what_the_platform_answers_itself_has_no_id_of_the_models_side(name: str, told: bool):
    assert ("request-id", "req_vrtx_1") in EVERY[name] or not told
    assert ("request-id" in dict(EVERY[name])) is told


def test_the_tokens_of_an_answer_are_told():
    assert ("internal-input-tokens", "3") in EVERY["whole"]
    assert ("internal-output-tokens", "4") in EVERY["whole"]


def test_a_challenge_is_told_where_there_is_one():
    assert "www-authenticate" not in dict(EVERY["platform"])
    assert dict(headers_vertex.platform_error(STAMP, challenge="Bearer"))["www-authenticate"] == "Bearer"
