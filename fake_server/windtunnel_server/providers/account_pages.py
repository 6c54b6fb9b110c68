"""What a coding client fetches when it starts: the profile of a login, and what the service says to clients.

Paths and fields were read in public clients of the API (2026), and are unverified: they are no part of its
documentation. There is no more in them than those clients read.
"""

from __future__ import annotations

from typing import Any, Final

from windtunnel_server.identity.api_keys import header
from windtunnel_server.identity.oauth import CLIENT_ID
from windtunnel_server.identity.person import Person
from windtunnel_server.model.problem import Problem
from windtunnel_server.providers.asked import Asked

PROFILE_PATH: Final = "/api/oauth/profile"
SESSION_PATH: Final = "/api/claude_cli/bootstrap"

#: What an organisation pays as, and which limits it has: words that public clients know.
_TYPE: Final = "claude_team"
_TIER: Final = "default_claude_ai"


def profile(asked: Asked, person: Person) -> dict[str, Any] | Problem:
    """Answer with who is logged in. A key is nobody's (the words are unverified)."""
    if header(asked.call.headers, "authorization") is None:
        return Problem("invalid_bearer_token", "Invalid bearer token")
    return {
        "account": {
            "uuid": person.id,
            "full_name": person.name,
            "display_name": person.name,
            "email": person.email,
            "has_claude_max": False,
            "has_claude_pro": False,
        },
        "organization": {
            "uuid": person.organization_id,
            "name": person.organization_name,
            "organization_type": _TYPE,
            "rate_limit_tier": _TIER,
        },
        "application": {"uuid": CLIENT_ID, "name": "Windtunnel"},
    }


def session(asked: Asked, person: Person) -> dict[str, Any]:
    """Answer with what a client is to know for this session: nothing in particular."""
    return {
        "client_data": {},
        "additional_model_options": [],
        "oauth_account": {
            "account_uuid": person.id,
            "account_email": person.email,
            "organization_uuid": person.organization_id,
            "organization_name": person.organization_name,
            "organization_type": _TYPE,
            "organization_rate_limit_tier": _TIER,
        },
    }
