"""What a client of Microsoft Foundry reads to find the fake and say who it is, and what must not lead it elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from windtunnel.environments import profile

if TYPE_CHECKING:
    from windtunnel_server.identity.entra import Entra

#: What a client can be given: a key; an application's secret; a workload's assertion in a file; the identity of an App
#: Service; that of a machine, from its metadata service.
Credential: TypeAlias = Literal["api_key", "entra_secret", "workload_identity", "managed_identity", "machine_identity"]
CREDENTIALS: Final[tuple[Credential, ...]] = get_args(Credential)

#: Which variables a client of Azure may follow to another place: taken away while a test runs, whatever follows.
PREFIXES: Final = ("AZURE_", "AZD_", "ANTHROPIC_FOUNDRY_", "MSI_", "IDENTITY_", "IMDS_")

#: These clients ask for their tokens over TLS and nothing else.
_OVER_TLS: Final = frozenset({"entra_secret", "workload_identity"})
#: The one link of azure-identity's default chain that is meant; the others would look at the machine (its
#: command-line tools, its files, its metadata service). A key needs no link: "prod" leaves those that look at nothing.
_LINKS: Final[Mapping[str, str]] = {
    "api_key": "prod",
    "entra_secret": "EnvironmentCredential",
    "workload_identity": "WorkloadIdentityCredential",
    "managed_identity": "ManagedIdentityCredential",
    "machine_identity": "ManagedIdentityCredential",
}


def azure(
    kind: str, address: str, *, api_key: str, entra: Entra, folder: Path, prefix: str = "/foundry"
) -> dict[str, str]:
    """Return the variables of a client with that kind of credential; files that belong to it go into `folder`.

    `address` is the server's own, `prefix` the path of the door. Take away what `misleading` names before a client reads
    them. Raises ValueError for an unknown kind, and for one that needs https at an address without.
    """
    if kind not in CREDENTIALS:
        raise ValueError(f"credential {kind!r} is not known on foundry; on offer: {', '.join(CREDENTIALS)}")
    if kind in _OVER_TLS and not address.startswith("https://"):
        raise ValueError(
            f"credential {kind!r} needs TLS, since clients of Entra ask for tokens at an https address only: "
            "use --tls, Windtunnel(tls=True) or @pytest.mark.windtunnel(tls=True)"
        )
    return _pointed(address + prefix, address, kind, folder) | _credential(kind, address, api_key, entra, folder)


def misleading(env: Mapping[str, str], present: Iterable[str]) -> list[str]:
    """Return which of the variables that are `present` to take away from a client that is given `env`."""
    return sorted(name for name in present if name.startswith(PREFIXES) and name not in env)


def _pointed(base: str, address: str, kind: str, folder: Path) -> dict[str, str]:
    return {
        "ANTHROPIC_FOUNDRY_BASE_URL": f"{base}/anthropic",
        # Claude Code asks no other variable which provider is meant.
        "CLAUDE_CODE_USE_FOUNDRY": "1",
        "AZURE_TOKEN_CREDENTIALS": _LINKS[kind],
        "AZURE_CONFIG_DIR": str(folder / "azure"),
        "AZD_CONFIG_DIR": str(folder / "azd"),
        # Whoever looks for a machine's metadata service finds this one, and not the one of the machine it runs on.
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": address,
    }


def _credential(kind: str, address: str, api_key: str, entra: Entra, folder: Path) -> dict[str, str]:
    who = {
        "AZURE_TENANT_ID": entra.tenant_id,
        "AZURE_CLIENT_ID": entra.client_id,
        "AZURE_AUTHORITY_HOST": address,
    }
    if kind == "api_key":
        return {"ANTHROPIC_FOUNDRY_API_KEY": api_key}
    if kind == "entra_secret":
        return who | {"AZURE_CLIENT_SECRET": entra.client_secret}
    if kind == "workload_identity":
        file = folder / "azure-identity-token"
        profile.write_secret(file, entra.assertion())
        return who | {"AZURE_FEDERATED_TOKEN_FILE": str(file)}
    if kind == "managed_identity":
        return {"IDENTITY_ENDPOINT": f"{address}/msi/token", "IDENTITY_HEADER": entra.identity_header}
    return {}
