"""What a client behind Amazon reads: variables and files for each kind of credential, and what would lead it elsewhere.

Which variable redirects what: wire.md 1.2 to 1.4 and 2.3. Nothing is left that points to the machine's own credentials.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

from windtunnel.environments.profile import write_secret

if TYPE_CHECKING:
    from windtunnel_server.identity.aws import Aws
    from windtunnel_server.identity.aws.keys import AwsKey

Provider: TypeAlias = Literal["bedrock", "bedrock-mantle", "aws"]
#: A user's key in the environment; one of a session there; a user's in a profile; what the chain finds by itself; a
#: command that prints a key; a key that is sent as it is.
Credential: TypeAlias = Literal[
    "environment",
    "session",
    "profile",
    "assume_role",
    "web_identity",
    "sso",
    "container",
    "instance",
    "process",
    "bearer",
]
PROVIDERS: Final[tuple[str, ...]] = get_args(Provider)
CREDENTIALS: Final[tuple[str, ...]] = get_args(Credential)

#: Behind the fake's own address.
PREFIXES: Final[Mapping[str, str]] = {"bedrock": "/bedrock", "bedrock-mantle": "/bedrock-mantle", "aws": "/aws"}
PROFILE: Final = "windtunnel"
_SOURCE: Final = "windtunnel-source"
#: Nobody answers there: the portal is found by `AWS_ENDPOINT_URL_SSO`.
_START_URL: Final = "https://windtunnel.invalid/start"
#: Where a role's session name comes from, for web identity.
_SESSION: Final = "windtunnel"

#: Variables that begin like this are taken away, unless the client is given them.
_FENCED: Final = (
    "AWS_",
    "ANTHROPIC_AWS_",
    "ANTHROPIC_BEDROCK_",
    "BOTO_",
    "CLAUDE_CODE_USE_",
    "CLAUDE_CODE_SKIP_",
)
_LOOPBACK: Final = "127.0.0.1,localhost,::1"


def url(provider: str, address: str) -> str:
    """Return the base address a client of a provider is given; `address` is the fake's own."""
    return address + PREFIXES[provider] + ("/anthropic" if provider == "bedrock-mantle" else "")


def variables(
    kind: str, provider: str, address: str, *, aws: Aws, folder: Path, workspace_id: str = ""
) -> dict[str, str]:
    """Return the variables of a client of `provider` with that kind of credential, and write its files into `folder`.

    `aws` hands the credentials out; `address` is the fake's own, without a path; `workspace_id` is for "aws". Take
    away what `misleading` names before a client reads them, and see `in_process` for one in this process.
    """
    for what, given, known in (("credential", kind, CREDENTIALS), ("provider", provider, PROVIDERS)):
        if given not in known:
            raise ValueError(f"{what} {given!r} is not known; on offer: {', '.join(known)}")
    config, credentials = folder / "aws" / "config", folder / "aws" / "credentials"
    found = _Kinds(aws, provider, address, folder).variables(kind)
    region = aws.keys.region
    _write_ini(config, found.config or {"default": {"region": region}})
    _write_ini(credentials, found.credentials)
    _write_ini(folder / "aws" / "boto", {})
    return {
        **_pointed(provider, address, workspace_id),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
        "AWS_LOGIN_CACHE_DIRECTORY": str(folder / "aws" / "login"),
        "BOTO_CONFIG": str(folder / "aws" / "boto"),
        "AWS_ENDPOINT_URL_STS": address,
        "AWS_ENDPOINT_URL_SSO": address,
        "AWS_ENDPOINT_URL_SSO_OIDC": address,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": _LOOPBACK,
        "no_proxy": _LOOPBACK,
        **found.variables,
    }


def misleading(env: Mapping[str, str], environ: Mapping[str, str]) -> list[str]:
    """Return the variables of `environ` to take away from a client that is given `env`."""
    return [name for name in environ if name.startswith(_FENCED) and name not in env]


