"""Which source of credentials belongs to a choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

from windtunnel.client.credentials import login as logins
from windtunnel.client.credentials import tokens
from windtunnel.client.credentials.keys import AskKey, Keys
from windtunnel.client.credentials.login import OpenPage
from windtunnel.client.credentials.source import Credential, Fixed, Source
from windtunnel.client.selection import Choice, Environ, Kind, Name

#: Where the direct API is, unless it is said.
API_URL: Final = "https://api.anthropic.com"

_LOGIN_TOKEN: Final = "sk-ant-oat"


class _Makings:
    """What sources are made of."""

    def __init__(
        self,
        choice: Choice,
        env: Environ,
        http: Callable[[], Any],
        ask_key: AskKey | None,
        open_page: OpenPage | None,
    ) -> None:
        self.choice, self.env, self.http = choice, env, http
        self.ask_key, self.open_page = ask_key, open_page
        self.base_url = choice.base_url or API_URL


def source_of(
    choice: Choice,
    env: Environ,
    *,
    http: Callable[[], Any],
    ask_key: AskKey | None = None,
    open_page: OpenPage | None = None,
) -> Source:
    """Make the source of credentials for a choice. `http` returns the HTTP library's client when it is needed."""
    return _SOURCES[choice.backend, choice.kind](_Makings(choice, env, http, ask_key, open_page))


def _keys(variable: str, makings: _Makings) -> Source:
    from windtunnel.client.credentials.helper import Helper

    command = makings.env.get("ANTHROPIC_API_KEY_HELPER")
    helper = Helper(command, makings.env) if command and makings.choice.backend == "anthropic" else None
    return Keys(makings.env.get(variable) or None, helper=helper, ask=makings.ask_key)


def _auth_token(makings: _Makings) -> Source:
    token = makings.env.get("ANTHROPIC_AUTH_TOKEN") or makings.env["CLAUDE_CODE_OAUTH_TOKEN"]
    return Fixed(as_bearer(token) if token.startswith(_LOGIN_TOKEN) else Credential({"auth_token": token}, token))


def as_bearer(token: str, expires_at: float | None = None, *, workspace_id: str | None = None) -> Credential:
    """Make a credential of a login's token: the SDK sends the beta that it needs along with it."""
    from anthropic.lib.credentials import AccessToken

    async def provider() -> AccessToken:
        return AccessToken(token)

    headers = {"anthropic-workspace-id": workspace_id} if workspace_id else {}
    return Credential({"credentials": provider, "default_headers": headers}, token, expires_at)


def _profile(makings: _Makings) -> Source:
    """The profile says of which kind it is, and may say where its login belongs."""
    from windtunnel.client.credentials.oauth import OAuth
    from windtunnel.client.credentials.store import Profile

    choice = makings.choice
    assert choice.folder is not None and choice.profile is not None
    profile = Profile(choice.folder, choice.profile)
    config = profile.config()
    authentication = config.get("authentication", {})
    if authentication.get("type") == "oidc_federation":
        return _federated_profile(makings, config, str(profile.path))
    base_url = config.get("base_url") or makings.base_url
    workspace_id = config.get("workspace_id") or makings.env.get("ANTHROPIC_WORKSPACE_ID")
    client_id = authentication.get("client_id") or makings.env.get("ANTHROPIC_OAUTH_CLIENT_ID")
    log_in = None
    if makings.open_page is not None and client_id:
        application = logins.Application(
            client_id=client_id,
            console_url=authentication.get("console_url") or _console_url(makings.env, base_url),
            base_url=base_url,
            scope=authentication.get("scope") or logins.SCOPE,
            workspace_id=workspace_id,
        )
        log_in = partial(_logged_in, makings, application, profile)
    return OAuth(
        profile,
        partial(as_bearer, workspace_id=workspace_id),
        http=makings.http,
        base_url=base_url,
        log_in=log_in,
    )


async def _logged_in(makings: _Makings, application: logins.Application, profile: Any) -> Any:
    assert makings.open_page is not None
    got = await logins.log_in(application, makings.open_page, makings.http())
    said = {"authentication": {"type": "user_oauth", "client_id": application.client_id}}
    profile.write_config(said if application.base_url == API_URL else said | {"base_url": application.base_url})
    return got


def _console_url(env: Environ, base_url: str) -> str:
    """Where the login's page is: as the variable says; else with the API, unless that is Anthropic's own."""
    return env.get("ANTHROPIC_CONSOLE_URL") or (logins.CONSOLE_URL if base_url.rstrip("/") == API_URL else base_url)


def _federated_profile(makings: _Makings, config: Mapping[str, Any], path: str) -> Source:
    from anthropic.lib.credentials import InMemoryConfig

    from windtunnel.client.credentials.federation import Federation

    authentication = dict(config["authentication"])
    authentication.setdefault("credentials_path", path)
    provider = InMemoryConfig({**config, "authentication": authentication})
    provider.bind_base_url(makings.base_url)
    return Federation(provider, as_bearer)


def _federation(makings: _Makings) -> Source:
    from anthropic.lib.credentials import IdentityTokenFile, WorkloadIdentityCredentials

    from windtunnel.client.credentials.federation import Federation

    env = makings.env
    file = env.get("ANTHROPIC_IDENTITY_TOKEN_FILE")
    provider = WorkloadIdentityCredentials(
        identity_token_provider=IdentityTokenFile(file) if file else lambda: env["ANTHROPIC_IDENTITY_TOKEN"],
        federation_rule_id=env["ANTHROPIC_FEDERATION_RULE_ID"],
        organization_id=env["ANTHROPIC_ORGANIZATION_ID"],
        service_account_id=env.get("ANTHROPIC_SERVICE_ACCOUNT_ID") or None,
        workspace_id=env.get("ANTHROPIC_WORKSPACE_ID") or None,
        scope=env.get("ANTHROPIC_SCOPE") or None,
    )
    provider.bind_base_url(tokens.check_address(makings.base_url))
    return Federation(provider, as_bearer)


def _aws(makings: _Makings) -> Source:
    from windtunnel.client.credentials.aws import AwsKeys

    return AwsKeys()


def _bearer(makings: _Makings) -> Source:
    key = makings.env["AWS_BEARER_TOKEN_BEDROCK"]
    return Fixed(Credential({"api_key": key}, key))


def _google(makings: _Makings) -> Source:
    from windtunnel.client.credentials.google import GoogleTokens

    return GoogleTokens()


def _header(makings: _Makings) -> Source:
    return Fixed(Credential())


def _entra(makings: _Makings) -> Source:
    from windtunnel.client.credentials.azure import EntraTokens

    return EntraTokens()


_MakeSource: TypeAlias = Callable[[_Makings], Source]
_SOURCES: Final[Mapping[tuple[Name, Kind], _MakeSource]] = {
    ("anthropic", "api_key"): partial(_keys, "ANTHROPIC_API_KEY"),
    ("anthropic", "helper"): partial(_keys, "ANTHROPIC_API_KEY"),
    ("anthropic", "asked"): partial(_keys, "ANTHROPIC_API_KEY"),
    ("anthropic", "auth_token"): _auth_token,
    ("anthropic", "profile"): _profile,
    ("anthropic", "login"): _profile,
    ("anthropic", "federation"): _federation,
    ("bedrock", "aws"): _aws,
    ("bedrock", "bearer"): _bearer,
    ("vertex", "google"): _google,
    ("vertex", "header"): _header,
    ("foundry", "api_key"): partial(_keys, "ANTHROPIC_FOUNDRY_API_KEY"),
    ("foundry", "entra"): _entra,
}
