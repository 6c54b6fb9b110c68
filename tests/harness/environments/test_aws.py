"""What a client behind Amazon is given, and what is taken from it."""

from __future__ import annotations

import configparser
import json
import stat
from pathlib import Path

import pytest

from windtunnel.environments import aws as environments_aws
from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity.aws import Aws

ADDRESS = "http://127.0.0.1:8787"


@pytest.fixture
def aws() -> Aws:
    return Aws(VirtualClock())


@pytest.mark.parametrize("provider", environments_aws.PROVIDERS)
@pytest.mark.parametrize("kind", environments_aws.CREDENTIALS)
def test_everything_a_client_reads_is_ours(aws: Aws, tmp_path: Path, kind: str, provider: str):
    env = environments_aws.variables(kind, provider, ADDRESS, aws=aws, folder=tmp_path, workspace_id="wrkspc_1")

    for name, value in env.items():
        if name.endswith(("_URL", "_URI", "_ENDPOINT")) or "ENDPOINT_URL" in name:
            assert value.startswith(ADDRESS), name
        if name.endswith(("_FILE", "_CONFIG", "HOME", "_DIRECTORY")):
            assert value.startswith(str(tmp_path)), name
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in tmp_path.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ("bedrock", {"ANTHROPIC_BEDROCK_BASE_URL": f"{ADDRESS}/bedrock"}),
        ("bedrock-mantle", {"ANTHROPIC_BEDROCK_MANTLE_BASE_URL": f"{ADDRESS}/bedrock-mantle/anthropic"}),
        ("aws", {"ANTHROPIC_AWS_BASE_URL": f"{ADDRESS}/aws", "ANTHROPIC_AWS_WORKSPACE_ID": "wrkspc_1"}),
    ],
)
def test_each_provider_has_its_own_address(aws: Aws, tmp_path: Path, provider: str, expected: dict[str, str]):
    env = environments_aws.variables(
        "environment", provider, ADDRESS, aws=aws, folder=tmp_path, workspace_id="wrkspc_1"
    )

    assert expected.items() <= env.items()
    assert environments_aws.url(provider, ADDRESS) in expected.values()


def test_a_home_folder_moves_only_where_nothing_else_will_do(aws: Aws, tmp_path: Path):
    # A home that moves takes a user's own packages and tools away from the client.
    moved = [
        kind
        for kind in environments_aws.CREDENTIALS
        if "HOME" in environments_aws.variables(kind, "bedrock", ADDRESS, aws=aws, folder=tmp_path)
    ]

    assert moved == ["sso"]


def test_a_role_is_assumed_by_a_profile_with_another_as_its_source(aws: Aws, tmp_path: Path):
    env = environments_aws.variables("assume_role", "bedrock", ADDRESS, aws=aws, folder=tmp_path)
    config, credentials = configparser.ConfigParser(), configparser.ConfigParser()
    config.read(env["AWS_CONFIG_FILE"])
    credentials.read(env["AWS_SHARED_CREDENTIALS_FILE"])

    profile = config[f"profile {env['AWS_PROFILE']}"]
    assert credentials[profile["source_profile"]]["aws_access_key_id"] == aws.keys.user.id


def test_a_process_is_renewed_by_writing_its_file_again(aws: Aws, tmp_path: Path):
    environments_aws.variables("process", "bedrock", ADDRESS, aws=aws, folder=tmp_path)
    key = aws.keys.session()

    path = environments_aws.write_process_credentials(tmp_path, key)

    said = json.loads(path.read_text(encoding="utf-8"))
    assert (said["AccessKeyId"], said["Expiration"]) == (key.id, "2026-11-02T10:00:00Z")


def test_whatever_begins_like_amazons_is_taken_away(aws: Aws, tmp_path: Path):
    env = environments_aws.variables("environment", "bedrock", ADDRESS, aws=aws, folder=tmp_path)
    own = {"AWS_PROFILE": "x", "AWS_REGION": "x", "ANTHROPIC_BEDROCK_MANTLE_BASE_URL": "x", "PATH": "x"}

    assert environments_aws.misleading(env, own) == ["AWS_PROFILE", "ANTHROPIC_BEDROCK_MANTLE_BASE_URL"]


@pytest.mark.parametrize(("kind", "provider"), [("key", "bedrock"), ("environment", "amazon")])
def test_what_is_not_known_is_said_to_be(aws: Aws, tmp_path: Path, kind: str, provider: str):
    with pytest.raises(ValueError, match="is not known; on offer: "):
        environments_aws.variables(kind, provider, ADDRESS, aws=aws, folder=tmp_path)


def test_what_libraries_keep_is_put_back(aws: Aws, tmp_path: Path):
    boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
    credentials = pytest.importorskip("botocore.credentials")
    before = credentials.SSOProvider._SSO_TOKEN_CACHE_DIR
    boto3.DEFAULT_SESSION = kept = object()
    env = environments_aws.variables("sso", "bedrock", ADDRESS, aws=aws, folder=tmp_path)

    try:
        with environments_aws.in_process(env):
            within = (boto3.DEFAULT_SESSION, credentials.SSOProvider._SSO_TOKEN_CACHE_DIR)
        after = (boto3.DEFAULT_SESSION, credentials.SSOProvider._SSO_TOKEN_CACHE_DIR)
    finally:
        boto3.DEFAULT_SESSION = None

    assert within == (None, str(tmp_path / ".aws" / "sso" / "cache"))
    assert after == (kept, before)
