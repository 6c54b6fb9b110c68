"""The tokens of a person's login: read from disk, renewed in good time, and a new login where nothing else helps."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from windtunnel.client.credentials import tokens
from windtunnel.client.credentials.source import Credential, NoCredential
from windtunnel.client.credentials.store import Profile, Tokens

#: Renewed so long before its end, where that works; and so long before, whether it works or not. Seconds, those of the
#: official SDK (wire.md 2.2).
_AHEAD_S, _AT_LAST_S = 120.0, 30.0

#: Logs a person in anew.
LogIn: TypeAlias = Callable[[], Awaitable[Tokens]]
#: Makes a credential of an access token.
ToCredential: TypeAlias = Callable[[str, float | None], Credential]


class OAuth:
    """A login on disk. Several clients, of several processes, may live on the same one."""

    def __init__(
        self,
        profile: Profile,
        to_credential: ToCredential,
        *,
        http: Callable[[], Any],
        base_url: str,
        log_in: LogIn | None = None,
    ) -> None:
        self._profile, self._to_credential, self._log_in = profile, to_credential, log_in
        self._http, self._base_url = http, base_url
        #: A refresh token that was refused: it is not shown again.
        self._spent: str | None = None

    async def fresh(self, held: Credential | None) -> Credential:
        """Return the token that is good for a while yet; one that ends soon is renewed."""
        if held is not None and _lives_s(held.expires_at) > _AHEAD_S:
            return held
        try:
            return await self._renewed(lambda known: _lives_s(known.expires_at) > _AHEAD_S, held)
        except Exception:
            if held is not None and _lives_s(held.expires_at) > _AT_LAST_S:
                return held
            raise

    async def another(self, refused: Credential | None, why: str) -> Credential | None:
        """Return what somebody else has put there since; else exchange the refresh token; else log in anew."""
        secret = None if refused is None else refused.secret
        known = self._profile.tokens()
        if "revoked" in why.lower() and known is not None and known.access_token == secret:
            # The login itself was taken back: only a person can give another.
            self._spent = known.refresh_token
        return await self._renewed(lambda known: known.access_token != secret, refused)

    async def aclose(self) -> None:
        """Nothing to let go of: the connections are the backend's."""

    async def _renewed(self, is_good: Callable[[Tokens], bool], held: Credential | None) -> Credential:
        """Read the file; where what is there is not good, renew it, alone."""
        known = self._profile.tokens()
        if known is None or not is_good(known):
            async with self._profile.locked():
                known = self._profile.tokens()
                if known is None or not is_good(known):
                    return await self._replaced(known)
        if held is not None and held.secret == known.access_token:
            return held
        return self._credential(known)

    async def _replaced(self, known: Tokens | None) -> Credential:
        """Exchange the refresh token; log in where that is refused, or there is none."""
        try:
            return await self._exchanged(known)
        except NoCredential:
            if self._log_in is None:
                raise
        return self._kept(await self._log_in())

    async def _exchanged(self, known: Tokens | None) -> Credential:
        path, client_id = self._profile.path, self._profile.config().get("authentication", {}).get("client_id")
        if known is None:
            raise NoCredential(f"nobody is logged in (there are no tokens at {path})")
        if known.refresh_token is None or not client_id or known.refresh_token == self._spent:
            raise NoCredential(f"the login at {path} cannot be renewed; log in again")
        try:
            got = await tokens.refreshed(
                self._http(), self._base_url, refresh_token=known.refresh_token, client_id=client_id
            )
        except NoCredential:
            self._spent = known.refresh_token
            # Somebody who does not know our lock may have been faster.
            since = self._profile.tokens()
            if since is None or since.refresh_token == known.refresh_token:
                raise
            return self._credential(since)
        return self._kept(Tokens(got.access_token, got.refresh_token, got.expires_at, known.more))

    def _kept(self, got: Tokens) -> Credential:
        self._profile.write(got)
        return self._credential(got)

    def _credential(self, known: Tokens) -> Credential:
        return self._to_credential(known.access_token, known.expires_at)


def _lives_s(expires_at: float | None) -> float:
    return float("inf") if expires_at is None else expires_at - time.time()
