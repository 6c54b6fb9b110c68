"""What a client of Foundry is given, what is taken away from it, and that nothing of the machine's own is read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from windtunnel.environments import azure as environments_azure
from windtunnel.environments.azure import CREDENTIALS, azure, misleading
from windtunnel_server.clock import RealClock
from windtunnel_server.identity.entra import Entra

ADDRESS = "https://127.0.0.1:8787"


@pytest.fixture(scope="module")
def entra() -> Entra:
    return Entra(RealClock())


def given(kind: str, entra: Entra, folder: Path, address: str = ADDRESS) -> dict[str, str]:
    return azure(kind, address, api_key="key", entra=entra, folder=folder)


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_every_client_is_pointed_at_the_door_and_at_nothing_of_the_machines(kind: str, entra: Entra, tmp_path: Path):
    env = given(kind, entra, tmp_path)

    assert env["ANTHROPIC_FOUNDRY_BASE_URL"] == f"{ADDRESS}/foundry/anthropic"
    assert env["AZURE_POD_IDENTITY_AUTHORITY_HOST"] == ADDRESS
    assert Path(env["AZURE_CONFIG_DIR"]).is_relative_to(tmp_path)
    assert Path(env["AZD_CONFIG_DIR"]).is_relative_to(tmp_path)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("api_key", {"ANTHROPIC_FOUNDRY_API_KEY"}),
        ("entra_secret", {"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_AUTHORITY_HOST", "AZURE_CLIENT_SECRET"}),
        (
            "workload_identity",
            {"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_AUTHORITY_HOST", "AZURE_FEDERATED_TOKEN_FILE"},
        ),
        ("managed_identity", {"IDENTITY_ENDPOINT", "IDENTITY_HEADER"}),
        ("machine_identity", set()),
    ],
)
def test_a_credential_is_these_variables_and_no_others(kind: str, names: set[str], entra: Entra, tmp_path: Path):
    always = set.intersection(*(set(given(each, entra, tmp_path)) for each in CREDENTIALS))

    assert set(given(kind, entra, tmp_path)) - always == names


def test_the_assertion_is_for_its_owners_eyes(entra: Entra, tmp_path: Path):
    file = Path(given("workload_identity", entra, tmp_path)["AZURE_FEDERATED_TOKEN_FILE"])

    assert entra.claims_of_assertion(file.read_text()) is not None
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", ["entra_secret", "workload_identity"])
def test_what_needs_tls_says_so(kind: str, entra: Entra, tmp_path: Path):
    with pytest.raises(ValueError, match="--tls"):
        given(kind, entra, tmp_path, "http://127.0.0.1:8787")


def test_an_unknown_kind_is_told_which_there_are(entra: Entra, tmp_path: Path):
    with pytest.raises(ValueError, match="managed_identity"):
        given("oauth", entra, tmp_path)


def test_what_would_lead_elsewhere_is_taken_away():
    decoys = {
        "AZURE_CLIENT_SECRET",
        "AZURE_USERNAME",
        "ANTHROPIC_FOUNDRY_RESOURCE",
        "MSI_ENDPOINT",
        "IDENTITY_SERVER_THUMBPRINT",
        "IMDS_ENDPOINT",
        "AZD_CONFIG_DIR",
    }

    assert misleading({"AZURE_CLIENT_ID": "mine"}, [*decoys, "PATH", "AZURE_CLIENT_ID"]) == sorted(decoys)


#: Asks for a token with everything azure-identity has, and notes every file it opens under the decoy home, every
#: program it starts and every address it goes to.
_NOSY = """
import sys
seen = []
def note(event, args):
    if event == "open" and isinstance(args[0], str) and args[0].startswith(sys.argv[1]):
        seen.append(("read", args[0]))
    elif event == "subprocess.Popen":
        seen.append(("run", str(args[1])))
    elif event == "socket.connect" and isinstance(args[1], tuple):
        seen.append(("connect", args[1][0]))
from azure.identity import DefaultAzureCredential
sys.addaudithook(note)
with DefaultAzureCredential(disable_instance_discovery=True) as credential:
    try:
        credential.get_token("https://ai.azure.com/.default")
    except Exception as error:
        print(type(error).__name__, file=sys.stderr)
print(sorted(set(seen)))
"""


@pytest.mark.parametrize("kind", [kind for kind in CREDENTIALS if kind != "api_key"])
def test_nothing_of_the_machines_own_is_read(kind: str, entra: Entra, tmp_path: Path):
    pytest.importorskip("azure.identity")
    home, folder = tmp_path / "home", tmp_path / "files"
    folder.mkdir()
    for name in (".azure/msal_token_cache.json", ".azure/azureProfile.json", ".azd/config.json"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("{}")
    (home / ".IdentityService").mkdir()
    (home / ".IdentityService/msal.cache").write_text("{}")
    planted = {
        "HOME": str(home),
        "AZURE_CLIENT_ID": "decoy",
        "AZURE_CLIENT_SECRET": "decoy",
        "AZURE_TENANT_ID": "decoy",
        "AZURE_USERNAME": "decoy",
        "AZURE_AUTHORITY_HOST": "https://192.0.2.1",
        "MSI_ENDPOINT": "http://192.0.2.2/msi",
        "MSI_SECRET": "decoy",
        "IDENTITY_ENDPOINT": "http://192.0.2.3/msi",
        "IDENTITY_HEADER": "decoy",
    }
    # Nobody listens there: what counts is where a client goes, and that it looks nowhere else.
    env = given(kind, entra, folder, "https://127.0.0.1:9")
    inside = os.environ | planted
    for name in misleading(env, inside):
        del inside[name]

    run = subprocess.run(
        [sys.executable, "-c", _SHORT_PATIENCE + _NOSY, str(home)],
        env=inside | env,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )

    assert run.stdout.strip() == "[('connect', '127.0.0.1')]"


#: Its retries would take half a minute.
_SHORT_PATIENCE = """
import time
time.sleep = lambda for_s: None
"""


def test_the_names_of_the_credentials_are_those_of_the_table():
    assert set(environments_azure._LINKS) == set(CREDENTIALS)
