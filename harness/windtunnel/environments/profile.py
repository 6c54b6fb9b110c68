"""The files by which the official SDK finds a login: `configs/`, `credentials/`, and the pointer to one of them.

Layout, fields and modes: read in the source of anthropic 2.12.0 for Python, `lib/credentials/_providers.py`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windtunnel_server.identity.oauth import Login

NAME = "windtunnel"
_VERSION = "1.0"


def write(folder: Path, url: str, login: Login, *, name: str = NAME) -> None:
    """Write a login as a profile into a configuration folder, and make it the active one.

    The address stands in the profile as well as in the environment: a client that is given another one goes on
    renewing its token here.
    """
    authentication = {"type": "user_oauth", "client_id": login.client_id}
    config = {
        "version": _VERSION,
        "authentication": authentication,
        "organization_id": login.organization_id,
        "workspace_id": login.workspace_id,
        "base_url": url,
    }
    tokens = {
        "version": _VERSION,
        "type": "oauth_token",
        "access_token": login.access_token,
        "expires_at": int(login.expires_at),
        "refresh_token": login.refresh_token,
    }
    # The SDK refuses a configuration that others may write, and tokens that others may read.
    _write(folder / "configs" / f"{name}.json", _json(config), 0o644)
    _write(folder / "credentials" / f"{name}.json", _json(tokens), 0o600)
    _write(folder / "active_config", f"{name}\n", 0o644)


def read_tokens(folder: Path, *, name: str = NAME) -> dict[str, Any]:
    """Return what the credentials file holds now: a client that renews its token rewrites it."""
    read: dict[str, Any] = json.loads((folder / "credentials" / f"{name}.json").read_text(encoding="utf-8"))
    return read


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    _write(path, text, 0o600)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2) + "\n"


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    path.chmod(mode)
