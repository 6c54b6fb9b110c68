"""The variables that point a client at the fake, and those that would lead it elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from windtunnel.environments import profile

if TYPE_CHECKING:
    from windtunnel_server.identity.oauth import Login, OAuth

#: What a client can be given: a key; a token that nobody renews; a login with a profile on disk; a workload's assertion.
Credential: TypeAlias = Literal["api_key", "auth_token", "oauth", "federation"]

#: Looks like a key, is none, and says so to whoever finds it.
API_KEY: Final = "sk-ant-api03-windtunnel-not-a-real-key-0000000000000000-AA"

#: Variables that change where a client goes or whom it says it is. They are taken away while a test runs.
MISLEADING: Final = (
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_PROFILE",
    "ANTHROPIC_CONFIG_DIR",
    "ANTHROPIC_CUSTOM_HEADERS",
    "ANTHROPIC_FEDERATION_RULE_ID",
    "ANTHROPIC_IDENTITY_TOKEN",
    "ANTHROPIC_IDENTITY_TOKEN_FILE",
    "ANTHROPIC_ORGANIZATION_ID",
    "ANTHROPIC_SERVICE_ACCOUNT_ID",
    "ANTHROPIC_WORKSPACE_ID",
    "ANTHROPIC_SCOPE",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
)

#: No proxy stands between a client and loopback.
NO_PROXY: Final = {"NO_PROXY": "127.0.0.1,localhost,::1", "no_proxy": "127.0.0.1,localhost,::1"}

#: The SDK sends a token of `ANTHROPIC_AUTH_TOKEN` without the beta header that the API wants with it.
_BETA: Final = "anthropic-beta: oauth-2025-04-20"


def anthropic(url: str, api_key: str) -> dict[str, str]:
    """What a client of the direct API reads. No proxy stands between it and loopback."""
    return _pointed(url, ANTHROPIC_API_KEY=api_key)


def credentials(
    kind: Credential,
    url: str,
    *,
    api_key: str = API_KEY,
    oauth: OAuth | None = None,
    login: Login | None = None,
    folder: Path | None = None,
) -> dict[str, str]:
    """Return the variables of a client with that kind of credential; files that belong to it go into `folder`.

    `oauth` issues the tokens; `login` is the one to hand out, None for a fresh one. Take away what `misleading` names
    before a client reads them: an API key, for one, would hide the rest.
    """
    if kind == "api_key":
        return anthropic(url, api_key)
    if kind not in get_args(Credential):
        raise ValueError(f"credential {kind!r} is not known; on offer: {', '.join(get_args(Credential))}")
    if oauth is None:
        raise ValueError(f"credential {kind!r} needs `oauth`, the part of the fake that issues its tokens")
    if kind == "auth_token":
        token = (login or oauth.login()).access_token
        return _pointed(url, ANTHROPIC_AUTH_TOKEN=token, ANTHROPIC_CUSTOM_HEADERS=_BETA)
    if folder is None:
        raise ValueError(f"credential {kind!r} needs `folder`, where its files are written")
    if kind == "federation":
        return _pointed(url, **_federation(oauth, folder))
    profile.write(folder, url, login or oauth.login())
    return _pointed(url, ANTHROPIC_CONFIG_DIR=str(folder), ANTHROPIC_PROFILE=profile.NAME)


def misleading(env: Mapping[str, str]) -> list[str]:
    """Return the variables to take away from a client that is given `env`."""
    return [name for name in ("ANTHROPIC_API_KEY", *MISLEADING) if name not in env]


def _pointed(url: str, **credential: str) -> dict[str, str]:
    return {"ANTHROPIC_BASE_URL": url, **credential, **NO_PROXY}


def _federation(oauth: OAuth, folder: Path) -> dict[str, str]:
    rule, file = oauth.workload.rule, folder / "identity-token"
    profile.write_secret(file, oauth.assertion())
    return {
        "ANTHROPIC_FEDERATION_RULE_ID": rule.id,
        "ANTHROPIC_ORGANIZATION_ID": rule.organization_id,
        "ANTHROPIC_SERVICE_ACCOUNT_ID": rule.service_account_id,
        "ANTHROPIC_IDENTITY_TOKEN_FILE": str(file),
    }
