"""What the client needs of a cloud: an SDK client, and the few things in which the clouds differ."""

from __future__ import annotations

from typing import Any, Protocol

from windtunnel.client.failures import Failure


class Backend(Protocol):
    """One way to the models. `backends.py` makes those of the four clouds."""

    #: "anthropic", "bedrock", "vertex" or "foundry".
    name: str

    async def sdk(self) -> Any:
        """Return the SDK's async client, its own retries turned off; made when first asked for, and after a renewal."""
        ...

    def model(self, name: str) -> str:
        """Return what a model, by its id on the direct API, is called here."""
        ...

    @property
    def counts_tokens(self) -> bool:
        """Whether there is an endpoint that counts tokens."""
        ...

    async def renew(self, failure: Failure) -> bool:
        """Obtain another credential after one was refused; calls in flight share one renewal. False: there is none to be had."""
        ...

    async def aclose(self) -> None: ...
