"""Entra's tokens, as azure-identity finds them."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, NamedTuple

import azure.identity
import pytest

from windtunnel.client.credentials.azure import EntraTokens


class Token(NamedTuple):
    token: str
    expires_on: int = 2_000_000_000


class Chain:
    made: ClassVar[int] = 0
    tokens: ClassVar[list[str]] = []
    closed: ClassVar[int] = 0

    def __init__(self, **options: Any) -> None:
        Chain.made += 1

    def get_token(self, scope: str) -> Token:
        assert scope == "https://ai.azure.com/.default"
        return Token(Chain.tokens[min(Chain.made, len(Chain.tokens)) - 1])

    def close(self) -> None:
        Chain.closed += 1


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> type[Chain]:
    Chain.made, Chain.closed, Chain.tokens = 0, 0, ["first", "second"]
    monkeypatch.setattr(azure.identity, "DefaultAzureCredential", Chain)
    return Chain


def test_a_token_that_stays_is_one_credential(chain: type[Chain]) -> None:
    async def play() -> None:
        source = EntraTokens()
        first = await source.fresh(None)

        assert first.arguments["azure_ad_token_provider"]() == "first"
        assert await source.fresh(first) is first

    asyncio.run(play())

    assert chain.made == 1


def test_another_comes_from_a_chain_that_keeps_nothing(chain: type[Chain]) -> None:
    async def play() -> Any:
        source = EntraTokens()
        other = await source.another(await source.fresh(None), "invalid")
        await source.aclose()
        return other

    assert asyncio.run(play()).secret == "second"
    assert (chain.made, chain.closed) == (2, 2)


def test_the_same_token_again_is_no_other(chain: type[Chain]) -> None:
    chain.tokens = ["only"]

    async def play() -> Any:
        source = EntraTokens()
        return await source.another(await source.fresh(None), "invalid")

    assert asyncio.run(play()) is None
