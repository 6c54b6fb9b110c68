"""Results as JUnit XML, the form in which CI services read tests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from windtunnel.report.brief import brief
from windtunnel.results import Result
from windtunnel.verdicts.verdict import Verdict

#: What XML 1.0 cannot hold, even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(results: Sequence[Result], *, title: str = "windtunnel", strict: bool = False) -> bytes:
    """Return the results as one test suite, in UTF-8.

    A failed verdict is a failure, a failed tunnel an error, a skip a skip with its reason. What is unknown is skipped
    too, unless `strict` makes a failure of it.
    """
    suite = Element("testsuite", _attributes(title, results, strict))
    for result in results:
        _case(suite, result, strict)
    root = Element("testsuites")
    root.append(suite)
    indent(root)
    xml: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return xml


def _attributes(title: str, results: Sequence[Result], strict: bool) -> dict[str, str]:
    outcomes = [_outcome(result, strict) for result in results]
    return {
        "name": title,
        "tests": str(len(results)),
        "failures": str(outcomes.count("failure")),
        "errors": str(outcomes.count("error")),
        "skipped": str(outcomes.count("skipped")),
        "time": f"{sum(result.wall_s for result in results):.3f}",
    }


def _outcome(result: Result, strict: bool) -> str | None:
    table = {"fail": "failure", "error": "error", "skip": "skipped", "unknown": "failure" if strict else "skipped"}
    return table.get(result.status)


def _case(suite: Element, result: Result, strict: bool) -> None:
    attributes = {
        "classname": _clean(f"windtunnel.{result.client}.{result.provider}"),
        "name": _clean(result.title),
        "time": f"{result.wall_s:.3f}",
    }
    case = SubElement(suite, "testcase", attributes)
    outcome = _outcome(result, strict)
    if outcome is not None:
        SubElement(case, outcome, {"message": _clean(_message(result))}).text = _clean(_text(result))
    SubElement(case, "system-out").text = _clean(f"to run it again: {result.rerun}\n")


def _message(result: Result) -> str:
    if result.reason:
        return result.reason.partition("\n")[0]
    said = [verdict for verdict in result.verdicts if verdict.value == result.status]
    return "; ".join(f"{verdict.name}: {verdict.value}. {verdict.summary}" for verdict in said) or "nothing was asked"


def _text(result: Result) -> str:
    told = [_told(verdict) for verdict in result.verdicts if not verdict.passed]
    return "\n\n".join([result.reason, *told] if result.reason else told)


def _told(verdict: Verdict) -> str:
    shown, left = brief(verdict)
    return f"{shown.render()}\n\nand {left} more like these" if left else shown.render()


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
