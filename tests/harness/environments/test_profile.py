"""The files of a login, against what the official SDK makes of them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from windtunnel.environments import profile
from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity.oauth import Login, OAuth

URL = "http://127.0.0.1:9"


@pytest.fixture
def login() -> Login:
    return OAuth(VirtualClock()).login()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_reads_the_tokens_and_nobody_else_writes_the_rest(tmp_path: Path, login: Login):
    profile.write(tmp_path / "new", URL, login)

    assert mode(tmp_path / "new" / "credentials" / "windtunnel.json") == 0o600
    assert mode(tmp_path / "new" / "configs" / "windtunnel.json") == 0o644
    assert (tmp_path / "new" / "active_config").read_text() == "windtunnel\n"


def test_a_file_that_is_there_is_replaced_not_written_to(tmp_path: Path, login: Login):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("{}")
    path = tmp_path / "credentials" / "windtunnel.json"
    path.parent.mkdir()
    path.symlink_to(elsewhere)

    profile.write(tmp_path, URL, login)

    assert elsewhere.read_text() == "{}"
    assert mode(path) == 0o600 and not path.is_symlink()
    assert profile.read_tokens(tmp_path)["access_token"] == login.access_token


def test_the_sdk_reads_what_was_written(tmp_path: Path, login: Login, monkeypatch: pytest.MonkeyPatch):
    credentials = pytest.importorskip("anthropic.lib.credentials", reason="this generation of the SDK has no logins")
    profile.write(tmp_path, URL, login)
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(tmp_path))
    monkeypatch.delenv("ANTHROPIC_PROFILE", raising=False)

    file = credentials.CredentialsFile()

    assert (file.profile, file.resolved_base_url) == ("windtunnel", URL)
    assert file.extra_headers() == {"anthropic-workspace-id": login.workspace_id}
