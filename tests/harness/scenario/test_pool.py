"""Cases side by side: all of them once, and a worker that dies or hangs costs its case only."""

from __future__ import annotations

import importlib
import multiprocessing
import sys
from pathlib import Path

import pytest

from windtunnel.scenario import pool
from windtunnel.scenario.case import Case, run
from windtunnel.scenario.library import find
from windtunnel.scenario.matrix import cases as made
from windtunnel.scenario.pool import run_all

#: Each starts processes, which takes a second or so each.
pytestmark = pytest.mark.slow


def listed(number: int) -> list[Case]:
    return made(find(["refusal"]), clients=["naive"], providers=["anthropic"], seeds=range(number))


def test_one_process_runs_them_in_order_and_starts_none():
    results = list(run_all(listed(4), lambda case: case.result("pass"), jobs=1))

    assert [result.seed for result in results] == [0, 1, 2, 3]
    assert multiprocessing.active_children() == []


def test_several_processes_run_each_case_once_and_are_gone_afterwards():
    results = list(run_all(listed(5), run, jobs=2))

    assert sorted(result.seed for result in results) == [0, 1, 2, 3, 4]
    assert {result.status for result in results} == {"pass"}
    assert multiprocessing.active_children() == []


def test_a_worker_that_dies_costs_its_case_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    runner = misbehaving(tmp_path, monkeypatch, "os._exit(9)")

    results = {result.seed: result for result in run_all(listed(5), runner, jobs=2)}

    assert {seed: result.status for seed, result in results.items()} == {
        0: "pass",
        1: "pass",
        2: "error",
        3: "pass",
        4: "pass",
    }
    assert results[2].reason == "its process died (exit code 9)"


def test_a_worker_that_hangs_is_ended_and_costs_its_case_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    runner = misbehaving(tmp_path, monkeypatch, "threading.Event().wait()")

    results = {result.seed: result for result in run_all(listed(4), runner, jobs=2, limit_s=12)}

    assert results[2].reason == "was not done after 12 s, and its process was ended"
    assert [results[seed].status for seed in (0, 1, 3)] == ["pass"] * 3
    assert multiprocessing.active_children() == []


def test_whoever_stops_listening_ends_all_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    coming = run_all(listed(6), misbehaving(tmp_path, monkeypatch, "threading.Event().wait()"), jobs=3)

    first = next(coming)
    coming.close()

    assert first.status == "pass"
    assert multiprocessing.active_children() == []


def misbehaving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> pool.Runner:
    """Return a runner that does so at seed 2, in a module that workers can import."""
    (tmp_path / "misbehaving.py").write_text(
        f"import os, threading\n\ndef run(case):\n    if case.seed == 2:\n        {how}\n    return case.result('pass')\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "misbehaving", raising=False)
    runner: pool.Runner = importlib.import_module("misbehaving").run
    return runner
