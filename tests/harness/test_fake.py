"""The fake behind its address: what a client of each provider is given, and what is kept from it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from windtunnel.fake import DOORS, PROVIDERS, Fake, misleading, pointed_at
from windtunnel_server.clock import RealClock
from windtunnel_server.settings import CLOUDS, CREDENTIALS, Settings

ADDRESS = "http://127.0.0.1:9"
#: What somebody who works with all of the clouds has in the environment.
DECOYS = {
    "ANTHROPIC_AUTH_TOKEN": "decoy",
    "ANTHROPIC_BEDROCK_BASE_URL": "https://decoy.invalid",
    "AWS_ACCESS_KEY_ID": "AKIADECOY",
    "AWS_SECRET_ACCESS_KEY": "decoy",
    "AWS_SESSION_TOKEN": "decoy",
    "AWS_PROFILE": "decoy",
    "AWS_BEARER_TOKEN_BEDROCK": "decoy",
    "GOOGLE_APPLICATION_CREDENTIALS": "/decoy.json",
    "CLOUDSDK_CONFIG": "/decoy",
    "ANTHROPIC_VERTEX_PROJECT_ID": "decoy",
    "AZURE_CLIENT_SECRET": "decoy",
    "AZURE_TENANT_ID": "decoy",
    "ANTHROPIC_FOUNDRY_API_KEY": "decoy",
    "ANTHROPIC_FOUNDRY_RESOURCE": "decoy",
    "IDENTITY_ENDPOINT": "https://decoy.invalid",
    "HTTPS_PROXY": "http://decoy.invalid",
}


@pytest.fixture
def fake():
    made = Fake(RealClock())
    yield made
    made.close()


@pytest.mark.parametrize("provider", DOORS)
def test_what_a_client_is_given_leads_to_the_fake_and_nowhere_else(fake: Fake, provider: str):
    env = fake.env(ADDRESS, provider)

    told = [value for value in env.values() if value.startswith(("http://", "https://"))]
    assert told
    assert all(value.startswith(ADDRESS) for value in told)
    assert fake.url(ADDRESS, provider).startswith(ADDRESS + DOORS[provider])


@pytest.mark.parametrize("provider", DOORS)
def test_nothing_of_somebodys_own_is_left(fake: Fake, provider: str, monkeypatch: pytest.MonkeyPatch):
    for name, value in DECOYS.items():
        monkeypatch.setenv(name, value)
    env = fake.env(ADDRESS, provider)

    with pointed_at(env):
        left = {name: value for name, value in os.environ.items() if "decoy" in value.lower()}

    assert left == {}
    assert {name: os.environ[name] for name in DECOYS} == DECOYS


def test_variables_that_are_given_are_not_taken_away(fake: Fake):
    env = fake.env(ADDRESS, "bedrock")

    assert not set(misleading(env, {**DECOYS, **env})) & set(env)


@pytest.mark.parametrize(
    ("provider", "kind"),
    [
        (provider, kind)
        for provider, kinds in CREDENTIALS.items()
        for kind in kinds
        if kind not in ("entra_secret", "workload_identity")
    ],
)
def test_every_kind_of_credential_can_be_handed_out(provider: str, kind: str):
    fake = Fake(RealClock(), provider=provider, settings=Settings(credential=kind))
    try:
        assert fake.env(ADDRESS)
    finally:
        fake.close()


@pytest.mark.parametrize(("provider", "kind"), [("vertex", "metadata"), ("bedrock", "instance")])
def test_a_credential_that_knows_no_tls_is_refused_with_it(provider: str, kind: str):
    pytest.importorskip("trustme")
    fake = Fake(RealClock(), provider=provider, settings=Settings(credential=kind), tls=True)

    with pytest.raises(ValueError, match=f"'{kind}' asks over plain HTTP, and nothing else: leave out tls"):
        fake.env("https://127.0.0.1:9")


def test_files_live_until_the_fake_is_closed():
    fake = Fake(RealClock(), provider="vertex")
    file = Path(fake.env(ADDRESS)["GOOGLE_APPLICATION_CREDENTIALS"])
    assert file.is_file()

    fake.close()

    assert not file.exists()


def test_a_credential_of_another_cloud_is_an_error_that_says_which_there_are():
    fake = Fake(RealClock(), provider="bedrock", settings=Settings(credential="oauth"))

    with pytest.raises(ValueError, match="'oauth' is none of bedrock's; on offer: environment, session"):
        fake.env(ADDRESS)


def test_the_four_come_first_and_the_other_doors_belong_to_their_clouds():
    assert tuple(CREDENTIALS) == PROVIDERS
    assert set(DOORS) - set(PROVIDERS) == set(CLOUDS)
    assert set(CLOUDS.values()) <= set(PROVIDERS)
