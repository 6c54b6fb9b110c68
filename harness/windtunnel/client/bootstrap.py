"""What a coding client fetches when it starts: who is logged in, and what the service says to clients.

Paths and fields were read in public clients of the API (2026), and are unverified: they are no part of its documentation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

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
    """Fetch what a backend has. Whatever goes wrong is a reason, and no error."""
    if backend.name != "anthropic":
        reason = f"{backend.name} has no such pages"
        return Bootstrap(absent={"profile": reason, "session": reason})
    try:
        sdk = await backend.sdk()
        is_login = sdk.credentials is not None
    except Exception as error:
        return Bootstrap(absent=dict.fromkeys(("profile", "session"), understood(error).message))
    # A key belongs to no person.
    profile: tuple[Mapping[str, Any] | None, str] = (None, "an API key has no profile")
    if is_login:
        profile, session = await asyncio.gather(_fetched(sdk, PROFILE_PATH), _fetched(sdk, SESSION_PATH))
    else:
        session = await _fetched(sdk, SESSION_PATH)
    found = {"profile": profile, "session": session}
    absent = {name: why for name, (said, why) in found.items() if said is None}
    return Bootstrap(profile=profile[0], session=session[0], absent=absent)


async def _fetched(sdk: Any, path: str) -> tuple[Mapping[str, Any] | None, str]:
    """Fetch one page: what it says, and why it says nothing."""
    try:
        said = await sdk.get(path, cast_to=object, options={"timeout": TIMEOUT_S})
    except Exception as error:
        failure = understood(error)
        return None, failure.message if failure.status is None else f"{failure.status} {failure.message}"
    return (said, "") if isinstance(said, dict) else (None, "the answer is no JSON object")
