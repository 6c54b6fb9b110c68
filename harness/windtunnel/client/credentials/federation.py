"""A workload's assertion, exchanged for a token by the official SDK's own means (wire.md 2.2)."""

from __future__ import annotations

import time
from typing import Any, Final

from windtunnel.client.aside import aside
from windtunnel.client.credentials.oauth import ToCredential
from windtunnel.client.credentials.origins import Origin
from windtunnel.client.credentials.source import Credential, NoCredential

#: A token is exchanged anew so long before its end, seconds.
_AHEAD_S: Final = 60.0
#: Answers of the token endpoint that no waiting changes.
_FINAL: Final = frozenset({400, 401, 403, 404})


class Federation:
    """`provider` is one of the SDK's token providers: it blocks, and runs in a thread."""

    waits_for_person = False

    def __init__(self, provider: Any, to_credential: ToCredential) -> None:
        self._provider, self._to_credential = provider, to_credential

    async def fresh(self, held: Credential | None) -> Credential:
        """Return a token that is good for a while yet."""
        if held is not None and (held.expires_at is None or held.expires_at - time.time() > _AHEAD_S):
            return held
        return await self._exchanged(force=False)

    async def another(self, refused: Credential | None, why: str) -> Credential | None:
        """Exchange the assertion anew, whatever is known of the last token."""
        return await self._exchanged(force=True)

    def origin(self) -> Origin:
        return Origin(
            "the token that this workload's assertion was exchanged for",
            "see that its federation rule still lets it in",
        )

    async def aclose(self) -> None:
        """Let go of the provider's connections."""
        close = getattr(self._provider, "close", None)
        if close is not None:
            close()

    async def _exchanged(self, *, force: bool) -> Credential:
        from anthropic import AnthropicError

        try:
            token = await aside(lambda: self._provider(force_refresh=force))
        except AnthropicError as error:
            if getattr(error, "status_code", None) in _FINAL:
                raise NoCredential(str(error)) from error
            raise
        return self._to_credential(token.token, token.expires_at)
