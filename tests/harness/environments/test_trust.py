"""How clients come to trust a fake that speaks TLS."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("trustme")

from windtunnel.environments import trust
from windtunnel_server import certificates
from windtunnel_server.clock import RealClock
from windtunnel_server.core import Core
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.server import Server
from windtunnel_server.threaded import ThreadedServer

AUTHORITY = certificates.make().authority


def test_every_variable_leads_to_a_file_with_the_authority(tmp_path: Path):
    given = trust.variables(AUTHORITY, tmp_path)

    assert set(given) == {
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "AWS_CA_BUNDLE",
        "NODE_EXTRA_CA_CERTS",
    }
    assert all(AUTHORITY in Path(path).read_bytes() for path in given.values())


def test_node_is_given_the_authority_alone(tmp_path: Path):
    given = trust.variables(AUTHORITY, tmp_path)

    assert Path(given["NODE_EXTRA_CA_CERTS"]).read_bytes() == AUTHORITY


def test_the_machines_own_list_is_copied_and_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    own, folder = tmp_path / "own.pem", tmp_path / "files"
    other = certificates.make().authority
    own.write_bytes(other.rstrip(b"\n"))  # a file need not end in a line
    folder.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(own))

    given = trust.variables(AUTHORITY, folder)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(given["SSL_CERT_FILE"])
    assert context.cert_store_stats()["x509_ca"] == 2
    assert own.read_bytes() == other.rstrip(b"\n")


def test_a_machine_without_a_list_gets_the_authority_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    nowhere = ssl.get_default_verify_paths()._replace(cafile=None)
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nowhere)

    given = trust.variables(AUTHORITY, tmp_path)

    assert Path(given["SSL_CERT_FILE"]).read_bytes() == AUTHORITY


#: Each asks for the address it is given as its last word, and reads whom to trust from its environment.
CLIENTS: dict[str, list[str]] = {
    "urllib": [sys.executable, "-c", "import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).status)"],
    "httpx2": [sys.executable, "-c", "import sys, httpx2; print(httpx2.get(sys.argv[1]).status_code)"],
    "requests": [sys.executable, "-c", "import sys, requests; print(requests.get(sys.argv[1]).status_code)"],
    "curl": ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}"],
    "node": [
        "node",
        "-e",
        "fetch(process.argv[1]).then(r => console.log(r.status), e => { console.error(e); process.exit(1) })",
    ],
}


@pytest.fixture(scope="module")
def health() -> Iterator[str]:
    """The address of something to ask, on a server that speaks TLS by an authority of its own."""
    clock, made = RealClock(), certificates.make()
    running = ThreadedServer(Server(Core(Anthropic(clock), clock), tls=made.context))
    running.start()
    with tempfile.TemporaryDirectory() as folder:
        TRUSTING.update(trust.variables(made.authority, Path(folder)))
        yield f"{running.server.url}/_windtunnel/health"
    running.stop()


TRUSTING: dict[str, str] = {}


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_trusts_by_its_environment_alone(health: str, name: str):
    command = CLIENTS[name]
    if name in ("httpx2", "requests"):
        pytest.importorskip(name)
    if shutil.which(command[0]) is None:
        pytest.skip(f"{name} is not installed")
    bare = {key: value for key, value in os.environ.items() if key not in TRUSTING}

    trusting, plain = (
        subprocess.run([*command, health], env=env, capture_output=True, encoding="utf-8", timeout=60)
        for env in (bare | TRUSTING, bare)
    )

    assert (trusting.stdout.strip(), trusting.returncode) == ("200", 0), trusting.stderr
    assert plain.returncode != 0
