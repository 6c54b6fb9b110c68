"""Which backend the environment asks for, and what the client will prove itself by there. Nothing is sent.

The variables are those of coding clients for the choice of a backend, and those of the official SDK for the rest
(wire.md section 2); in which order the SDK looks for credentials is its own (2.1).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from windtunnel.client.failures import ConfigurationError
from windtunnel.client.variables import Environ, address, custom_headers, said, secret, word

Name: TypeAlias = Literal["anthropic", "bedrock", "vertex", "foundry"]

FLAGS: Final[Mapping[str, Name]] = {
    "CLAUDE_CODE_USE_BEDROCK": "bedrock",
    "CLAUDE_CODE_USE_VERTEX": "vertex",
    "CLAUDE_CODE_USE_FOUNDRY": "foundry",
}
_ON: Final = frozenset({"1", "true", "yes", "on"})
_OFF: Final = frozenset({"", "0", "false", "no", "off"})
#: Each of them alone selects Foundry too.
FOUNDRY_PLACES: Final = ("ANTHROPIC_FOUNDRY_RESOURCE", "ANTHROPIC_FOUNDRY_BASE_URL")

#: The profile of our own logins, among those of the official SDK.
OWN_PROFILE: Final = "windtunnel"

Kind: TypeAlias = Literal[
    "api_key",
    "auth_token",
    "profile",
    "federation",
    "helper",
    "asked",
    "login",
    "aws",
    "bearer",
    "google",
    "header",
    "entra",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A backend, where it is, and what kind of credential is for it. There is no secret in it."""

    backend: Name
    kind: Kind
    #: The kind in words: "API key", "AWS profile dev".
    credential: str
    #: Region, or location on Google Cloud.
    region: str | None = None
    project: str | None = None
    resource: str | None = None
    #: None: the cloud's own. An address may have a password in it, so it is shown without.
    base_url: str | None = field(default=None, repr=False)
    #: Of the official SDK's store: the folder, and the profile in it.
    folder: Path | None = None
    profile: str | None = None

    def describe(self) -> dict[str, str]:
        """Return what a person may want to see: backend, place and credential, in that order."""
        shown = {
            "backend": self.backend,
            "region": self.region,
            "project": self.project,
            "resource": self.resource,
            "base_url": _shown(self.base_url),
            "credential": self.credential,
        }
        return {name: value for name, value in shown.items() if value}

    def __str__(self) -> str:
        shown = self.describe()
        places = [
            f"{name.replace('_', ' ')} {shown[name]}" for name in ("region", "project", "resource") if name in shown
        ]
        at = [f"at {shown['base_url']}"] if "base_url" in shown else []
        return f"{self.backend} ({', '.join([*places, *at, shown['credential']])})"


def choose(environ: Environ | None = None, *, can_ask: bool = False, can_log_in: bool = False) -> Choice:
    """Choose a backend by the variables of `environ` (None: those of the process).

    `can_ask`: somebody can be asked for a key; `can_log_in`: somebody can log in. Raises ConfigurationError where two
    backends are selected, where a place or a credential is missing that can be told without asking anyone, and where a
    variable says what it cannot mean.
    """
    env = os.environ if environ is None else environ
    name = _selected(env)
    custom_headers(env)  # the first look at what every request will carry
    if name == "anthropic":
        return _anthropic(env, can_ask=can_ask, can_log_in=can_log_in)
    return _CLOUDS[name](env)


def _selected(env: Environ) -> Name:
    on = {flag: name for flag, name in FLAGS.items() if _is_on(env, flag)}
    asking = {f"{flag}={env[flag]}": name for flag, name in on.items()}
    if "foundry" not in on.values() and not said(env, "CLAUDE_CODE_USE_FOUNDRY"):
        # Its place alone selects it, unless the flag says that it does not.
        asking |= dict.fromkeys((place for place in FOUNDRY_PLACES if said(env, place)), "foundry")
    if len(set(asking.values())) > 1:
        unset = [what.partition("=")[0] for what in asking]
        raise ConfigurationError(
            f"{' and '.join(asking)} ask for {' and '.join(dict.fromkeys(asking.values()))} at once; keep one, and unset "
            f"{' or '.join(unset)}"
        )
    return next(iter(asking.values()), "anthropic")


