"""How the service is set up."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.script import ScriptError
from windtunnel_server.settings import RateLimits, Settings


def test_as_it_is_nothing_is_limited_and_prompts_are_cached() -> None:
    settings = Settings()

    assert (settings.context_window, settings.rate_limit, settings.prompt_cache) == (None, None, True)


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "5"])
@pytest.mark.parametrize("name", RateLimits.__slots__)
def test_a_limit_is_a_whole_number_from_1_up(name: str, value: Any) -> None:
    with pytest.raises(ScriptError, match=f"rate_limit.{name}"):
        RateLimits(**{name: value})


@pytest.mark.parametrize("value", [0, True, 1.5])
def test_a_window_is_too(value: Any) -> None:
    with pytest.raises(ScriptError, match="context_window"):
        Settings(context_window=value)


def test_a_token_lives_for_some_time() -> None:
    with pytest.raises(ScriptError, match="token_lifetime"):
        Settings(token_lifetime=0)


def test_an_unknown_credential_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(ScriptError, match=r"credential: unknown 'outh'; did you mean oauth\?"):
        Settings(credential="outh")


def test_a_credential_is_the_usual_one_of_each_provider_unless_another_is_asked_for() -> None:
    usual, expiring, own = Settings(), Settings(credential="expiring"), Settings(credential="sso")

    assert [usual.credential_on(name) for name in ("anthropic", "bedrock-mantle")] == ["api_key", "environment"]
    assert [expiring.credential_on(name) for name in ("anthropic", "google-cloud")] == ["oauth", "service_account"]
    assert [own.credential_on(name) for name in ("bedrock", "vertex")] == ["sso", None]


def test_a_credential_can_be_changed_to_one_that_the_provider_has() -> None:
    assert Settings().with_credential("sso", "bedrock").credential == "sso"
    with pytest.raises(ScriptError, match="credential on vertex: unknown 'sso'"):
        Settings().with_credential("sso", "vertex")
