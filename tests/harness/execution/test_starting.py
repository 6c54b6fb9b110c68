"""Why a command could not start, and what to do about it: told by what is really there."""

from __future__ import annotations

import os
import stat

import pytest

from windtunnel.execution.execute import execute


@pytest.fixture
def why(tmp_path):
    """The exit code, the reason and the remedy for a command that cannot start."""

    def tried(*command, **env):
        execution = execute(command, env={"PATH": os.defpath, **env}, cwd=str(tmp_path), output="keep", timeout_s=20)
        assert execution.ended == "cannot start"
        return execution.code, execution.why, execution.advice

    return tried


def test_a_misspelt_program_has_the_nearest_ones_named(why, program, tmp_path):
    program("#!/bin/sh\n", name="windtunnel-agent")

    code, reason, advice = why("windtunnel-agnet", PATH=str(tmp_path))

    assert (code, advice) == (127, "nearest: windtunnel-agent")
    assert "no folder on the PATH has a program called windtunnel-agnet" in reason


def test_a_misspelt_path_has_the_nearest_one_named(why, program):
    path = program("#!/bin/sh\n", name="agent.sh")

    code, reason, advice = why(path[:-3] + ".hs")

    assert code == 127 and reason.startswith("there is no file ")
    assert advice == f"did you mean {path}?"


def test_a_file_in_this_folder_needs_its_dot(why, program):
    program("#!/bin/sh\n", name="windtunnel-agent")

    assert why("windtunnel-agent")[2] == "for the file here write ./windtunnel-agent"


def test_a_whole_line_in_one_word_is_recognised(why):
    code, reason, advice = why("sh -c true")

    assert (code, reason) == (127, "there is no program called 'sh -c true'")
    assert advice.startswith("write command and arguments as words of their own: ")


def test_a_folder_is_no_program(why, tmp_path):
    assert why(str(tmp_path))[:2] == (126, f"{tmp_path} is a folder")


def test_a_file_without_the_right_to_run_is_told(why, program):
    path = program("#!/bin/sh\n", mode=stat.S_IRUSR)

    assert why(path) == (126, f"{path} is there, but may not be run", f"chmod +x {path}, or name its interpreter first")


def test_a_script_whose_interpreter_is_missing_names_it(why, program):
    path = program("#!/no/such/python3\nprint()\n")

    assert why(path)[:2] == (126, f"{path} is a script for /no/such/python3, which is not here")


def test_a_script_with_line_ends_of_windows_is_recognised(why, program, tmp_path):
    path = program("")
    (tmp_path / "program").write_bytes(b"#!/bin/sh\r\ntrue\r\n")

    assert "ends like a line of Windows" in why(path)[1]


def test_a_text_is_no_program(why, program):
    path = program("hello\n")

    code, reason, advice = why(path)

    assert code == 126 and reason.startswith(f"{path} is no program for this machine")
    assert "begin a script with #!" in advice


def test_arguments_may_be_too_long(why):
    assert why("true", "x" * 3_000_000)[:2] == (126, "its arguments and its environment are too long")
