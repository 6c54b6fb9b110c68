"""Whether a program can be made to run on another clock: what its file says of how it asks for the time.

libfaketime stands between a program and its C library. A program that brings its own, or calls the kernel by itself,
passes it by, and waits in real time.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PT_INTERP = 3
_SETUID = 0o6000
#: The linker of Go marks what it makes; such programs make system calls of their own, dynamic or not.
_GO = b"\xff Go buildinf:"


@dataclass(frozen=True, slots=True)
class Elf:
    """What the head of a Linux program or library says. `interpreter` is its loader's path; "": it needs none."""

    bits: int
    machine: int
    interpreter: str


def read_elf(path: Path) -> Elf | None:
    """Return what the file's head says; None: it is not such a file."""
    with path.open("rb") as opened:
        ident = opened.read(64)
        if ident[:4] != b"\x7fELF" or len(ident) < 52:
            return None
        bits = 64 if ident[4] == 2 else 32
        order = "<" if ident[5] == 1 else ">"
        (machine,) = struct.unpack_from(f"{order}H", ident, 18)
        where, size, count = _headers(ident, bits, order)
        for number in range(count):
            opened.seek(where + number * size)
            header = opened.read(size)
            kind, offset, length = _segment(header, bits, order)
            if kind == _PT_INTERP:
                opened.seek(offset)
                return Elf(bits, machine, opened.read(length).rstrip(b"\0").decode("utf-8", "replace"))
    return Elf(bits, machine, "")


def _headers(ident: bytes, bits: int, order: str) -> tuple[int, int, int]:
    """Return where the program headers are, the size of each, and their number."""
    place, sizes = (32, 54) if bits == 64 else (28, 42)
    (where,) = struct.unpack_from(order + ("Q" if bits == 64 else "I"), ident, place)
    size, count = struct.unpack_from(f"{order}HH", ident, sizes)
    return where, size, count


def _segment(header: bytes, bits: int, order: str) -> tuple[int, int, int]:
    """Return type, offset and length in the file of one program header."""
    if bits == 64:
        kind, _, offset, _, _, length = struct.unpack_from(f"{order}IIQQQQ", header)
    else:
        kind, offset, _, _, length = struct.unpack_from(f"{order}IIIII", header)
    return kind, offset, length


def why_unfakeable(command: Sequence[str], *, env: Mapping[str, str], library: Path) -> str | None:
    """Return why the program behind `command` will not run on a faked clock; None: nothing speaks against it.

    Looks at the program itself and, for a script, at its interpreter; not at what they start in turn.
    """
    for path in _programs(command, env):
        if path.stat().st_mode & _SETUID:
            return f"{path} runs with the rights of another user, and the system then loads no library into it"
        program, faker = read_elf(path), read_elf(library)
        if program is None or faker is None:
            continue
        if not program.interpreter:
            return f"{path} is statically linked: it asks the kernel for the time by itself"
        if (program.bits, program.machine) != (faker.bits, faker.machine):
            return f"{path} is for another kind of processor than {library}"
        if "musl" in program.interpreter and "/musl" not in str(library) and not _is_musl_system():
            return f"{path} is built for musl, and {library} for another C library"
        if _is_go(path):
            return f"{path} is written in Go: it asks the kernel for the time by itself"
    return None


def _programs(command: Sequence[str], env: Mapping[str, str]) -> Iterator[Path]:
    """Yield the file of the command; and where that is a script, its interpreter."""
    found = shutil.which(command[0], path=env.get("PATH"))
    if found is None:
        return
    path = Path(found).resolve()
    yield path
    with path.open("rb") as opened:
        first = opened.readline(256)
    if not first.startswith(b"#!"):
        return
    words = first[2:].decode("utf-8", "replace").split()
    if words and Path(words[0]).name == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    if words and (found := shutil.which(words[0], path=env.get("PATH"))):
        yield Path(found).resolve()


def _is_musl_system() -> bool:
    return not any(Path("/").glob("lib*/ld-linux*")) and not any(Path("/").glob("lib/*-linux-gnu/ld-linux*"))


def _is_go(path: Path) -> bool:
    """The mark stands in a section of its own, near the start of the writable part: anywhere in the file will do."""
    import mmap

    with path.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        return whole.find(_GO) != -1
