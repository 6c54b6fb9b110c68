"""The tokens of a person's login: read from disk, renewed in good time, and a new login where nothing else helps."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from windtunnel.client.aside import to_the_end
from windtunnel.client.credentials import tokens
from windtunnel.client.credentials.origins import Origin
from windtunnel.client.credentials.secret import sendable
from windtunnel.client.credentials.source import Credential, NobodyAsked, NoCredential, may_ask
from windtunnel.client.credentials.store import Profile, Tokens

#: Renewed so long before its end, where that works; and so long before, whether it works or not. Seconds, those of the
#: official SDK (wire.md 2.2).
_AHEAD_S, _AT_LAST_S = 120.0, 30.0

_LOG: Final = logging.getLogger("windtunnel.client")

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
        #: Tokens that could not be stored, behind those that are in the file in their place.
        self._unsaved: tuple[Tokens | None, Tokens] | None = None
        self.waits_for_person = False

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
        known = self._known()
        if "revoked" in why.lower() and known is not None and known.access_token == secret:
            # The login itself was taken back: only a person can give another.
            self._spent = known.refresh_token

        def is_good(known: Tokens) -> bool:
            return known.access_token != secret and _lives_s(known.expires_at) > _AT_LAST_S

        return await self._renewed(is_good, refused)

    def origin(self) -> Origin:
        return Origin(f"the login at {self._profile.path}", "log in again", "it could not be renewed")

    async def aclose(self) -> None:
        """Store what could not be stored; the connections are the backend's."""
        if self._unsaved is not None:
            self._store(self._unsaved[1])

    async def _renewed(self, is_good: Callable[[Tokens], bool], held: Credential | None) -> Credential:
        """Read the file; where what is there is not good, renew it, alone."""
        known = self._known()
        if known is None or not is_good(known):
            async with self._profile.locked():
                known = self._known()
                if known is None or not is_good(known):
                    return await self._replaced(known)
        if held is not None and held.secret == known.access_token:
            return held
        return self._credential(known)

    async def _replaced(self, known: Tokens | None) -> Credential:
        """Exchange the refresh token; log in where that is refused, or there is none."""
        try:
            # The token that is sent is worth nothing afterwards: what comes back must not be lost.
            return await to_the_end(self._exchanged(known))
        except NoCredential:
            if self._log_in is None:
                raise
        return self._kept(await self._logged_in(self._log_in))

    async def _exchanged(self, known: Tokens | None) -> Credential:
        path, client_id = self._profile.path, self._profile.authentication().get("client_id")
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
            since = self._known()
            if since is None or since.refresh_token == known.refresh_token:
                raise
            return self._credential(since)
        return self._kept(Tokens(got.access_token, got.refresh_token, got.expires_at, known.more))

    async def _logged_in(self, log_in: LogIn) -> Tokens:
        if not may_ask():
            raise NobodyAsked("somebody has to log in, and this is no time for it")
        self.waits_for_person = True
        try:
            return await log_in()
        finally:
            self.waits_for_person = False

    # --- the file --------------------------------------------------------------------------------------------------

    def _known(self) -> Tokens | None:
        """What the file says; what it would say, where it could not be written and nobody has written it since."""
        if self._unsaved is not None and self._in_file() == self._unsaved[0]:
            return self._unsaved[1]
        return self._profile.tokens()

    def _in_file(self) -> Tokens | None:
        try:
            return self._profile.tokens()
        except NoCredential:
            return None

    def _kept(self, got: Tokens) -> Credential:
        told = self._unsaved is not None
        problem = self._store(got)
        if problem is not None and not told:
            _LOG.warning(
                "the login at %s was renewed, and cannot be stored (%s): this client has it, the next one has to log in",
                self._profile.path,
                problem,
            )
        return self._credential(got)

    def _store(self, got: Tokens) -> str | None:
        """Write the file; return why that does not work."""
        try:
            self._profile.write(got)
        except OSError as error:
            self._unsaved = (self._in_file(), got)
            return error.strerror or str(error)
        self._unsaved = None
        return None

    def _credential(self, known: Tokens) -> Credential:
        return self._to_credential(sendable(known.access_token, f"the login at {self._profile.path}"), known.expires_at)


def _lives_s(expires_at: float | None) -> float:
    return float("inf") if expires_at is None else expires_at - time.time()