def write_process_credentials(folder: Path, key: AwsKey) -> Path:
    """Write what the command of the kind "process" prints: a key. Write another one to renew it."""
    said = {"Version": 1, "AccessKeyId": key.id, "SecretAccessKey": key.secret, "SessionToken": key.token}
    path = folder / "aws" / "process.json"
    write_secret(path, json.dumps(said | {"Expiration": _instant(key.expires_at)}))
    return path


@contextmanager
def in_process(env: Mapping[str, str]) -> Iterator[None]:
    """Let clients in this process meet `env` afresh, and leave nothing of it behind.

    The official SDK keeps a session of botocore for the whole process, boto3 a default one, and botocore settles where
    the tokens of single sign-on are when it is imported.
    """
    undo = [_forget_default_session(), *(_point_sso_cache(env["HOME"]) if "HOME" in env else ())]
    _forget_sessions()
    try:
        yield
    finally:
        _forget_sessions()
        for restore in undo:
            restore()


# --- by kind -------------------------------------------------------------------------------------------------------


class _Found:
    """What one kind of credential consists of."""

    def __init__(self, variables: Mapping[str, str], **files: Mapping[str, Mapping[str, str]]) -> None:
        self.variables = dict(variables)
        self.config, self.credentials = files.get("config", {}), files.get("credentials", {})


