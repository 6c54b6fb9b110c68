"""The verdict on a command as a process."""

from __future__ import annotations

import signal

import pytest

from windtunnel.execution.execution import Execution, Stray
from windtunnel.execution.verdict import judge_process


def ran(**facts):
    return Execution(**{"command": ("agent",), "ended": "exited", "code": 0, "wall_s": 1.25, "timeout_s": 60.0,
                        "grace_s": 5.0} | facts)  # fmt: skip


@pytest.mark.parametrize("code", [0, 1, 255])
def test_any_normal_exit_passes_and_is_told(code):
    verdict = judge_process(ran(code=code))

    assert (verdict.name, verdict.value, verdict.findings) == ("process", "pass", ())
    assert verdict.summary == f"The command exited with code {code} after 1.25 s."


@pytest.mark.parametrize(
    ("facts", "value", "titles"),
    [
        ({"ended": "cannot start", "code": 127, "why": "no such", "advice": "look"}, "fail", ["the command cannot start"]),
        ({"ended": "signalled", "code": None, "signum": signal.SIGSEGV}, "fail", ["died by SIGSEGV"]),
        ({"ended": "timed out", "stopped_by": "SIGTERM"}, "fail", ["hung until the time-out"]),
        (
            {"ended": "timed out", "code": None, "signum": signal.SIGKILL, "stopped_by": "SIGKILL"},
            "fail",
            ["hung until the time-out", "ignored SIGTERM"],
        ),
        ({"left_behind": (Stray(7, "sleep"),)}, "pass", ["left processes behind"]),
        ({"left_behind": (Stray(7, "sudo"),), "unkillable": (7,)}, "fail", ["left processes behind", "a process could not be ended"]),
        ({"ended": "signalled", "code": None, "signum": 2, "signals": (2,)}, "unknown", ["interrupted from outside"]),
        ({"code": 130, "signals": (2,)}, "unknown", ["interrupted from outside"]),
    ],
)  # fmt: skip
def test_each_bad_end_has_its_own_finding(facts, value, titles):
    verdict = judge_process(ran(**facts))

    assert (verdict.value, [finding.title for finding in verdict.findings]) == (value, titles)
    assert all(finding.advice and finding.seen and finding.allowed for finding in verdict.findings)


def test_a_second_ctrl_c_is_no_fault_of_the_client():
    killed = ran(ended="signalled", code=None, signum=9, signals=(2, 2), stopped_by="SIGKILL")

    verdict = judge_process(killed)

    assert [finding.title for finding in verdict.findings] == ["interrupted from outside"]
    assert verdict.value == "unknown"


def test_to_ignore_a_sigterm_from_outside_is_one():
    killed = ran(ended="signalled", code=None, signum=9, signals=(15,), stopped_by="SIGKILL")

    assert [finding.title for finding in judge_process(killed).findings] == [
        "interrupted from outside",
        "ignored SIGTERM",
    ]


def test_at_another_speed_a_hang_may_come_from_that():
    slow, fast = (judge_process(ran(ended="timed out", speed=speed)).findings[0].advice for speed in (1.0, 50.0))

    assert "--speed" not in slow
    assert "At 50 times the speed" in fast and "--speed 1" in fast


def test_the_findings_can_be_read():
    text = judge_process(ran(ended="timed out", code=1, stopped_by="SIGTERM")).render()

    assert text.startswith("process: fail. The command timed out after 60 s, then exited with code 1.")
    assert "seen:    it was still running after 60 s" in text
