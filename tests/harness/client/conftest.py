"""A backend on the fake, and the plainest request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anthropic
import pytest

from windtunnel import Windtunnel
from windtunnel.client.failures import Failure
from windtunnel.client.request import Request


class ToFake:
    """The direct API, as far as the core needs it. `keys` are handed out one after the other on renewal."""

    name = "anthropic"
    counts_tokens = True

    def __init__(self, tunnel: Windtunnel, *, key: str | None = None, keys: tuple[str, ...] = ()) -> None:
        self._tunnel, self._key, self._keys = tunnel, key or tunnel.api_key, list(keys)
        self._sdk: anthropic.AsyncAnthropic | None = None
        self.renewals = 0

    async def sdk(self) -> Any:
        if self._sdk is None:
            self._sdk = anthropic.AsyncAnthropic(base_url=self._tunnel.url, api_key=self._key, max_retries=0)
        return self._sdk

    def model(self, name: str) -> str:
        return name

    async def renew(self, failure: Failure) -> bool:
        self.renewals += 1
        if not self._keys:
            return False
        self._key = self._keys.pop(0)
        await self.aclose()
        return True

    async def aclose(self) -> None:
        if self._sdk is not None:
            await self._sdk.close()
            self._sdk = None


@pytest.fixture
def to_fake() -> Callable[..., ToFake]:
    """Make a backend on a tunnel."""
    return ToFake


@pytest.fixture
def asking() -> Callable[..., Request]:
    """Make a request, the plainest but for what is given."""

    def make(text: str = "Which way does the wind blow?", **changes: Any) -> Request:
        given = {"model": "claude-sonnet-4-6", "max_tokens": 200, "messages": ({"role": "user", "content": text},)}
        return Request(**given | changes)

    return make
