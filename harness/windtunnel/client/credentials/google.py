"""Google's tokens: application default credentials, asked off the loop."""

from __future__ import annotations

from typing import Any, Final

from windtunnel.client.aside import aside
from windtunnel.client.credentials.origins import GOOGLE, Origin
from windtunnel.client.credentials.source import Credential

_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"


class GoogleTokens:
    """What google-auth finds: a file, gcloud's own login, the machine's metadata."""

    waits_for_person = False

    def __init__(self) -> None:
        self._credentials: Any = None

    async def fresh(self, held: Credential | None) -> Credential:
        """Return a token that is good for a while yet; google-auth says how long that is."""
        return await self._with_token(held, force=False)

    async def another(self, refused: Credential | None, why: str) -> Credential | None:
        """Fetch another token; None where it is the same again."""
        got = await self._with_token(None, force=True)
        return None if refused is not None and got.secret == refused.secret else got

    def origin(self) -> Origin:
        """Say which kind of credential google-auth found."""
        return GOOGLE.get(type(self._credentials).__module__, GOOGLE[None])

    async def aclose(self) -> None:
        """Nothing to let go of."""

    async def _with_token(self, held: Credential | None, *, force: bool) -> Credential:
        known = self._credentials
        if force or known is None or known.expired or not known.token:
            known = await aside(self._fetched)
        if held is not None and held.secret == known.token:
            return held
        return Credential({"access_token": known.token}, known.token)

    def _fetched(self) -> Any:
        import google.auth
        from google.auth.transport.requests import Request

        if self._credentials is None:
            self._credentials, _ = google.auth.default(scopes=[_SCOPE])
        request = Request()
        try:
            self._credentials.refresh(request)
        finally:
            request.session.close()
        return self._credentials
