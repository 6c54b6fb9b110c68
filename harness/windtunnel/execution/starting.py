"""Why a command could not start: what was asked, what is there instead, what to do."""

from __future__ import annotations

import difflib
import errno
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

#: What a shell gives for a command that is not there, and for one that is but cannot be run.
NOT_FOUND, NOT_RUNNABLE = 127, 126


def why_not(
    command: Sequence[str], *, env: Mapping[str, str], cwd: str | None, stage: str, number: int
) -> tuple[int, str, str]:
    """Return the exit code a shell would give, the reason and the remedy. `number` is the errno of the attempt."""
    name = command[0]
    if stage == "cwd":
        return NOT_RUNNABLE, f"the folder {cwd} to run it in: {os.strerror(number)}", "name a folder that is there"
    path = _found(name, env, cwd)
    if path is None:
        return NOT_FOUND, *_missing(name, env, cwd)
    if path.is_dir():
        return NOT_RUNNABLE, f"{path} is a folder", "name the program in it"
    if number == errno.ENOENT:
        return NOT_RUNNABLE, *_no_interpreter(path)
    if number == errno.EACCES:
        return NOT_RUNNABLE, f"{path} is there, but may not be run", f"chmod +x {path}, or name its interpreter first"
    if number == errno.ENOEXEC:
        remedy = "name its interpreter first (sh, python, node, …), or begin a script with #! and its interpreter"
        return NOT_RUNNABLE, f"{path} is no program for this machine, and no script with a #! line", remedy
    if number == errno.E2BIG:
        return NOT_RUNNABLE, "its arguments and its environment are too long", "hand over long texts in a file"
    return NOT_RUNNABLE, f"{path}: {os.strerror(number)}", "run the command by itself to see more"


def _found(name: str, env: Mapping[str, str], cwd: str | None) -> Path | None:
    """Return the file that was tried, runnable or not."""
    if os.sep in name:
        path = Path(cwd or ".", name)
        return path if path.exists() else None
    places = [Path(folder or ".", name) for folder in env.get("PATH", os.defpath).split(os.pathsep)]
    there = [path for path in places if path.exists()]
    return next((path for path in there if path.is_file() and os.access(path, os.X_OK)), next(iter(there), None))


def _missing(name: str, env: Mapping[str, str], cwd: str | None) -> tuple[str, str]:
    if " " in name and (split := shutil.which(name.split()[0], path=env.get("PATH"))):
        return f"there is no program called {name!r}", f"write command and arguments as words of their own: {split} …"
    if os.sep in name:
        path = Path(cwd or ".", name)
        there = _names(path.parent)
        near = difflib.get_close_matches(path.name, there, n=1)
        offer = f"did you mean {path.parent / near[0]}?" if near else "check the path"
        return f"there is no file {path}", offer
    folders = env.get("PATH", os.defpath).split(os.pathsep)
    near = difflib.get_close_matches(name, sorted({there for folder in folders for there in _names(Path(folder))}), n=3)
    if Path(cwd or ".", name).is_file():
        return f"no folder on the PATH has a program called {name}", f"for the file here write ./{name}"
    offer = f"nearest: {', '.join(near)}" if near else "install it, or give its path"
    return f"no folder on the PATH has a program called {name}", offer


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _no_interpreter(path: Path) -> tuple[str, str]:
    """The file is there and yet "no such file": what it is to be run by is not."""
    with path.open("rb") as opened:
        first = opened.readline(256)
    if not first.startswith(b"#!"):
        return f"{path} needs a loader or a library that is not here", "install what it was built for (see: ldd, file)"
    said = first[2:].decode("utf-8", "replace")
    if said.endswith("\r\n"):
        return f"the first line of {path} ends like a line of Windows, so its interpreter is not found", (
            "store the script with plain line ends"
        )
    return f"{path} is a script for {said.strip()}, which is not here", "install it, or correct the script's first line"
