"""How a command ran, in a number, in words and in JSON."""

from __future__ import annotations

import json

import pytest

from windtunnel.execution.execution import Execution, Stray, signal_name


@pytest.mark.parametrize(
    ("facts", "exit_code", "how"),
    [
        ({"ended": "exited", "code": 3}, 3, "exited with code 3"),
        ({"ended": "signalled", "signum": 11}, 139, "died by SIGSEGV"),
        ({"ended": "timed out", "code": 0, "timeout_s": 2.5}, 124, "timed out after 2.5 s, then exited with code 0"),
        ({"ended": "timed out", "signum": 9, "timeout_s": 2.0}, 124, "timed out after 2 s, then died by SIGKILL"),
        ({"ended": "cannot start", "code": 126}, 126, "could not start"),
    ],
)
def test_an_end_has_the_number_a_shell_gives_it_and_words(facts, exit_code, how):
    execution = Execution(command=("agent",), **facts)

    assert (execution.exit_code, execution.how) == (exit_code, how)


def test_it_is_told_as_json_without_its_output():
    execution = Execution(
        command=("a", "b"), ended="exited", code=0, signals=(2,), left_behind=(Stray(7, "sleep"),), stdout_end=b"secret"
    )

    told = json.loads(json.dumps(execution.to_json()))

    assert told["command"] == ["a", "b"] and told["ended"] == "exited"
    assert (told["signals"], told["left_behind"]) == (["SIGINT"], [{"pid": 7, "name": "sleep"}])
    assert "secret" not in json.dumps(told)


def test_a_signal_without_a_name_has_its_number():
    assert (signal_name(15), signal_name(40)) == ("SIGTERM", "signal 40")
