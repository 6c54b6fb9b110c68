"""Several sources, one behind the other: a token of the environment, then a login, then a key that a person types."""

from __future__ import annotations

from windtunnel.client.credentials.origins import Origin
from windtunnel.client.credentials.source import Credential, NobodyAsked, NoCredential, Source


class InTurn:
    """The first, until it has no other credential to give; from then on the next that has one."""

    def __init__(self, *sources: Source) -> None:
        self._sources, self._at = sources, 0

    @property
    def waits_for_person(self) -> bool:
        return any(source.waits_for_person for source in self._sources)

    async def fresh(self, held: Credential | None) -> Credential:
        """Return a credential of the one whose turn it is. Raises what that raises, where the others have none either."""
        try:
            return await self._sources[self._at].fresh(held)
        except NobodyAsked:
            raise
        except NoCredential as error:
            other = await self._next(held, str(error))
            if other is None:
                raise
            return other

    async def another(self, refused: Credential | None, why: str) -> Credential | None:
        """Return another of the one whose turn it is, or else of the next that has one."""
        try:
            own = await self._sources[self._at].another(refused, why)
        except NobodyAsked:
            raise
        except NoCredential as error:
            other = await self._next(refused, why)
            if other is None:
                raise error
            return other
        return await self._next(refused, why) if own is None else own

    def origin(self) -> Origin:
        return self._sources[self._at].origin()

    async def aclose(self) -> None:
        """Let go of what any of them holds open."""
        for source in self._sources:
            await source.aclose()

    async def _next(self, refused: Credential | None, why: str) -> Credential | None:
        for place in range(self._at + 1, len(self._sources)):
            try:
                other = await self._sources[place].another(refused, why)
            except NobodyAsked:
                raise
            except NoCredential:
                continue
            if other is not None:
                self._at = place
                return other
        return None
