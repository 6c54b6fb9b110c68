"""API keys: the one of the environment, then those a helper prints or a person types."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from windtunnel.client.credentials.helper import Helper
from windtunnel.client.credentials.origins import Origin
from windtunnel.client.credentials.secret import sendable
from windtunnel.client.credentials.source import Credential, NobodyAsked, NoCredential, may_ask

#: Asked for a key, with the reason in a few words; None or "" for no key.
AskKey: TypeAlias = Callable[[str], "str | Awaitable[str | None] | None"]


async def ask_on_terminal(why: str) -> str | None:
    """Ask the person at the terminal, without echo; None where there is nobody."""
    from windtunnel.client.credentials.prompt import is_attended, typed

    return await typed(f"{why}\nAPI key (empty for none): ") if is_attended() else None


class Keys:
    """Keys for a backend. `argument` is what its SDK class calls them, `variable` where the first comes from."""

    def __init__(
        self,
        key: str | None,
        *,
        helper: Helper | None = None,
        ask: AskKey | None = None,
        argument: str = "api_key",
        variable: str = "ANTHROPIC_API_KEY",
    ) -> None:
        self._key = sendable(key or "", variable) or None
        self._helper, self._ask, self._argument = helper, ask, argument
        self._variable = variable
        self.waits_for_person = False
        #: Where the key in use comes from.
        self._from = f"in {variable}"

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
        key, source = await self._helped(), "that the helper printed"
        if self._ask is not None and key in ("", old):
            key, source = await self._asked(self._ask, why), "that was given when asked for"
        if not key or key == old:
            return None
        self._key, self._from = key, source
        return self._credential(key)

    async def _helped(self) -> str:
        """Return what the helper prints; one that fails is no reason not to ask."""
        try:
            return "" if self._helper is None else await self._helper.key()
        except NoCredential:
            if self._ask is None:
                raise
            return ""

    async def _asked(self, ask: AskKey, why: str) -> str:
        if not may_ask():
            raise NobodyAsked("an API key has to be asked for, and this is no time for it")
        self.waits_for_person = True
        try:
            answer = ask(why)
            key = await answer if inspect.isawaitable(answer) else answer
        finally:
            self.waits_for_person = False
        return sendable(key or "", "what was given when asked for a key")

    def origin(self) -> Origin:
        """Say where the key in use comes from, and who could not give another."""
        ways = [] if self._helper is None else ["the helper printed no other"]
        ways += [] if self._ask is None else ["no other was given"]
        where = self._variable if self._helper is None else f"{self._variable}, or let the helper print another"
        return Origin(
            f"the API key {self._from}",
            f"set another in {where}",
            " and ".join(ways) or "nobody is there to give another",
        )

    async def aclose(self) -> None:
        """Nothing to let go of."""

    def _credential(self, key: str) -> Credential:
        return Credential({self._argument: key}, key)
