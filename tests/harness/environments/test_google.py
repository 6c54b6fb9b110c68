"""What clients of Google's clouds are given, against what google-auth and the official SDK really read."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anthropic
import pytest

from windtunnel.environments.google import CREDENTIALS, in_process, misleading, variables
from windtunnel_server import settings
from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity.google import Google

ADDRESS = "http://127.0.0.1:9"
BY_FILE = ["service_account", "external_account", "impersonation", "authorized_user"]

#: What a person of the trade has: none of it may be read.
DECOYS = {
    "ANTHROPIC_GOOGLE_CLOUD_BASE_URL": "https://decoy.invalid",
    "ANTHROPIC_GOOGLE_CLOUD_WORKSPACE_ID": "wrkspc_decoy",
    "ANTHROPIC_VERTEX_BASE_URL": "https://decoy.invalid",
    "ANTHROPIC_VERTEX_PROJECT_ID": "decoy",
    "APPENGINE_RUNTIME": "python27",
    "CLAUDE_CODE_SKIP_VERTEX_AUTH": "1",
    "CLOUDSDK_AUTH_ACCESS_TOKEN": "decoy",
    "CLOUDSDK_CONFIG": "/decoy",
    "CLOUDSDK_CORE_PROJECT": "decoy",
    "CLOUD_ML_REGION": "decoy",
    "GCE_METADATA_HOST": "decoy.invalid",
    "GCE_METADATA_IP": "192.0.2.1",
    "GCE_METADATA_ROOT": "decoy.invalid",
    "GCLOUD_PROJECT": "decoy",
    "GOOGLE_API_CERTIFICATE_CONFIG": "/decoy",
    "GOOGLE_APPLICATION_CREDENTIALS": "/decoy.json",
    "GOOGLE_CLOUD_PROJECT": "decoy",
    "GOOGLE_CLOUD_QUOTA_PROJECT": "decoy",
    "NO_GCE_CHECK": "true",
    "VERTEX_REGION_CLAUDE_HAIKU_4_5": "decoy",
}


@pytest.fixture
def google() -> Google:
    return Google(VirtualClock())


@pytest.fixture
def fenced(google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, str]]:
    """Plant decoys in HOME and in the environment, put the fence up, and say what was given."""
    home, folder = tmp_path / "home", tmp_path / "given"
    well_known = home / ".config" / "gcloud" / "application_default_credentials.json"
    well_known.parent.mkdir(parents=True)
    well_known.write_text(json.dumps(Google(VirtualClock(), seed=99).service_account("https://decoy.invalid/token")))
    monkeypatch.setenv("HOME", str(home))
    for name, value in DECOYS.items():
        monkeypatch.setenv(name, value)

    def put(kind: Any, **options: Any) -> dict[str, str]:
        env = variables(kind, ADDRESS, google=google, folder=folder, **options)
        for name in misleading(env, os.environ):
            monkeypatch.delenv(name)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        return env

    return put


def test_the_kinds_are_those_that_settings_know():
    assert set(CREDENTIALS) == set(settings.CREDENTIALS["vertex"])


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_no_decoy_is_left_in_the_environment(fenced: Callable[..., dict[str, str]], kind: str):
    env = fenced(kind)

    left = {name: os.environ[name] for name in DECOYS if name in os.environ and name not in env}
    assert left == {}
    assert not [
        value for value in env.values() if value.startswith(("decoy", "/decoy", "https://decoy", "wrkspc_decoy"))
    ]


@pytest.mark.parametrize("kind", BY_FILE)
def test_google_auth_finds_the_file_and_the_project(fenced: Callable[..., dict[str, str]], google: Google, kind: str):
    auth = pytest.importorskip("google.auth")
    env = fenced(kind)

    with in_process(env):
        credentials, project = auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])

    assert project == google.project_id
    assert ADDRESS in str(vars(credentials))


def test_a_login_in_the_home_of_a_person_is_not_found(fenced: Callable[..., dict[str, str]]):
    auth = pytest.importorskip("google.auth")
    env = fenced("access_token")

    with in_process(env), pytest.raises(auth.exceptions.DefaultCredentialsError):
        auth.default()


def test_without_the_fence_it_would_have_been_found(monkeypatch: pytest.MonkeyPatch, fenced: Any):
    auth = pytest.importorskip("google.auth")
    for name in DECOYS:
        monkeypatch.delenv(name)

    credentials, _ = auth.default()

    assert "decoy.invalid" in str(vars(credentials))


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_files_are_for_their_owner_alone(google: Google, tmp_path: Path, kind: Any):
    variables(kind, ADDRESS, google=google, folder=tmp_path)

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600] * len(files)


def test_the_sdk_goes_where_the_variables_say(fenced: Callable[..., dict[str, str]], google: Google):
    fenced("access_token")

    client = anthropic.AnthropicVertex()

    assert str(client.base_url).rstrip("/") == f"{ADDRESS}/vertex/v1"
    assert (client.region, client.project_id) == ("global", google.project_id)


def test_the_sdk_of_claude_on_google_cloud_goes_there_too(fenced: Callable[..., dict[str, str]], google: Google):
    fenced("access_token", provider="google-cloud")

    client = anthropic.AnthropicGoogleCloud()

    place = f"projects/{google.project_id}/locations/global/workspaces/{google.workspace_id}"
    assert str(client.base_url).rstrip("/") == f"{ADDRESS}/google-cloud/v1/{place}/invoke"


def test_what_google_auth_read_on_import_is_put_right_and_put_back(fenced: Callable[..., dict[str, str]]):
    metadata: Any = pytest.importorskip("google.auth.compute_engine._metadata")
    before = metadata._GCE_METADATA_HOST
    env = fenced("metadata")

    with in_process(env):
        assert metadata._GCE_METADATA_HOST == "127.0.0.1:9"
        assert metadata._NO_GCE_CHECK is False

    assert before == metadata._GCE_METADATA_HOST


def test_a_kind_that_is_not_there_names_those_that_are(google: Google, tmp_path: Path):
    with pytest.raises(ValueError, match="'password' is not known for vertex; on offer: service_account"):
        variables("password", ADDRESS, google=google, folder=tmp_path)  # type: ignore[arg-type]


def test_a_provider_of_another_cloud_is_turned_away(google: Google, tmp_path: Path):
    with pytest.raises(ValueError, match="none of Google's"):
        variables("metadata", ADDRESS, google=google, folder=tmp_path, provider="bedrock")  # type: ignore[arg-type]
