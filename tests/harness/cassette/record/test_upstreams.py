"""Where doors lead, and what clients are told."""

from __future__ import annotations

import pytest

from windtunnel.cassette.record.doors import DOORS
from windtunnel.cassette.record.upstreams import LOOPBACK, UpstreamError, point, upstreams

SIGNED = "AWS4-HMAC-SHA256 Credential=AKIA/20261122/eu-west-3/bedrock/aws4_request, SignedHeaders=host, Signature=0"


@pytest.mark.parametrize(
    ("provider", "path", "authorization", "environ", "expected"),
    [
        ("anthropic", "/v1/messages", None, {}, "https://api.anthropic.com"),
        ("anthropic", "/v1/messages", None, {"ANTHROPIC_BASE_URL": "http://gw:8/x/"}, "http://gw:8"),
        ("bedrock", "/model/m/invoke", SIGNED, {}, "https://bedrock-runtime.eu-west-3.amazonaws.com"),
        ("bedrock", "/foundation-models", SIGNED, {}, "https://bedrock.eu-west-3.amazonaws.com"),
        (
            "bedrock",
            "/model/m/x",
            "Bearer k",
            {"AWS_REGION": "us-west-2"},
            "https://bedrock-runtime.us-west-2.amazonaws.com",
        ),
        ("bedrock", "/model/m/x", SIGNED, {"AWS_ENDPOINT_URL": "http://localhost:4566"}, "http://localhost:4566"),
        ("bedrock-mantle", "/anthropic/v1/messages", SIGNED, {}, "https://bedrock-mantle.eu-west-3.api.aws"),
        ("aws", "/v1/messages", SIGNED, {}, "https://aws-external-anthropic.eu-west-3.api.aws"),
        ("vertex", "/v1/projects/p/locations/global/x", None, {}, "https://aiplatform.googleapis.com"),
        ("vertex", "/v1/projects/p/locations/eu/x", None, {}, "https://aiplatform.eu.rep.googleapis.com"),
        (
            "vertex",
            "/v1/projects/p/locations/europe-west1/x",
            None,
            {},
            "https://europe-west1-aiplatform.googleapis.com",
        ),
        ("foundry", "/x", None, {"ANTHROPIC_FOUNDRY_RESOURCE": "res"}, "https://res.services.ai.azure.com"),
    ],
)
def test_a_request_goes_where_its_client_would_have_sent_it(provider, path, authorization, environ, expected):
    found = upstreams(environ, provider=provider)[provider]

    assert found.origin_for(path, authorization) == expected


def test_a_client_keeps_the_path_of_its_base_address():
    environ = {"ANTHROPIC_BASE_URL": "https://gw/some/where", "ANTHROPIC_FOUNDRY_RESOURCE": "r", "NO_PROXY": "intern"}

    pointing = point("http://127.0.0.1:1", upstreams(environ), environ)

    assert pointing.env["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:1/some/where"
    assert pointing.env["ANTHROPIC_VERTEX_BASE_URL"] == "http://127.0.0.1:1/vertex/v1"
    assert pointing.env["ANTHROPIC_FOUNDRY_BASE_URL"] == "http://127.0.0.1:1/foundry/anthropic"
    assert pointing.env["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"] == "http://127.0.0.1:1/bedrock"
    assert pointing.env["NO_PROXY"] == f"intern,{LOOPBACK}"
    assert "ANTHROPIC_FOUNDRY_RESOURCE" not in pointing.applied(environ)
    assert "ANTHROPIC_API_KEY" not in pointing.env


def test_google_claude_is_found_by_project_and_workspace():
    environ = {"GOOGLE_CLOUD_PROJECT": "p", "ANTHROPIC_GOOGLE_CLOUD_WORKSPACE_ID": "w"}

    pointing = point("http://r", upstreams(environ), environ)

    expected = "http://r/google-cloud/v1/projects/p/locations/global/workspaces/w/invoke"
    assert pointing.env["ANTHROPIC_GOOGLE_CLOUD_BASE_URL"] == expected


def test_doors_that_nobody_can_find_stay_shut_unless_they_are_asked_for():
    assert "foundry" not in upstreams({})
    with pytest.raises(UpstreamError, match="set ANTHROPIC_FOUNDRY_RESOURCE, or give --upstream"):
        upstreams({}, provider="foundry")


def test_a_named_upstream_is_that_of_the_named_provider():
    found = upstreams({}, provider="bedrock", url="http://127.0.0.1:9/bedrock")

    assert list(found) == ["bedrock"]
    assert found["bedrock"].origin_for("/model/m/invoke", SIGNED) == "http://127.0.0.1:9"
    assert point("http://r", found, {}).urls == {"bedrock": "http://r/bedrock/bedrock"}


def test_a_region_that_nobody_names_is_asked_for():
    found = upstreams({}, provider="bedrock")["bedrock"]

    with pytest.raises(UpstreamError, match="which region"):
        found.origin_for("/model/m/invoke", "Bearer k")


@pytest.mark.parametrize("url", ["example.org", "ftp://x/y", "https://"])
def test_an_upstream_that_is_no_address_is_refused(url):
    with pytest.raises(UpstreamError, match="give an address"):
        upstreams({}, provider="anthropic", url=url)


def test_the_doors_are_the_fakes():
    from windtunnel import fake

    assert {name: door.prefix for name, door in DOORS.items()} == fake.DOORS
