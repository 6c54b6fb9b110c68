"""Logins on disk: who may read them, how they are replaced, who waits for whom."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.client.credentials import store
from windtunnel.client.credentials.source import NoCredential
from windtunnel.client.credentials.store import Profile, Tokens, write_secret

LOGIN = Tokens("an-access-token", "a-refresh-token", 2_000_000_000.0)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile(tmp_path, "work")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_is_read_and_only_its_owner_can(profile: Profile) -> None:
    profile.write(LOGIN)

    read = profile.tokens()
    assert read is not None
    assert (read.access_token, read.refresh_token, read.expires_at) == (
        LOGIN.access_token,
        LOGIN.refresh_token,
        LOGIN.expires_at,
    )
    assert mode(profile.path) == 0o600
    assert mode(profile.path.parent) == 0o700


def test_fields_that_are_not_ours_stay(profile: Profile) -> None:
    profile.write(Tokens("old", more={"account_email": "person@example.invalid"}))
    read = profile.tokens()
    assert read is not None

    profile.write(Tokens("new", "refresh", 1.0, read.more))

    said = json.loads(profile.path.read_text(encoding="utf-8"))
    assert (said["account_email"], said["access_token"], said["type"]) == (
        "person@example.invalid",
        "new",
        "oauth_token",
    )


def test_a_file_that_others_may_read_is_refused(profile: Profile) -> None:
    profile.write(LOGIN)
    profile.path.chmod(0o644)

    with pytest.raises(NoCredential, match="may be read by others"):
        profile.tokens()


@pytest.mark.parametrize("text", ["{", "[]", '"a-secret"'])
def test_a_file_that_makes_no_sense_is_refused_without_being_shown(profile: Profile, text: str) -> None:
    write_secret(profile.path, text)

    with pytest.raises(NoCredential) as raised:
        profile.tokens()
    assert "a-secret" not in str(raised.value)


def test_no_file_and_a_file_without_a_token_are_no_login(profile: Profile) -> None:
    assert profile.tokens() is None
    write_secret(profile.path, "{}")
    assert profile.tokens() is None


def test_a_write_that_fails_leaves_what_was_there(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    profile.write(LOGIN)
    monkeypatch.setattr(store.os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))

    with pytest.raises(OSError, match="disk full"):
        profile.write(Tokens("new"))

    read = profile.tokens()
    assert read is not None and read.access_token == LOGIN.access_token
    assert [path.name for path in profile.path.parent.iterdir()] == ["work.json"]


def test_a_configuration_that_is_there_is_the_users_own(profile: Profile) -> None:
    profile.write_config({"authentication": {"client_id": "first"}})
    profile.write_config({"authentication": {"client_id": "second"}})

    assert profile.config()["authentication"]["client_id"] == "first"


def test_a_configuration_may_say_where_the_tokens_are(profile: Profile, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.json"
    profile.write_config({"authentication": {"credentials_path": str(elsewhere)}})

    profile.write(LOGIN)

    assert elsewhere.exists()


@given(st.one_of(st.text().map("../{}".format), st.text().map("{}\0".format), st.text().map(" {}".format), st.just("")))
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(NoCredential, match="no name for a profile"):
        Profile(Path("/nowhere"), name)


def test_one_at_a_time_renews_a_login(profile: Profile) -> None:
    inside: list[int] = []
    most: list[int] = []

    async def renew(number: int) -> None:
        async with Profile(profile.folder, profile.name).locked():
            inside.append(number)
            most.append(len(inside))
            await asyncio.sleep(0)
            inside.remove(number)

    async def all_at_once() -> None:
        await asyncio.gather(*(renew(number) for number in range(4)))

    asyncio.run(all_at_once())

    assert most == [1, 1, 1, 1]


def test_tokens_show_nothing_of_themselves() -> None:
    assert "an-access" not in repr(LOGIN) and "a-refresh" not in repr(LOGIN)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("{garbage", "cannot be read"),
        ("[]", "holds no JSON object"),
        ('{"authentication": "x"}', "authentication is 'x'"),
        ('{"authentication": {"client_id": 5}}', "authentication.client_id is 5"),
        ('{"workspace_id": []}', "workspace_id is"),
    ],
)
def test_a_config_that_is_none_is_refused_with_its_place(profile: Profile, config: str, said: str) -> None:
    profile.config_path.parent.mkdir()
    profile.config_path.write_text(config, encoding="utf-8")

    with pytest.raises(NoCredential) as raised:
        profile.authentication()

    assert said in str(raised.value) and str(profile.config_path) in str(raised.value)


def test_where_no_lock_can_be_made_the_login_is_used_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("a file where a folder has to be", encoding="utf-8")

    async def play() -> str:
        async with Profile(tmp_path, "work").locked():
            return "used"

    assert asyncio.run(play()) == "used"


def test_tokens_in_a_place_that_cannot_be_looked_at_are_refused(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("a file where a folder has to be", encoding="utf-8")

    with pytest.raises(NoCredential, match="cannot be read"):
        Profile(tmp_path, "work").tokens()