def _is_on(env: Environ, flag: str) -> bool:
    word = (said(env, flag) or "").lower()
    if word not in _ON | _OFF:
        raise ConfigurationError(f"{flag} is {env[flag]!r}, which is neither on nor off; set it to 1, or unset it")
    return word in _ON


# --- the direct API ------------------------------------------------------------------------------------------------


def _anthropic(env: Environ, *, can_ask: bool, can_log_in: bool) -> Choice:
    url = address(env, "ANTHROPIC_BASE_URL")
    folder = config_folder(env)
    for variable, kind, words in _GIVEN:
        if (said if kind == "helper" else secret)(env, variable):
            return Choice(backend="anthropic", kind=kind, credential=words, base_url=url)
    named = said(env, "ANTHROPIC_PROFILE")
    if named:
        return _profile(folder, named, url)
    if _federates(env):
        return Choice(backend="anthropic", kind="federation", credential="workload federation", base_url=url)
    if said(env, "ANTHROPIC_CONFIG_DIR"):
        return _profile(folder, active_profile(folder), url)
    if secret(env, "CLAUDE_CODE_OAUTH_TOKEN"):
        return Choice(backend="anthropic", kind="auth_token", credential="OAuth token", base_url=url)
    for known in (OWN_PROFILE, active_profile(folder)):
        if (folder / "configs" / f"{known}.json").is_file():
            return _profile(folder, known, url)
    return _nothing_set(env, folder, url, can_ask=can_ask, can_log_in=can_log_in)


#: What stands in a variable as it is sent, or prints it, the strongest first.
_GIVEN: Final[tuple[tuple[str, Kind, str], ...]] = (
    ("ANTHROPIC_API_KEY", "api_key", "API key"),
    ("ANTHROPIC_AUTH_TOKEN", "auth_token", "auth token"),
    ("ANTHROPIC_API_KEY_HELPER", "helper", "API-key helper"),
)


def _profile(folder: Path, name: str, url: str | None) -> Choice:
    return Choice(
        backend="anthropic",
        kind="profile",
        credential=f"login of profile {name}",
        base_url=url,
        folder=folder,
        profile=name,
    )


def _nothing_set(env: Environ, folder: Path, url: str | None, *, can_ask: bool, can_log_in: bool) -> Choice:
    if can_log_in and said(env, "ANTHROPIC_OAUTH_CLIENT_ID"):
        return Choice(
            backend="anthropic", kind="login", credential="login", base_url=url, folder=folder, profile=OWN_PROFILE
        )
    if can_ask:
        return Choice(backend="anthropic", kind="asked", credential="API key (asked for)", base_url=url)
    raise ConfigurationError(
        "no credential for the Anthropic API: set ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN, ANTHROPIC_API_KEY_HELPER (a "
        "command that prints a key) or ANTHROPIC_PROFILE (a login of the official SDK), or a cloud: "
        f"{', '.join(f'{flag}=1' for flag in FLAGS)}"
    )


def config_folder(env: Environ) -> Path:
    """Return the folder of the official SDK's profiles (wire.md 2.1)."""
    folder = said(env, "ANTHROPIC_CONFIG_DIR")
    return Path(folder).expanduser() if folder else Path(env.get("HOME") or Path.home(), ".config", "anthropic")


def active_profile(folder: Path) -> str:
    """Return the name of the profile that a folder points at."""
    try:
        name = (folder / "active_config").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        name = ""
    return name or "default"


def _federates(env: Environ) -> bool:
    return bool(
        said(env, "ANTHROPIC_FEDERATION_RULE_ID")
        and said(env, "ANTHROPIC_ORGANIZATION_ID")
        and said(env, "ANTHROPIC_IDENTITY_TOKEN", "ANTHROPIC_IDENTITY_TOKEN_FILE")
    )


# --- the clouds ----------------------------------------------------------------------------------------------------


def _bedrock(env: Environ) -> Choice:
    region = word(env, "AWS_REGION", "AWS_DEFAULT_REGION") or _region_of_profile(env)
    if not region:
        raise ConfigurationError("bedrock is selected, and no region: set AWS_REGION, or a region for the AWS profile")
    bearer = bool(secret(env, "AWS_BEARER_TOKEN_BEDROCK"))
    return Choice(
        backend="bedrock",
        kind="bearer" if bearer else "aws",
        credential="Bedrock API key" if bearer else _aws_words(env),
        region=region,
        base_url=address(env, "ANTHROPIC_BEDROCK_BASE_URL"),
    )


