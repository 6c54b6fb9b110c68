"""Foundry's response headers."""

from __future__ import annotations

from windtunnel_server.wire import headers_azure
from windtunnel_server.wire.headers_azure import AzureStamp

STAMP = AzureStamp(
    at=1_700_000_000, request_id="req_1", apim_request_id="apim-1", region="eastus2", region_shown="East US 2"
)


def test_a_stream_and_a_whole_answer_differ_in_their_type_alone():
    whole, streamed = dict(headers_azure.message_json(STAMP)), dict(headers_azure.message_stream(STAMP))

    assert {name for name in whole if whole[name] != streamed[name]} == {"Content-Type"}
    assert (whole["request-id"], whole["apim-request-id"], whole["x-ms-region"]) == ("req_1", "apim-1", "East US 2")
    assert not [name for name in whole if name.lower().startswith("anthropic-")]


def test_the_gateway_says_little():
    shown = dict(headers_azure.gateway(STAMP, content_length=7))

    assert list(shown) == ["Content-Length", "Content-Type", "apim-request-id", "Date"]
    assert shown["Date"] == "Tue, 14 Nov 2023 22:13:20 GMT"
