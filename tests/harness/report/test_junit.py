"""JUnit XML as CI services read it."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.report.junit import junit
from windtunnel.results import Result
from windtunnel.verdicts.verdict import Finding, Verdict

#: What the schemas of Jenkins and its like allow: attributes (the first of them required) and children of an element.
ALLOWED: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "tests", "failures", "errors", "skipped", "time"}, {"testsuite"}),
    "testsuite": ({"name", "tests"}, {"failures", "errors", "skipped", "time", "timestamp"}, {"testcase"}),
    "testcase": ({"name", "classname"}, {"time"}, {"skipped", "failure", "error", "system-out", "system-err"}),
    "failure": (set(), {"message", "type"}, set()),
    "error": (set(), {"message", "type"}, set()),
    "skipped": (set(), {"message", "type"}, set()),
    "system-out": (set(), set(), set()),
}


def result(status: Any, **fields: Any) -> Result:
    usual: dict[str, Any] = {"id": "storm", "client": "naive", "provider": "anthropic", "seed": 0, "wall_s": 0.25}
    return Result(scenario="storm", status=status, **usual | {"rerun": "windtunnel run storm"} | fields)


FAILED = Verdict("backoff", "fail", (Finding((2,), "too early", "0 s", "2 s", "wait"),), "1 of 1 gaps outside")
UNSURE = Verdict("tokens", "unknown", (Finding((), "not said", "-", "-", "say it", "unknown"),), "nothing claimed")
RESULTS = [
    result("pass", verdicts=[Verdict("outcome", "pass")]),
    result("fail", verdicts=[FAILED, UNSURE]),
    result("unknown", verdicts=[UNSURE]),
    result("skip", reason="needs compaction"),
    result("error", reason="RuntimeError: boom\n\nTraceback"),
]


def check(element: Element) -> None:
    required, optional, children = ALLOWED[element.tag]
    assert required <= set(element.attrib) <= required | optional
    for child in element:
        assert child.tag in children
        check(child)


def suite(xml: bytes) -> Element:
    root = ElementTree.fromstring(xml)
    check(root)
    return root[0]


def test_each_status_is_what_ci_services_know():
    told = suite(junit(RESULTS))

    assert [told.get(name) for name in ("tests", "failures", "errors", "skipped", "time")] == [
        "5",
        "1",
        "1",
        "2",
        "1.250",
    ]
    assert [[child.tag for child in case] for case in told] == [
        ["system-out"],
        ["failure", "system-out"],
        ["skipped", "system-out"],
        ["skipped", "system-out"],
        ["error", "system-out"],
    ]
    assert told[1][0].get("message") == "backoff: fail. 1 of 1 gaps outside"
    assert "attempt 2: too early" in (told[1][0].text or "") and "not said" in (told[1][0].text or "")
    assert told[3][0].get("message") == "needs compaction"
    assert told[4][0].get("message") == "RuntimeError: boom"
    assert told[1].findtext("system-out") == "to run it again: windtunnel run storm\n"


def test_strict_makes_a_failure_of_what_is_unknown():
    told = suite(junit(RESULTS, strict=True))

    assert (told.get("failures"), told.get("skipped"), told[2][0].tag) == ("2", "1", "failure")


@pytest.mark.parametrize("results", [[], RESULTS])
def test_it_says_that_it_is_utf_8(results: list[Result]):
    assert junit(results).startswith(b"<?xml version='1.0' encoding='utf-8'?>\n")


@given(st.text(st.characters(), max_size=30))
def test_whatever_a_client_says_can_be_read_back(text: str):
    told = suite(junit([result("error", reason=f"x{text}", client=f"c{text}")]))

    assert (told[0][0].get("message") or "").startswith("x")
