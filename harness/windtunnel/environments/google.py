"""What a client of Claude on Google's clouds reads: variables, and the files of each kind of credential.

Which of them google-auth lets point at a fake was read in its source, 2.62.2 (wire.md 2.4). It takes no other address
than Google's for the login of a person (`authorized_user`) and for `impersonated_service_account`: their likes here are
`external_account_authorized_user`, and an external account that stands in for a service account.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

from windtunnel.environments import profile

if TYPE_CHECKING:
    from windtunnel_server.identity.google import Google

Credential: TypeAlias = Literal[
    "service_account", "metadata", "external_account", "impersonation", "authorized_user", "access_token"
]
CREDENTIALS: Final[tuple[str, ...]] = get_args(Credential)

#: Where a client is told to be: every model is served there.
LOCATION: Final = "global"

#: Variables that lead to Google, to a credential of Google's or to a project, by how they begin.
_PREFIXES: Final = (
    "ANTHROPIC_GOOGLE_CLOUD_",
    "ANTHROPIC_VERTEX_",
    "CLOUDSDK_",
    "GCE_METADATA_",
    "GCLOUD_",
    "GCP_",
    "GOOGLE_",
    "VERTEX_REGION_",
)
_NAMES: Final = (
    "APPENGINE_RUNTIME",
    "CLAUDE_CODE_SKIP_VERTEX_AUTH",
    "CLAUDE_CODE_USE_VERTEX",
    "CLOUD_ML_REGION",
    "METADATA_SERVER_DETECTION",
    "NO_GCE_CHECK",
)

_LOOPBACK: Final = "127.0.0.1,localhost,::1"
_JWT: Final = "urn:ietf:params:oauth:token-type:jwt"


def variables(
    kind: Credential,
    address: str,
    *,
    google: Google,
    folder: Path,
    provider: Literal["vertex", "google-cloud"] = "vertex",
) -> dict[str, str]:
    """Return the variables of a client with that kind of credential; the files that belong to it go into `folder`.

    `address` is the server's own, without the path of a door. Take away what `misleading` names before a client reads
    them, and put them in force with `in_process` where the client lives in this process.
    """
    if kind not in CREDENTIALS:
        raise ValueError(f"credential {kind!r} is not known for {provider}; on offer: {', '.join(CREDENTIALS)}")
    # Nothing of a person's own: gcloud's folder is one without a login.
    own = folder / "gcloud"
    own.mkdir(parents=True, exist_ok=True, mode=0o700)
    return {
        **_doors(provider, address, google),
        "GOOGLE_CLOUD_PROJECT": google.project_id,
        "CLOUDSDK_CONFIG": str(own),
        "GOOGLE_API_USE_CLIENT_CERTIFICATE": "false",
        "NO_PROXY": _LOOPBACK,
        "no_proxy": _LOOPBACK,
        **_WRITTEN[kind](address, google, folder),
    }


def misleading(env: Mapping[str, str], environ: Iterable[str]) -> list[str]:
    """Return which variables of `environ` to take away from a client that is given `env`."""
    return [name for name in environ if name not in env and (name.startswith(_PREFIXES) or name in _NAMES)]


@contextmanager
def in_process(env: Mapping[str, str]) -> Iterator[None]:
    """Put into force what google-auth reads when it is imported: where the metadata server is, and whether there is one.

    Without google-auth there is nothing to do.
    """
    is_new = "google.auth.compute_engine._metadata" not in sys.modules
    if is_new and "GCE_METADATA_HOST" not in env:
        yield
        return
    try:
        from google.auth.compute_engine import _metadata
    except ImportError:
        yield
        return
    module: Any = _metadata
    before = _AS_IMPORTED if is_new else (module._GCE_METADATA_HOST, module._NO_GCE_CHECK)
    # A name that leads nowhere, where there is to be no such server.
    module._GCE_METADATA_HOST = env.get("GCE_METADATA_HOST", "metadata.invalid")
    module._NO_GCE_CHECK = env.get("NO_GCE_CHECK") == "true"
    try:
        yield
    finally:
        module._GCE_METADATA_HOST, module._NO_GCE_CHECK = before


def _doors(provider: str, address: str, google: Google) -> dict[str, str]:
    if provider == "vertex":
        return {
            "ANTHROPIC_VERTEX_BASE_URL": f"{address}/vertex/v1",
            "ANTHROPIC_VERTEX_PROJECT_ID": google.project_id,
            "CLOUD_ML_REGION": LOCATION,
            "CLAUDE_CODE_USE_VERTEX": "1",
        }
    if provider == "google-cloud":
        place = f"projects/{google.project_id}/locations/{LOCATION}/workspaces/{google.workspace_id}"
        return {
            "ANTHROPIC_GOOGLE_CLOUD_BASE_URL": f"{address}/google-cloud/v1/{place}/invoke",
            "ANTHROPIC_GOOGLE_CLOUD_PROJECT": google.project_id,
            "ANTHROPIC_GOOGLE_CLOUD_LOCATION": LOCATION,
            "ANTHROPIC_GOOGLE_CLOUD_WORKSPACE_ID": google.workspace_id,
        }
    raise ValueError(f"provider {provider!r} is none of Google's; on offer: vertex, google-cloud")


def _service_account(address: str, google: Google, folder: Path) -> dict[str, str]:
    from windtunnel_server.identity.google.token import PATH

    return _by_file(folder, google.service_account(address + PATH))


def _metadata(address: str, google: Google, folder: Path) -> dict[str, str]:
    host = address.partition("://")[2]
    # The last one is for the library of other languages, which would wait and see otherwise.
    return {"GCE_METADATA_HOST": host, "GCE_METADATA_IP": host, "METADATA_SERVER_DETECTION": "assume-present"}


def _external_account(address: str, google: Google, folder: Path) -> dict[str, str]:
    return _by_file(folder, _external(address, google, folder))


def _impersonation(address: str, google: Google, folder: Path) -> dict[str, str]:
    from windtunnel_server.identity.google.iam import path

    there = {"service_account_impersonation_url": address + path(google.target_email)}
    return _by_file(folder, _external(address, google, folder) | there)


def _external(address: str, google: Google, folder: Path) -> dict[str, Any]:
    from windtunnel_server.identity.google.sts import PATH

    subject = folder / "subject-token"
    profile.write_secret(subject, google.subject_token())
    return {
        "type": "external_account",
        "audience": google.pool,
        "subject_token_type": _JWT,
        "token_url": address + PATH,
        "credential_source": {"file": str(subject)},
        "universe_domain": "googleapis.com",
    }


def _authorized_user(address: str, google: Google, folder: Path) -> dict[str, str]:
    from windtunnel_server.identity.google import CLIENT_ID, CLIENT_SECRET
    from windtunnel_server.identity.google.sts import LOGIN_PATH

    said = {
        "type": "external_account_authorized_user",
        "audience": "//iam.googleapis.com/locations/global/workforcePools/windtunnel/providers/windtunnel",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "refresh_token": google.refresh_token,
        "token_url": address + LOGIN_PATH,
        "quota_project_id": google.project_id,
    }
    return _by_file(folder, said)


def _access_token(address: str, google: Google, folder: Path) -> dict[str, str]:
    """A token that nobody renews: the SDKs read none from the environment, but take headers from there."""
    token = google.issue().access_token
    return {"ANTHROPIC_CUSTOM_HEADERS": f"Authorization: Bearer {token}", **_NO_MACHINE}


#: What google-auth makes of an environment that says nothing of the matter.
_AS_IMPORTED: Final = ("metadata.google.internal", False)

#: There is no metadata server to ask.
_NO_MACHINE: Final = {"NO_GCE_CHECK": "true", "METADATA_SERVER_DETECTION": "none"}

_WRITTEN: Final[Mapping[str, Callable[[str, Google, Path], dict[str, str]]]] = {
    "service_account": _service_account,
    "metadata": _metadata,
    "external_account": _external_account,
    "impersonation": _impersonation,
    "authorized_user": _authorized_user,
    "access_token": _access_token,
}


def _by_file(folder: Path, said: Mapping[str, Any]) -> dict[str, str]:
    file = folder / "google-credentials.json"
    profile.write_secret(file, json.dumps(said, indent=2) + "\n")
    return {"GOOGLE_APPLICATION_CREDENTIALS": str(file), **_NO_MACHINE}
