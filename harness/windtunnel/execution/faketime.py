"""A client whose clock runs N times as fast: libfaketime, where it is, and what it has to be told."""

from __future__ import annotations

import importlib.util
import math
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from windtunnel.execution.elf import why_unfakeable

#: Names its file, where it is in none of the usual places.
VARIABLE = "WINDTUNNEL_LIBFAKETIME"
#: The fastest a client may run. At this rate a millisecond that the machine is late is a second to the client.
MAX_SPEED = 1000.0

_PRELOAD = "DYLD_INSERT_LIBRARIES" if sys.platform == "darwin" else "LD_PRELOAD"
#: The one for programs with threads comes first. Folders of Debian, Fedora, Arch, Alpine, and of source builds.
_NAMES = (
    "libfaketimeMT.so.1",
    "libfaketime.so.1",
    "libfaketimeMT.dylib.1",
    "libfaketime.1.dylib",
    "libfaketime.dylib.1",
)
_FOLDERS = (
    "/usr/lib/*-linux-*/faketime",
    "/usr/lib64/faketime",
    "/usr/lib/faketime",
    "/usr/local/lib/faketime",
    "/opt/homebrew/lib/faketime",
    "/opt/local/lib/faketime",
    "/home/linuxbrew/.linuxbrew/lib/faketime",
)

_HOW = {
    "Debian, Ubuntu": "apt-get install faketime",
    "Fedora": "dnf install libfaketime",
    "Alpine": "apk add libfaketime",
    "Arch": "pacman -S libfaketime",
    "macOS": "brew install libfaketime",
}


class SpeedError(Exception):
    """The command cannot run faster than the machine's clock; the message says why, and what to do."""


def find_faketime() -> Path:
    """Return the file of libfaketime. Raises SpeedError, with the way to get it, where there is none."""
    said = os.environ.get(VARIABLE)
    if said:
        if not Path(said).is_file():
            raise SpeedError(f"{VARIABLE}={said}: there is no such file; name libfaketimeMT.so.1 itself")
        return Path(said)
    for folder in _folders():
        for name in _NAMES:
            if (folder / name).is_file():
                return folder / name
    ways = "\n".join(f"  {system}: {way}" for system, way in _HOW.items())
    raise SpeedError(
        f"--speed needs libfaketime, and it is in none of the usual folders. To get it:\n{ways}\n"
        f"or name its file in {VARIABLE}; or run at --speed 1"
    )


def _folders() -> Iterator[Path]:
    for pattern in _FOLDERS:
        yield from sorted(Path("/").glob(pattern.lstrip("/")))
    if program := shutil.which("faketime"):
        prefix = Path(program).resolve().parent.parent
        yield from (prefix / "lib" / "faketime", prefix / "lib64" / "faketime")
    # Last, for its build leaves some sleeps alone (see docs/concepts/other-languages.md).
    package = importlib.util.find_spec("libfaketime")
    for place in (package.submodule_search_locations or ()) if package else ():
        yield Path(place, "vendor", "libfaketime", "src")


def check_speed(speed: float) -> None:
    """Raise SpeedError for a speed that no client can run at."""
    if not (speed > 0 and math.isfinite(speed)):
        raise SpeedError(f"--speed {speed:g}: must be above 0 and finite")
    if speed > MAX_SPEED:
        raise SpeedError(
            f"--speed {speed:g}: at most {MAX_SPEED:g}. Beyond, the machine's own delays of milliseconds are seconds "
            "to the client, and time-outs strike that would not in life; for faster tests use virtual time in process"
        )


def faked(env: Mapping[str, str], speed: float, start: float) -> dict[str, str]:
    """Return `env` with what makes a command's clock run `speed` times as fast, from the wall time `start` on.

    `start` is the server's clock now (POSIX seconds): client and server then agree on the date to about a second.
    """
    check_speed(speed)
    if speed == 1:
        return dict(env)
    library = str(find_faketime())
    others = [other for other in env.get(_PRELOAD, "").split(":") if other and "faketime" not in other]
    ahead = round(start - time.time())
    plain = {name: value for name, value in env.items() if not name.startswith("FAKETIME")}
    return plain | {
        _PRELOAD: ":".join([library, *others]),
        # Whole seconds and no exponent: the library reads numbers as the program's locale writes them.
        "FAKETIME": f"{ahead:+d} x{speed:.6f}".rstrip("0").rstrip("."),
        # Files keep their dates: else Python finds every compiled module out of date, and make rebuilds.
        "NO_FAKE_STAT": "1",
        **({"DYLD_FORCE_FLAT_NAMESPACE": "1"} if sys.platform == "darwin" else {}),
    }


def check_fakeable(command: Sequence[str], *, env: Mapping[str, str]) -> None:
    """Raise SpeedError if the program behind `command` is of a kind that libfaketime cannot reach."""
    why = why_unfakeable(command, env=env, library=find_faketime())
    if why is not None:
        raise SpeedError(
            f"--speed cannot hurry {command[0]}: {why}. Run it at --speed 1, or build it to use the system's C library"
        )


def forget(pids: Iterable[int]) -> None:
    """Remove what libfaketime shares between processes where the first of them was killed before it could."""
    shared = Path("/dev/shm")
    for pid in pids:
        for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
            shared.joinpath(name).unlink(missing_ok=True)
