"""API keys: the one of the environment, then those a helper prints or a person types."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from windtunnel.client.credentials.helper import Helper
from windtunnel.client.credentials.source import Credential, NoCredential

#: Asked for a key, with the reason in a few words; None or "" for no key.
AskKey: TypeAlias = Callable[[str], "str | Awaitable[str | None] | None"]


async def ask_on_terminal(why: str) -> str | None:
    """Ask the person at the terminal, without echo; None where there is nobody."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    from getpass import getpass

    return await asyncio.to_thread(getpass, f"{why}\nAPI key (empty for none): ")


class Keys:
    """Keys for a backend. `argument` is what its SDK class calls them."""

    def __init__(
        self, key: str | None, *, helper: Helper | None = None, ask: AskKey | None = None, argument: str = "api_key"
    ) -> None:
        self._key, self._helper, self._ask, self._argument = key, helper, ask, argument

    async def fresh(self, held: Credential | None) -> Credential:
        """Return the key that is there; where there is none, the first that is to be had."""
        if held is not None:
            return held
        if self._key is not None:
            return self._credential(self._key)
        first = await self.another(None, "no API key is set")
        if first is None:
            raise NoCredential("no API key was given")
        return first

    async def another(self, refused: Credential | None, why: str) -> Credential | None:
        """Run the helper; where that prints nothing new, ask."""
        old = None if refused is None else refused.secret
        key = None if self._helper is None else await self._helper.key()
        if self._ask is not None and key in (None, "", old):
            answer = self._ask(why)
            key = await answer if inspect.isawaitable(answer) else answer
        key = (key or "").strip()
        if not key or key == old:
            return None
        self._key = key
        return self._credential(key)

    async def aclose(self) -> None:
        """Nothing to let go of."""

    def _credential(self, key: str) -> Credential:
        return Credential({self._argument: key}, key)
