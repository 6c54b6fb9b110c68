"""Tokens of Microsoft's Entra ID, for Foundry: the default chain of azure-identity, asked off the loop."""

from __future__ import annotations

import os
from typing import Any, Final

from windtunnel.client.aside import aside
from windtunnel.client.credentials.origins import ENTRA, Origin
from windtunnel.client.credentials.source import Credential

#: What the tokens are for (wire.md 2.5).
_SCOPE: Final = "https://ai.azure.com/.default"


class EntraTokens:
    """What azure-identity finds. It keeps a token until shortly before its end, and fetches the next by itself.

    In a thread: its classes for asyncio need aiohttp, which it does not bring.
    """

    waits_for_person = False

    def __init__(self) -> None:
        self._chain: Any = None

    async def fresh(self, held: Credential | None) -> Credential:
        """Return the token as it is now."""
        got = await aside(self._token)
        if held is not None and held.secret == got.token:
            return held
        return Credential({"azure_ad_token_provider": lambda: got.token}, got.token, got.expires_on)

    async def another(self, refused: Credential | None, why: str) -> Credential | None:
        """Begin anew, with nothing kept; None where that leads to the same token again."""
        await self.aclose()
        got = await self.fresh(None)
        return None if refused is not None and got.secret == refused.secret else got

    def origin(self) -> Origin:
        return ENTRA

    async def aclose(self) -> None:
        """Let go of the chain's connections."""
        chain, self._chain = self._chain, None
        if chain is not None:
            chain.close()

    def _token(self) -> Any:
        if self._chain is None:
            from azure.identity import DefaultAzureCredential

            self._chain = DefaultAzureCredential(
                # Its HTTP library looks at other variables than ours.
                connection_verify=os.environ.get("SSL_CERT_FILE") or True,
                # Who names an authority trusts it; Microsoft's public one is not asked whether it exists.
                disable_instance_discovery="AZURE_AUTHORITY_HOST" in os.environ,
            )
        return self._chain.get_token(_SCOPE)
