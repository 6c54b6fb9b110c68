"""The demo runs to its end, says what it should, and would notice a client that behaves differently."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("anthropic")
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The demo as a module; what it does to the environment is undone."""
    monkeypatch.syspath_prepend(EXAMPLES)
    for name in ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY", "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    import demo

    for name in demo.MISLEADING:
        monkeypatch.delenv(name, raising=False)
    return demo


def scene(demo: ModuleType, title: str):
    return next(scene for scene in demo.SCENES if scene.title == title)


@pytest.mark.slow
def test_the_demo_ends_well_within_80_columns_and_leaves_its_page():
    env = os.environ | {"COLUMNS": "80", "PYTHONIOENCODING": "utf-8", "PYTHONPATH": os.pathsep.join(sys.path)}
    env.pop("FORCE_COLOR", None)

    run = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / "demo.py"],
        env=env,
        capture_output=True,
        encoding="utf-8",
        timeout=50,
    )

    assert (run.returncode, run.stderr) == (0, "")
    *told, page = run.stdout.splitlines()
    assert max(map(len, told)) <= 80
    verdicts = [line.split()[1] for line in told if line.startswith("backoff: ")]
    assert verdicts == ["UNKNOWN", "UNKNOWN", "PASS", "PASS", "PASS", "PASS", "PASS", "FAIL"]
    assert told.count("It did not ask again.") == 2
    assert Path(page).name == "demo.html"
    assert "A client that hammers" in Path(page).read_text(encoding="utf-8")


def test_five_minutes_twice_are_over_at_once_and_exact(demo: ModuleType):
    outcome = demo.perform(scene(demo, "Rate-limited twice, 5 min each"))

    assert outcome.verdict.passed
    assert outcome.simulated_s == pytest.approx(600.0, abs=0.001)
    assert outcome.wall_s < 30.0


def test_the_client_that_hammers_fails(demo: ModuleType):
    outcome = demo.perform(scene(demo, "A client that hammers"))

    assert outcome.verdict.failed
    assert outcome.as_expected
    assert [finding.title for finding in outcome.verdict.findings] == [
        "retry-after not honoured, waited too briefly",
        "retry-after not honoured, waited too briefly",
        "too many attempts",
    ]


def test_a_client_that_heeds_the_server_in_its_place_would_pass(demo: ModuleType):
    hammering = scene(demo, "A client that hammers")

    def ask_with_patience(question: str) -> object:
        for left in (2, 1, 0):
            try:
                with demo.naive_client.urllib.request.urlopen(demo.naive_client._request(question)) as answer:
                    return answer.read()
            except urllib.error.HTTPError as error:
                error.close()
                if left:
                    time.sleep(float(error.headers["retry-after"]))
        return None

    patient = demo.Scene(
        hammering.title, hammering.steps, lambda tunnel: demo.hammers(tunnel, ask_with_patience), hammering.expected
    )
    outcome = demo.perform(patient)

    assert outcome.verdict.passed
    assert not outcome.as_expected


def test_an_unexpected_verdict_makes_the_demo_fail(
    demo: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    wrong = demo.Scene("Nothing fails", (), demo.plain_answer, expected="pass")
    monkeypatch.setattr(demo, "SCENES", (wrong,))
    monkeypatch.setattr(demo, "REPORT", tmp_path / "reports" / "demo.html")

    code = demo.main()

    assert code == 1
    assert "Not as expected: Nothing fails" in capsys.readouterr().out
