"""Which source of credentials belongs to a choice, and what it is told."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, get_args

import pytest

from windtunnel.client import backends, sources
from windtunnel.client.credentials.oauth import OAuth
from windtunnel.client.credentials.store import Tokens
from windtunnel.client.failures import ConfigurationError
from windtunnel.client.selection import Kind, Name, choose
from windtunnel.client.sources import source_of


def nothing() -> Any:
    raise AssertionError("nothing is sent before a credential is asked for")


def first(environ: dict[str, str]) -> Any:
    return asyncio.run(source_of(choose(environ), environ, http=nothing).fresh(None))


def test_every_kind_of_credential_has_a_source() -> None:
    kinds = {kind for _, kind in sources._SOURCES}

    assert kinds == set(get_args(Kind))
    assert {name for name, _ in sources._SOURCES} == set(get_args(Name))


def test_a_token_of_a_login_brings_its_beta_and_any_other_token_does_not(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}

    assert first(home | {"ANTHROPIC_AUTH_TOKEN": "of-a-gateway"}).arguments == {"auth_token": "of-a-gateway"}
    assert "credentials" in first(home | {"CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-x"}).arguments


def test_a_profile_says_where_its_tokens_are_renewed_and_for_which_workspace(tmp_path: Path) -> None:
    config = {"authentication": {"type": "user_oauth"}, "base_url": "https://own.invalid", "workspace_id": "wrkspc_1"}
    tokens = {"access_token": "sk-ant-oat01-x"}
    for folder, said in (("configs", config), ("credentials", tokens)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "work.json").write_text(json.dumps(said), encoding="utf-8")
        (tmp_path / folder / "work.json").chmod(0o600)
    environ = {"ANTHROPIC_CONFIG_DIR": str(tmp_path), "ANTHROPIC_PROFILE": "work"}
    source = source_of(choose(environ), environ, http=nothing)

    assert isinstance(source, OAuth) and source._base_url == "https://own.invalid"
    assert first(environ).arguments["default_headers"] == {"anthropic-workspace-id": "wrkspc_1"}


def test_assertions_are_not_sent_in_the_clear() -> None:
    environ = {
        "ANTHROPIC_FEDERATION_RULE_ID": "fdrl_1",
        "ANTHROPIC_ORGANIZATION_ID": "o",
        "ANTHROPIC_IDENTITY_TOKEN": "t",
        "ANTHROPIC_BASE_URL": "http://elsewhere.invalid",
    }

    with pytest.raises(ConfigurationError, match="https"):
        source_of(choose(environ), environ, http=nothing)


@pytest.mark.parametrize(
    ("environ", "base_url", "console"),
    [
        ({}, sources.API_URL, "https://platform.claude.com"),
        ({}, "http://localhost:1", "http://localhost:1"),
        ({"ANTHROPIC_CONSOLE_URL": "https://console.invalid"}, sources.API_URL, "https://console.invalid"),
    ],
)
def test_the_page_of_a_login_is_where_its_api_is(environ: dict[str, str], base_url: str, console: str) -> None:
    assert sources._console_url(environ, base_url) == console


# --- who else is asked when something is refused -------------------------------------------------------------------------


def after_a_refusal(environ: dict[str, str], **able: Any) -> Any:
    async def play() -> Any:
        choice = choose(environ, can_ask="ask_key" in able, can_log_in="open_page" in able)
        source = source_of(choice, environ, http=lambda: None, **able)
        return await source.another(await source.fresh(None), "refused")

    return asyncio.run(play())


@pytest.mark.parametrize("variable", ["ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_API_KEY"])
def test_whatever_is_refused_a_person_is_asked_for_a_key(variable: str, tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(why: str) -> str:
        asked.append(why)
        return "typed"

    got = after_a_refusal({"HOME": str(tmp_path), variable: "sk-ant-oat01-x"}, ask_key=ask)

    assert got.arguments == {"api_key": "typed"}
    assert asked == ["refused"]


@pytest.mark.parametrize("variable", ["ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_API_KEY"])
def test_whatever_is_refused_a_person_can_log_in(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []

    async def log_in(application: Any, open_page: Any, http: Any) -> Tokens:
        opened.append(application.client_id)
        return Tokens("of a login")

    monkeypatch.setattr(sources.logins, "log_in", log_in)
    environ = {"HOME": str(tmp_path), variable: "sk-ant-oat01-x", "ANTHROPIC_OAUTH_CLIENT_ID": "app"}

    got = after_a_refusal(environ, open_page=print)
    monkeypatch.undo()

    assert (got.secret, opened) == ("of a login", ["app"])
    stored = Path(tmp_path, ".config", "anthropic", "credentials", "windtunnel.json")
    assert json.loads(stored.read_text(encoding="utf-8"))["access_token"] == "of a login"


# --- what is wrong on disk -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("../x", ""),
        ("work", "{garbage"),
        ("work", "[]"),
        ("work", '{"authentication": "x"}'),
        ("work", '{"authentication": {"type": 5}}'),
        ("work", '{"base_url": 5}'),
        ("work", '{"base_url": "localhost:80"}'),
        ("work", '{"authentication": {"credentials_path": 7}}'),
    ],
)
def test_a_profile_that_is_none_is_a_mistake_in_the_configuration(name: str, config: str, tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "work.json").write_text(config, encoding="utf-8")
    environ = {"ANTHROPIC_CONFIG_DIR": str(tmp_path), "ANTHROPIC_PROFILE": name}

    with pytest.raises(ConfigurationError, match="x' is no name" if name == "../x" else "work"):
        backends.make(choose(environ), environ)
