"""Logins on disk, in the folders and files that the official SDK reads too (wire.md 2.1).

`configs/NAME.json` says what a login is for, `credentials/NAME.json` holds its tokens and is for its owner's eyes only.
"""

from __future__ import annotations

import asyncio
import json
import os
import stat
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from windtunnel.client.credentials.source import NoCredential

try:
    import fcntl
except ImportError:  # Windows: writers are not kept apart there
    fcntl = None  # type: ignore[assignment]

_VERSION: Final = "1.0"
_TYPE: Final = "oauth_token"
#: How often a lock that somebody else holds is looked at, and for how long, seconds.
_LOOKS_EVERY_S, _WAITS_S = 0.05, 30.0


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a login. `expires_at`: POSIX seconds, None where it is not known."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: float | None = None
    #: Further fields of the file, as they were.
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Profile:
    """One login of a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        if not name or name.startswith(".") or name != name.strip() or set(name) & set("/\\\0"):
            raise NoCredential(f"{name!r} is no name for a profile: it is that of a file, without a path")
        self.folder, self.name = folder, name

    @property
    def config_path(self) -> Path:
        return self.folder / "configs" / f"{self.name}.json"

    @property
    def path(self) -> Path:
        """Where the tokens are."""
        said = self.authentication().get("credentials_path")
        return Path(said).expanduser() if said else self.folder / "credentials" / f"{self.name}.json"

    def config(self) -> dict[str, Any]:
        """Return what the login is for; empty where there is no such file. NoCredential where it is not readable."""
        said = _read(self.config_path) or {}
        for name in ("base_url", "workspace_id"):
            _check_text(self.config_path, name, said.get(name))
        return said

    def authentication(self) -> dict[str, Any]:
        """Return how the login is renewed, and where its tokens are; empty where nothing says it."""
        said = self.config().get("authentication", {})
        if not isinstance(said, dict):
            raise NoCredential(f"{self.config_path}: authentication is {said!r}, and has to be a JSON object")
        for name in ("type", "client_id", "credentials_path", "console_url", "scope"):
            _check_text(self.config_path, f"authentication.{name}", said.get(name))
        return said

    def tokens(self) -> Tokens | None:
        """Read the tokens; None where there are none. NoCredential where others may read the file too, or nobody can."""
        path = self.path
        _check_mode(path)
        said = _read(path)
        if not said or not said.get("access_token"):
            return None
        ends = said.get("expires_at")
        return Tokens(
            str(said["access_token"]),
            said.get("refresh_token") or None,
            float(ends) if isinstance(ends, (int, float)) else None,
            said,
        )

    def write(self, tokens: Tokens) -> None:
        """Put tokens in place of those that were there, at once or not at all."""
        ends = {} if tokens.expires_at is None else {"expires_at": int(tokens.expires_at)}
        refresh = {} if tokens.refresh_token is None else {"refresh_token": tokens.refresh_token}
        said = {"version": _VERSION, "type": _TYPE, "access_token": tokens.access_token, **ends, **refresh}
        write_secret(self.path, json.dumps({**tokens.more, **said}, indent=2) + "\n")

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Say what the login is for, where nothing says it yet: the file is the user's own once it is there."""
        if not self.config_path.exists():
            write_secret(self.config_path, json.dumps({"version": _VERSION, **config}, indent=2) + "\n")

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Keep other clients away that renew the same login, in this process and in others.

        Where no file can be made to lock, they are not kept away: the login is worth more than that.
        """
        path = self.path
        lock = _opened(path.with_suffix(".lock"))
        try:
            if lock is not None:
                await _take(lock, path)
            yield
        finally:
            if lock is not None:
                os.close(lock)


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read, in place of what was there; a reader sees the old or the new."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")  # mode 0600
    try:
        with open(number, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _opened(path: Path) -> int | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None


async def _take(lock: int, path: Path) -> None:
    try:
        async with asyncio.timeout(_WAITS_S):
            while not _taken(lock):
                await asyncio.sleep(_LOOKS_EVERY_S)
    except TimeoutError:
        raise NoCredential(f"another process has been renewing the login at {path} for {_WAITS_S:g} s") from None


def _taken(lock: int) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _check_mode(path: Path) -> None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unreadable(path, error) from None
    if os.name == "posix" and mode & 0o077:
        raise NoCredential(f"{path} may be read by others (mode {mode:#o}); chmod 600 it, or log in again")


def _check_text(path: Path, name: str, value: object) -> None:
    if value is not None and not isinstance(value, str):
        raise NoCredential(f"{path}: {name} is {value!r}, and has to be a string")


def _unreadable(path: Path, error: Exception) -> NoCredential:
    return NoCredential(f"{path} cannot be read ({error}); mend it, or log in again")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    if not isinstance(said, dict):
        raise NoCredential(f"{path} holds no JSON object; mend it, or log in again")
    return said
