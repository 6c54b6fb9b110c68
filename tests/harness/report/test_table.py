"""Results on the terminal: readable at 80 columns, and every unknown and every skip named."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from windtunnel.report.brief import brief
from windtunnel.report.table import print_result, print_results, summary
from windtunnel.results import Result
from windtunnel.verdicts.verdict import Finding, Verdict


def result(scenario: str = "refusal", **fields: Any) -> Result:
    usual = {"id": scenario, "client": "anthropic", "provider": "anthropic", "seed": 0, "status": "pass"}
    return Result(scenario=scenario, **usual | {"rerun": f"windtunnel run {scenario}"} | fields)


def failed(*titles: str, name: str = "backoff", weight: Any = "fail", value: Any = "fail") -> Verdict:
    findings = tuple(Finding((n,), title, "seen", "allowed", "mend it", weight) for n, title in enumerate(titles, 1))
    return Verdict(name, value, findings, "summed up")


def printed(*results: Result, verbose: bool = False, width: int = 80) -> str:
    out = io.StringIO()
    print_results(results, Console(file=out, width=width), verbose=verbose)
    return out.getvalue()


def words(text: str) -> str:
    return " ".join(text.split())


def test_long_names_stay_on_one_line_and_nothing_is_wider_than_80_columns():
    text = printed(
        result("rate-limited-until-a-date-that-is-over", simulated_s=5025.25),
        result(
            "overflow-that-compaction-does-not-cure",
            status="fail",
            verdicts=[failed(name=name) for name in ("outcome", "compaction", "tokens")],
        ),
    )

    lines = text.splitlines()
    assert max(len(line.rstrip()) for line in lines if "again:" not in line) <= 80
    assert any(
        line.startswith("rate-limited-until-a-date-that-is-over ") and "1 h 23 min 45.250 s" in line for line in lines
    )
    assert all(word in text for word in ("fail:", "outcome,", "compaction,", "tokens"))


def test_runs_of_one_scenario_stand_below_its_name():
    text = printed(*(result("storm", variables={"error": error}, seed=1) for error in ("billing", "not_found")))

    lines = [line.rstrip() for line in text.splitlines()]
    assert lines[2] == "storm"
    assert lines[3].startswith("  error=billing seed=1 ") and lines[4].startswith("  error=not_found seed=1 ")


def test_clients_have_a_column_where_there_are_several():
    assert "client" in printed(result(), result(client="naive")).splitlines()[0]
    assert "client" not in printed(result()).splitlines()[0]


def test_skips_and_unknowns_are_named_together_by_their_reason():
    unsure = failed("nothing to judge", weight="unknown", value="unknown")

    text = printed(
        *(result(name, status="skip", reason="needs compaction: it cannot") for name in ("a", "b")),
        *(result(name, status="unknown", verdicts=[unsure]) for name in ("c", "d")),
        result("e", status="unknown"),
    )

    assert "backoff: nothing to judge. Mend it. c, d" in words(text)
    assert "Nothing was asked: its expect: is empty. e" in words(text)
    assert "needs compaction: it cannot a, b" in words(text)


def test_a_failure_shows_what_failed_and_verbose_shows_the_rest():
    told = [failed("too early"), failed("cannot be told", name="tokens", weight="unknown", value="unknown")]
    one = result(status="fail", verdicts=told, rerun="windtunnel run " + "x" * 90)

    text, all_of_it = printed(one), printed(one, verbose=True)

    assert "too early" in text and "cannot be told" not in text
    assert "cannot be told" in all_of_it
    assert f"  again: windtunnel run {'x' * 90}\n" in text


def test_of_many_findings_of_a_kind_the_first_are_told_and_the_rest_counted():
    many = failed(*["too early"] * 9, "too late")

    text = printed(result(status="fail", verdicts=[many]))

    assert (text.count("too early"), text.count("too late")) == (2, 1)
    assert "and 7 more like these; --verbose has all" in text
    assert printed(result(status="fail", verdicts=[many]), verbose=True).count("too early") == 9
    assert brief(many)[0].value == "fail"


def test_a_tunnel_that_failed_says_how():
    assert "RuntimeError: boom" in printed(result(status="error", reason="RuntimeError: boom"))


@pytest.mark.parametrize(
    ("status", "verdicts", "said"),
    [
        ("pass", [Verdict("outcome", "pass")], "windtunnel: pass outcome (0 calls in 0.000 s; refusal · anthropic)"),
        ("skip", [], "windtunnel: skip nothing was judged"),
    ],
)
def test_one_result_ends_with_one_line(status: Any, verdicts: list[Verdict], said: str):
    out = io.StringIO()

    print_result(result(status=status, verdicts=verdicts), Console(file=out, width=80))

    assert said in words(out.getvalue())


def test_the_summary_counts_what_there_was():
    results = [result(simulated_s=3600, wall_s=0.5), *(result(status=status) for status in ("fail", "skip", "error"))]

    assert summary(results) == (
        "1 passed, 1 failed, 1 skipped, 1 broke the tunnel; 1 h 0 min 0.000 s simulated in 0.500 s"
    )
    assert summary([]) == "nothing ran; 0.000 s simulated in 0.000 s"
