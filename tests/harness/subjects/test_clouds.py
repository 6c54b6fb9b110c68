"""The SDK's client for each provider: what it needs, and what a model is called there."""

from __future__ import annotations

import pytest

anthropic = pytest.importorskip("anthropic")

from windtunnel.subjects import clouds  # noqa: E402
from windtunnel.subjects.ask import Ask  # noqa: E402
from windtunnel.subjects.subject import MissingPackageError, Place  # noqa: E402


def place(provider: str, **env: str) -> Place:
    return Place(provider=provider, url="http://127.0.0.1:9", env=env, now=lambda: 0.0)


@pytest.mark.parametrize(
    ("provider", "package"),
    [
        ("bedrock", "anthropic[bedrock]"),
        ("aws", "anthropic[aws]"),
        ("vertex", "anthropic[vertex]"),
        ("foundry", "azure-identity"),
    ],
)
def test_a_package_that_is_missing_is_named_with_the_remedy(
    provider: str, package: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(clouds, "_is_there", lambda module: False)

    with pytest.raises(MissingPackageError) as raised:
        clouds.check(place(provider))

    assert str(raised.value) == f"the SDK's client for {provider} needs a package: pip install {package!r}"


def test_a_key_needs_no_package(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clouds, "_is_there", lambda module: False)

    clouds.check(place("anthropic"))
    clouds.check(place("foundry", ANTHROPIC_FOUNDRY_API_KEY="key"))


def test_the_async_classes_of_entra_need_one_more(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clouds, "_is_there", lambda module: module != "aiohttp")

    with pytest.raises(MissingPackageError, match="pip install 'aiohttp'"):
        clouds.client(place("foundry"), asynchronous=True)


def test_what_is_not_there_is_not_found_even_where_its_parent_is_missing_too():
    assert clouds._is_there("json")
    assert not clouds._is_there("windtunnel_nowhere.at.all")


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("anthropic", "claude-sonnet-4-6"),
        ("bedrock", "global.anthropic.claude-sonnet-4-6"),
        ("bedrock-mantle", "anthropic.claude-sonnet-4-6"),
        ("vertex", "claude-sonnet-4-6"),
        ("foundry", "claude-sonnet-4-6"),
    ],
)
def test_a_model_is_asked_for_by_the_name_it_has_there(provider: str, model: str):
    assert clouds.asked_at(place(provider), Ask(model="claude-sonnet-4-6")).model == model


def test_a_model_nobody_knows_keeps_its_name():
    assert clouds.asked_at(place("bedrock"), Ask(model="claude-sonet-4-6")).model == "claude-sonet-4-6"
