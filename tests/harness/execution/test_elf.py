"""What a program's file says of how it asks for the time."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest

from windtunnel.execution.elf import Elf, read_elf, why_unfakeable

linux = pytest.mark.skipif(sys.platform != "linux", reason="these files are Linux's")


def elf(*, bits=64, machine=62, interpreter="/lib64/ld-linux-x86-64.so.2", order="<", behind=b""):
    """A file with the head of a program, and nothing to run."""
    loader = interpreter.encode() + b"\0"
    if bits == 64:
        head = struct.pack(f"{order}4sBBBx8xHHIQQQIHHHHHH", b"\x7fELF", 2, 1 if order == "<" else 2, 1,
                           3, machine, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)  # fmt: skip
        segment = struct.pack(f"{order}IIQQQQQQ", 3 if interpreter else 1, 4, 120, 0, 0, len(loader), 0, 1)
    else:
        head = struct.pack(f"{order}4sBBBx8xHHIIIIIHHHHHH", b"\x7fELF", 1, 1 if order == "<" else 2, 1,
                           3, machine, 1, 0, 52, 0, 0, 52, 32, 1, 0, 0, 0)  # fmt: skip
        segment = struct.pack(f"{order}IIIIIIII", 3 if interpreter else 1, 84, 0, 0, len(loader), 0, 4, 1)
    return head + segment + loader + behind


@pytest.fixture
def write(tmp_path):
    def written(content, name="program", mode=0o700):
        path = tmp_path / name
        path.write_bytes(content)
        path.chmod(mode)
        return path

    return written


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("interpreter", ["/lib/ld-linux.so.2", ""])
def test_its_loader_is_read(write, bits, order, interpreter):
    path = write(elf(bits=bits, machine=40, interpreter=interpreter, order=order))

    assert read_elf(path) == Elf(bits, 40, interpreter)


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\x7fELF", bytes(64)])
def test_what_is_no_such_file_has_none(write, content):
    assert read_elf(write(content)) is None


@linux
def test_a_real_program_has_a_loader_that_is_here():
    found = read_elf(Path(sys.executable).resolve())

    assert found is not None and found.bits == 64
    assert Path(found.interpreter).exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (elf(interpreter=""), "is statically linked"),
        (elf(behind=b"....\xff Go buildinf:...."), "is written in Go"),
        (elf(bits=32, machine=3), "is for another kind of processor"),
        (elf(), None),
    ],
)
def test_what_cannot_be_reached_is_told(write, content, why):
    path, library = write(content), write(elf(), name="libfaketime.so.1")

    told = why_unfakeable([str(path)], env={}, library=library)

    assert told is None if why is None else why in told


def test_a_script_is_as_good_as_its_interpreter(write):
    interpreter, library = write(elf(interpreter=""), name="interpreter"), write(elf(), name="libfaketime.so.1")
    direct = write(f"#!{interpreter} -x\n".encode(), name="direct")
    looked_up = write(b"#!/usr/bin/env -S A=1 interpreter\n", name="looked-up")

    for script in (direct, looked_up):
        told = why_unfakeable([str(script)], env={"PATH": str(interpreter.parent)}, library=library)

        assert told == f"{interpreter} is statically linked: it asks the kernel for the time by itself"


def test_a_program_with_the_rights_of_another_user_is_told(write):
    path, library = write(elf(), mode=0o4700), write(elf(), name="libfaketime.so.1")

    assert "the rights of another user" in why_unfakeable([str(path)], env={}, library=library)


def test_a_command_that_is_not_there_is_for_others_to_tell(write):
    assert why_unfakeable(["no-such-program"], env={"PATH": ""}, library=write(elf())) is None
