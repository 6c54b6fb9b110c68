"""How the service is set up."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.script import ScriptError
from windtunnel_server.settings import Acceleration, Overload, RateLimits, Settings


def test_as_it_is_nothing_is_limited_and_prompts_are_cached() -> None:
    settings = Settings()

    assert (settings.context_window, settings.rate_limit, settings.prompt_cache) == (None, None, True)


MAY_BE_NOTHING = ("fast_input_tokens_per_minute", "fast_output_tokens_per_minute")


@pytest.mark.parametrize("value", [-1, True, 1.5, "5"])
@pytest.mark.parametrize("name", RateLimits.__slots__)
def test_a_limit_is_a_whole_number(name: str, value: Any) -> None:
    with pytest.raises(ScriptError, match=f"rate_limit.{name}"):
        RateLimits(**{name: value})


@pytest.mark.parametrize("name", RateLimits.__slots__)
def test_only_fast_mode_may_be_limited_to_nothing(name: str) -> None:
    if name in MAY_BE_NOTHING:
        RateLimits(**{name: 0})
    else:
        with pytest.raises(ScriptError, match=f"rate_limit.{name}"):
            RateLimits(**{name: 0})


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


@pytest.mark.parametrize("value", [0, True, 1.5])
@pytest.mark.parametrize("name", Acceleration.__slots__)
def test_acceleration_is_in_whole_tokens(name: str, value: Any) -> None:
    with pytest.raises(ScriptError, match=f"acceleration.{name}"):
        Acceleration(**{"input_tokens_per_minute": 5} | {name: value})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "overload says no load"),
        ({"share": 0.5}, "overload says no load"),
        ({"concurrent": 0}, "overload.concurrent"),
        ({"requests_per_second": 1.5}, "overload.requests_per_second"),
        ({"concurrent": 1, "share": 0}, "overload.share is 0, and must be above 0"),
        ({"concurrent": 1, "share": 1.1}, "overload.share"),
    ],
)
def test_an_overload_says_from_when_on_and_how_much(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ScriptError, match=said):
        Overload(**given)


@pytest.mark.parametrize("value", [0, -1, True])
def test_a_spend_limit_is_some_money(value: Any) -> None:
    with pytest.raises(ScriptError, match="spend_limit_usd"):
        Settings(spend_limit_usd=value)


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01", "2026-1-1", 20261122])
def test_a_day_is_a_day(value: Any) -> None:
    with pytest.raises(ScriptError, match="models_as_of is .*2026-11-22"):
        Settings(models_as_of=value)
