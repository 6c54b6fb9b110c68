"""Where the service may be: hosts of all providers, what the environment says, and proxies on the way to it."""

from __future__ import annotations

import pytest

from windtunnel.cassette_tests.service import Service

GATEWAY = Service.of({"ANTHROPIC_BASE_URL": "http://localhost:4000/v1"})


@pytest.mark.parametrize(
    "host",
    [
        "api.anthropic.com",
        "API.Anthropic.com.",
        "bedrock-runtime.eu-west-1.amazonaws.com",
        "aiplatform.googleapis.com",
        "claude.services.ai.azure.com",
    ],
)
def test_the_hosts_of_all_providers_are_known(host: str):
    service = Service.of({})

    assert service.is_at(host, 443)
    assert service.is_at(host, None)


@pytest.mark.parametrize("host", ["example.com", "anthropic.com.example.com", "s3.eu-west-1.amazonaws.com", "::1", ""])
def test_others_are_not_it(host: str):
    assert not Service.of({}).is_at(host, 443)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "LOCALHOST", "::ffff:127.0.0.1"])
def test_a_gateway_of_this_machine_is_at_its_port_by_every_name(host: str):
    assert GATEWAY.is_at(host, 4000)
    assert not GATEWAY.is_at(host, 5432)
    assert not GATEWAY.is_at(host, None)


def test_a_gateway_elsewhere_is_known_by_name_and_port():
    service = Service.of({"ANTHROPIC_VERTEX_BASE_URL": "https://Gateway.example.com"})

    assert service.is_at("gateway.example.com", 443)
    assert service.is_at("gateway.example.com", None)
    assert not service.is_at("gateway.example.com", 5432)


@pytest.mark.parametrize(
    "base", ["", "http://", "http://localhost:port", "http://[::1", "https://{region}.example.com"]
)
def test_a_base_that_leads_nowhere_is_left_out(base: str):
    service = Service.of({"ANTHROPIC_BASE_URL": base})

    assert not service.is_at("127.0.0.1", 80)


def test_an_endpoint_of_all_of_aws_is_the_service_only_where_that_is_recorded():
    environ = {"AWS_ENDPOINT_URL": "http://localhost:4566"}

    assert Service.of(environ, provider="bedrock").is_at("127.0.0.1", 4566)
    assert not Service.of(environ).is_at("127.0.0.1", 4566)
    assert not Service.of(environ, provider="nobody").is_at("127.0.0.1", 4566)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "all_proxy"])
def test_a_proxy_is_on_the_way(name: str):
    service = Service.of({name: "localhost:3128"})

    assert service.is_behind("127.0.0.1", 3128)
    assert not service.is_at("127.0.0.1", 3128)


def test_two_environments_may_be_put_together():
    service = GATEWAY | Service.of({"ANTHROPIC_BASE_URL": "http://localhost:5000"})

    assert service.is_at("127.0.0.1", 4000)
    assert service.is_at("127.0.0.1", 5000)