def _region_of_profile(env: Environ) -> str | None:
    """Look into the AWS configuration file. A profile that is not there has no region."""
    from configparser import ConfigParser
    from configparser import Error as ConfigError

    profile = said(env, "AWS_PROFILE", "AWS_DEFAULT_PROFILE") or "default"
    home = env.get("HOME") or str(Path.home())
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(env.get("AWS_CONFIG_FILE") or Path(home, ".aws", "config"), encoding="utf-8")
    except (ConfigError, OSError, ValueError):
        return None
    section = profile if profile == "default" else f"profile {profile}"
    return parser.get(section, "region", fallback=None)


def _aws_words(env: Environ) -> str:
    """Say where the chain begins; where it ends is known when it is asked."""
    if env.get("AWS_ACCESS_KEY_ID"):
        return "AWS session key" if env.get("AWS_SESSION_TOKEN") else "AWS key"
    profile = said(env, "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
    if profile:
        return f"AWS profile {profile}"
    if env.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        return "AWS web identity"
    if said(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        return "AWS container role"
    return "AWS credential chain"


def _vertex(env: Environ) -> Choice:
    region = word(env, "CLOUD_ML_REGION")
    project = word(env, "ANTHROPIC_VERTEX_PROJECT_ID", "GOOGLE_CLOUD_PROJECT")
    missing = [] if region else ["a location: set CLOUD_ML_REGION"]
    missing += [] if project else ["a project: set ANTHROPIC_VERTEX_PROJECT_ID"]
    if missing:
        raise ConfigurationError(f"vertex is selected, and lacks {'; and '.join(missing)}")
    header = any(name.lower() == "authorization" for name in custom_headers(env))
    return Choice(
        backend="vertex",
        kind="header" if header else "google",
        credential="Google access token" if header else _google_words(env),
        region=region,
        project=project,
        base_url=address(env, "ANTHROPIC_VERTEX_BASE_URL"),
    )


#: The `type` of a file of credentials.
_GOOGLE_FILES: Final[Mapping[str, str]] = {
    "service_account": "Google service account",
    "authorized_user": "Google login",
    "external_account": "Google workload identity",
    "external_account_authorized_user": "Google workforce login",
    "impersonated_service_account": "Google impersonated service account",
}


def _google_words(env: Environ) -> str:
    path = said(env, "GOOGLE_APPLICATION_CREDENTIALS")
    if not path:
        return "Google default credentials"
    try:
        return _GOOGLE_FILES[json.loads(Path(path).read_text(encoding="utf-8"))["type"]]
    except OSError as error:
        why = error.strerror or str(error)
        raise ConfigurationError(
            f"GOOGLE_APPLICATION_CREDENTIALS names {path}, which cannot be read ({why}); set it to a file of credentials, "
            "or unset it and run `gcloud auth application-default login`"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise ConfigurationError(
            f"GOOGLE_APPLICATION_CREDENTIALS names {path}, which is no file of credentials: it has to be a JSON object "
            f"with a type, one of {', '.join(sorted(_GOOGLE_FILES))}"
        ) from None


def _foundry(env: Environ) -> Choice:
    resource, url = word(env, "ANTHROPIC_FOUNDRY_RESOURCE"), address(env, "ANTHROPIC_FOUNDRY_BASE_URL")
    if resource and url:
        raise ConfigurationError(
            "ANTHROPIC_FOUNDRY_RESOURCE and ANTHROPIC_FOUNDRY_BASE_URL both say where Foundry is; unset one of them"
        )
    if not (resource or url):
        raise ConfigurationError(
            "foundry is selected, and no place: set ANTHROPIC_FOUNDRY_RESOURCE, or ANTHROPIC_FOUNDRY_BASE_URL"
        )
    key = bool(secret(env, "ANTHROPIC_FOUNDRY_API_KEY"))
    return Choice(
        backend="foundry",
        kind="api_key" if key else "entra",
        credential="API key" if key else "Entra ID token",
        resource=resource,
        base_url=url,
    )


_CLOUDS: Final[Mapping[Name, Callable[[Environ], Choice]]] = {
    "bedrock": _bedrock,
    "vertex": _vertex,
    "foundry": _foundry,
}


def _shown(url: str | None) -> str | None:
    """An address without what may be secret in it."""
    if url is None:
        return None
    parts = urlsplit(url)
    port = "" if parts.port is None else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}".rstrip("/")
