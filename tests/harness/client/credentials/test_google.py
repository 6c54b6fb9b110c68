"""Google's tokens, as google-auth finds them."""

from __future__ import annotations

import asyncio
from typing import Any

import google.auth
import pytest

from windtunnel.client.credentials.google import GoogleTokens


class Found:
    """Stands for credentials of google-auth."""

    def __init__(self, *tokens: str) -> None:
        self.tokens, self.token, self.expired = list(tokens), None, False

    def refresh(self, request: Any) -> None:
        self.token = self.tokens[0] if len(self.tokens) == 1 else self.tokens.pop(0)  # type: ignore[assignment]
        self.expired = False


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Found:
    made = Found("first", "second", "third")
    monkeypatch.setattr(google.auth, "default", lambda scopes: (made, "a-project"))
    return made


def run(what: Any) -> Any:
    return asyncio.run(what)


def test_a_token_is_fetched_once_and_again_when_it_ends(found: Found) -> None:
    source = GoogleTokens()
    first = run(source.fresh(None))

    assert first.arguments == {"access_token": "first"}
    assert run(source.fresh(first)) is first
    found.expired = True
    assert run(source.fresh(first)).secret == "second"


def test_another_is_fetched_although_the_first_has_not_ended(found: Found) -> None:
    source = GoogleTokens()

    assert run(source.another(run(source.fresh(None)), "invalid")).secret == "second"


def test_the_same_token_again_is_no_other(found: Found) -> None:
    found.tokens = ["only"]
    source = GoogleTokens()

    assert run(source.another(run(source.fresh(None)), "invalid")) is None