class _Kinds:
    def __init__(self, aws: Aws, provider: str, address: str, folder: Path) -> None:
        self._aws, self._provider, self._address, self._folder = aws, provider, address, folder

    def variables(self, kind: str) -> _Found:
        made: _Found = getattr(self, f"_{kind}")()
        return made

    def _environment(self) -> _Found:
        return _Found(_key_variables(self._aws.keys.user))

    def _session(self) -> _Found:
        return _Found(_key_variables(self._aws.keys.session()))

    def _profile(self) -> _Found:
        return self._profiled({}, **{PROFILE: _key_fields(self._aws.keys.user)})

    def _assume_role(self) -> _Found:
        from windtunnel_server.identity.aws.keys import ROLE_ARN

        role = {"role_arn": ROLE_ARN, "source_profile": _SOURCE}
        return self._profiled(role, **{_SOURCE: _key_fields(self._aws.keys.user)})

    def _web_identity(self) -> _Found:
        from windtunnel_server.identity.aws.keys import ROLE_ARN

        file = self._folder / "aws" / "identity-token"
        write_secret(file, self._aws.sts.identity.token(self._aws.keys.wall()))
        named = {"AWS_ROLE_ARN": ROLE_ARN, "AWS_ROLE_SESSION_NAME": _SESSION}
        return _Found(named | {"AWS_WEB_IDENTITY_TOKEN_FILE": str(file)})

    def _sso(self) -> _Found:
        from windtunnel_server.identity.aws.keys import ACCOUNT, ROLE

        token, ends = self._aws.sso.login()
        said = {"startUrl": _START_URL, "region": self._aws.keys.region, "accessToken": token}
        name = hashlib.sha1(_START_URL.encode()).hexdigest()
        cached = self._folder / ".aws" / "sso" / "cache" / f"{name}.json"
        write_secret(cached, json.dumps(said | {"expiresAt": _instant(ends)}))
        portal = {"sso_start_url": _START_URL, "sso_region": self._aws.keys.region}
        found = self._profiled(portal | {"sso_account_id": ACCOUNT, "sso_role_name": ROLE})
        # The login is looked for below the home folder, and nowhere else.
        found.variables |= {"HOME": str(self._folder), "USERPROFILE": str(self._folder)}
        return found

    def _container(self) -> _Found:
        from windtunnel_server.identity.aws import container as container

        return _Found(
            {
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": self._address + container.PATH,
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": container.TOKEN,
            }
        )

    def _instance(self) -> _Found:
        served = {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_V1_DISABLED": "true"}
        return _Found(served | {"AWS_EC2_METADATA_SERVICE_ENDPOINT": self._address})

    def _process(self) -> _Found:
        path = write_process_credentials(self._folder, self._aws.keys.session(name="process"))
        return self._profiled({"credential_process": f"cat {shlex.quote(str(path))}"})

    def _bearer(self) -> _Found:
        if self._provider == "aws":
            return _Found({"ANTHROPIC_AWS_API_KEY": self._aws.keys.bearer("aws-external-anthropic")})
        return _Found({"AWS_BEARER_TOKEN_BEDROCK": self._aws.keys.bearer("bedrock")})

    def _profiled(self, fields: Mapping[str, str], **credentials: Mapping[str, str]) -> _Found:
        section = {"region": self._aws.keys.region, **fields}
        config = {f"profile {PROFILE}": section}
        return _Found({"AWS_PROFILE": PROFILE}, config=config, credentials=credentials)


def _pointed(provider: str, address: str, workspace_id: str) -> dict[str, str]:
    base = url(provider, address)
    if provider == "bedrock":
        runtime = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": base, "AWS_ENDPOINT_URL_BEDROCK": base}
        return {"CLAUDE_CODE_USE_BEDROCK": "1", "ANTHROPIC_BEDROCK_BASE_URL": base, **runtime}
    if provider == "bedrock-mantle":
        return {"CLAUDE_CODE_USE_MANTLE": "1", "ANTHROPIC_BEDROCK_MANTLE_BASE_URL": base}
    named = {"ANTHROPIC_AWS_BASE_URL": base, "ANTHROPIC_AWS_WORKSPACE_ID": workspace_id}
    return {"CLAUDE_CODE_USE_ANTHROPIC_AWS": "1", **named}


def _key_variables(key: AwsKey) -> dict[str, str]:
    return {name.upper(): value for name, value in _key_fields(key).items()}


def _key_fields(key: AwsKey) -> dict[str, str]:
    token = {} if key.token is None else {"aws_session_token": key.token}
    return {"aws_access_key_id": key.id, "aws_secret_access_key": key.secret, **token}


def _write_ini(path: Path, sections: Mapping[str, Mapping[str, str]]) -> None:
    lines = (
        f"[{section}]\n" + "".join(f"{name} = {value}\n" for name, value in fields.items())
        for section, fields in sections.items()
    )
    write_secret(path, "\n".join(lines))


def _instant(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- what libraries keep for the whole process ---------------------------------------------------------------------


def _forget_sessions() -> None:
    module = sys.modules.get("anthropic.lib.aws._auth")
    clear = getattr(getattr(module, "_get_session", None), "cache_clear", None)
    if clear is not None:
        clear()


def _forget_default_session() -> Callable[[], None]:
    module: Any = sys.modules.get("boto3")
    before = getattr(module, "DEFAULT_SESSION", None)

    def restore() -> None:
        now: Any = sys.modules.get("boto3")
        if now is not None:
            now.DEFAULT_SESSION = before

    if module is not None:
        module.DEFAULT_SESSION = None
    return restore


_SSO_HOLDERS: Final = (("botocore.credentials", "SSOProvider"), ("botocore.tokens", "SSOTokenProvider"))


def _point_sso_cache(home: str) -> Iterator[Callable[[], None]]:
    try:
        holders = [getattr(importlib.import_module(module), name) for module, name in _SSO_HOLDERS]
    except ImportError:
        return
    folder = str(Path(home, ".aws", "sso", "cache"))
    for holder in holders:
        before = holder._SSO_TOKEN_CACHE_DIR
        holder._SSO_TOKEN_CACHE_DIR = folder
        yield _setter(holder, before)


def _setter(holder: Any, before: str) -> Callable[[], None]:
    def restore() -> None:
        holder._SSO_TOKEN_CACHE_DIR = before

    return restore
