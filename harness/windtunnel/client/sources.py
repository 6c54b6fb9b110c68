"""Which source of credentials belongs to a choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

from windtunnel.client.credentials import login as logins
from windtunnel.client.credentials import tokens
from windtunnel.client.credentials.in_turn import InTurn
from windtunnel.client.credentials.keys import AskKey, Keys
from windtunnel.client.credentials.login import OpenPage
from windtunnel.client.credentials.origins import Origin
from windtunnel.client.credentials.source import Credential, Fixed, Source
from windtunnel.client.failures import ConfigurationError
from windtunnel.client.selection import OWN_PROFILE, Choice, Kind, Name, config_folder
from windtunnel.client.variables import Environ, address, checked_address, said, secret

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

    command = said(makings.env, "ANTHROPIC_API_KEY_HELPER") if makings.choice.backend == "anthropic" else None
    helper = Helper(command, makings.env) if command else None
    keys = Keys(secret(makings.env, variable), helper=helper, ask=makings.ask_key, variable=variable)
    login = _login(makings) if makings.choice.backend == "anthropic" else None
    return keys if login is None else InTurn(keys, login)


def _auth_token(makings: _Makings) -> Source:
    """A token cannot be renewed: a person can give something else."""
    variable, token = next(
        (name, token)
        for name in ("ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")
        if (token := secret(makings.env, name))
    )
    credential = as_bearer(token) if token.startswith(_LOGIN_TOKEN) else Credential({"auth_token": token}, token)
    fixed = Fixed(credential, Origin(f"the token in {variable}", "set another", "nothing says how to renew it"))
    return _or_a_person(fixed, _login(makings), makings)


def _or_a_person(first: Source, login: Source | None, makings: _Makings) -> Source:
    """Put behind a source whoever can log in, and whoever can be asked for a key."""
    behind = [] if login is None else [login]
    if makings.ask_key is not None:
        behind.append(Keys(None, ask=makings.ask_key))
    return InTurn(first, *behind) if behind else first


def as_bearer(token: str, expires_at: float | None = None, *, workspace_id: str | None = None) -> Credential:
    """Make a credential of a login's token: the SDK sends the beta that it needs along with it."""
    from anthropic.lib.credentials import AccessToken

    async def provider() -> AccessToken:
        return AccessToken(token)

    headers = {"anthropic-workspace-id": workspace_id} if workspace_id else {}
    return Credential({"credentials": provider, "default_headers": headers}, token, expires_at)


def _profile(makings: _Makings) -> Source:
    """The profile says of which kind it is, and may say where its login belongs."""
    from windtunnel.client.credentials.store import Profile

    choice = makings.choice
    assert choice.folder is not None and choice.profile is not None
    profile = Profile(choice.folder, choice.profile)
    if profile.authentication().get("type") == "oidc_federation":
        return _federated_profile(makings, profile.config(), str(profile.path))
    return _or_a_person(_oauth(makings, profile), None, makings)


def _login(makings: _Makings) -> Source | None:
    """A login of our own, for what can be had no other way; None where nobody can log in."""
    from windtunnel.client.credentials.store import Profile

    if makings.open_page is None or not said(makings.env, "ANTHROPIC_OAUTH_CLIENT_ID"):
        return None
    return _oauth(makings, Profile(config_folder(makings.env), OWN_PROFILE))


def _oauth(makings: _Makings, profile: Any) -> Source:
    from windtunnel.client.credentials.oauth import OAuth

    config, authentication = profile.config(), profile.authentication()
    base_url = checked_address(config.get("base_url") or makings.base_url, f"base_url in {profile.config_path}")
    workspace_id = config.get("workspace_id") or said(makings.env, "ANTHROPIC_WORKSPACE_ID")
    client_id = authentication.get("client_id") or said(makings.env, "ANTHROPIC_OAUTH_CLIENT_ID")
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
    config = {"authentication": {"type": "user_oauth", "client_id": application.client_id}}
    try:
        profile.write_config(config if application.base_url == API_URL else config | {"base_url": application.base_url})
    except OSError:
        pass  # who keeps the tokens will say so
    return got


def _console_url(env: Environ, base_url: str) -> str:
    """Where the login's page is: as the variable says; else with the API, unless that is Anthropic's own."""
    return address(env, "ANTHROPIC_CONSOLE_URL") or (
        logins.CONSOLE_URL if base_url.rstrip("/") == API_URL else base_url
    )


def _federated_profile(makings: _Makings, config: Mapping[str, Any], path: str) -> Source:
    from anthropic import AnthropicError
    from anthropic.lib.credentials import InMemoryConfig

    from windtunnel.client.credentials.federation import Federation

    authentication = dict(config["authentication"])
    authentication.setdefault("credentials_path", path)
    try:
        provider = InMemoryConfig({**config, "authentication": authentication})
        provider.bind_base_url(makings.base_url)
    except (AnthropicError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(f"the profile at {path} is no profile of a workload: {error!r}") from None
    return Federation(provider, as_bearer)


def _federation(makings: _Makings) -> Source:
    from anthropic.lib.credentials import IdentityTokenFile, WorkloadIdentityCredentials

    from windtunnel.client.credentials.federation import Federation

    env = makings.env
    file, given = said(env, "ANTHROPIC_IDENTITY_TOKEN_FILE"), secret(env, "ANTHROPIC_IDENTITY_TOKEN")
    provider = WorkloadIdentityCredentials(
        identity_token_provider=IdentityTokenFile(file) if file else lambda: str(given),
        federation_rule_id=str(said(env, "ANTHROPIC_FEDERATION_RULE_ID")),
        organization_id=str(said(env, "ANTHROPIC_ORGANIZATION_ID")),
        service_account_id=said(env, "ANTHROPIC_SERVICE_ACCOUNT_ID"),
        workspace_id=said(env, "ANTHROPIC_WORKSPACE_ID"),
        scope=said(env, "ANTHROPIC_SCOPE"),
    )
    provider.bind_base_url(tokens.check_address(makings.base_url))
    return Federation(provider, as_bearer)


def _aws(makings: _Makings) -> Source:
    from windtunnel.client.credentials.aws import AwsKeys

    return AwsKeys()


def _google(makings: _Makings) -> Source:
    from windtunnel.client.credentials.google import GoogleTokens

    return GoogleTokens()


def _header(makings: _Makings) -> Source:
    origin = Origin(
        "what ANTHROPIC_CUSTOM_HEADERS has", "put another credential there", "the client has none of its own"
    )
    return Fixed(Credential(), origin)


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
    ("bedrock", "bearer"): partial(_keys, "AWS_BEARER_TOKEN_BEDROCK"),
    ("vertex", "google"): _google,
    ("vertex", "header"): _header,
    ("foundry", "api_key"): partial(_keys, "ANTHROPIC_FOUNDRY_API_KEY"),
    ("foundry", "entra"): _entra,
}
