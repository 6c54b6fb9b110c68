"""What a coding client fetches when it starts: who is logged in, and what the service says to clients.

Paths and fields were read in public clients of the API (2026), and are unverified: they are no part of its documentation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from windtunnel.client.credentials.source import nobody_asked
from windtunnel.client.understanding import understood

PROFILE_PATH: Final = "/api/oauth/profile"
SESSION_PATH: Final = "/api/claude_cli/bootstrap"
#: A start is not held up for longer, seconds.
TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """What was there, as JSON; None for what was not."""

    #: `account` and `organization` of a login.
    profile: Mapping[str, Any] | None = field(default=None, repr=False)
    #: `client_data`, `additional_model_options` and the like.
    session: Mapping[str, Any] | None = field(default=None, repr=False)
    #: Why something is absent, by name.
    absent: Mapping[str, str] = field(default_factory=dict)

    @property
    def email(self) -> str | None:
        """The address of the person who is logged in."""
        said = (self.profile or {}).get("account")
        return said.get("email") if isinstance(said, Mapping) else None

    @property
    def organization(self) -> str | None:
        """The name of the organisation that pays."""
        said = (self.profile or {}).get("organization")
        return said.get("name") if isinstance(said, Mapping) else None


async def bootstrap(backend: Any) -> Bootstrap:
    """Fetch what a backend has, within five seconds. Whatever goes wrong is a reason, and no error; no person is asked."""
    if backend.name != "anthropic":
        reason = f"{backend.name} has no such pages"
        return Bootstrap(absent={"profile": reason, "session": reason})
    ends_at = asyncio.get_running_loop().time() + TIMEOUT_S
    try:
        with nobody_asked():
            async with asyncio.timeout_at(ends_at):
                sdk = await backend.sdk()
        is_login = sdk.credentials is not None
    except Exception as error:
        return Bootstrap(absent=dict.fromkeys(("profile", "session"), _reason(error)))
    # A key belongs to no person.
    profile: tuple[Mapping[str, Any] | None, str] = (None, "an API key has no profile")
    if is_login:
        fetched = (_fetched(sdk, path, ends_at) for path in (PROFILE_PATH, SESSION_PATH))
        profile, session = await asyncio.gather(*fetched)
    else:
        session = await _fetched(sdk, SESSION_PATH, ends_at)
    found = {"profile": profile, "session": session}
    absent = {name: why for name, (said, why) in found.items() if said is None}
    return Bootstrap(profile=profile[0], session=session[0], absent=absent)


async def _fetched(sdk: Any, path: str, ends_at: float) -> tuple[Mapping[str, Any] | None, str]:
    """Fetch one page: what it says, and why it says nothing."""
    try:
        async with asyncio.timeout_at(ends_at):
            said = await sdk.get(path, cast_to=object)
    except Exception as error:
        return None, _reason(error)
    return (said, "") if isinstance(said, dict) else (None, "the answer is no JSON object")


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"it took longer than {TIMEOUT_S:g} s"
    failure = understood(error)
    return failure.message if failure.status is None else f"{failure.status} {failure.message}"
