"""A verdict: pass, fail or unknown, with the findings it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, TypeAlias

from windtunnel.verdicts.account import Report

Value: TypeAlias = Literal["pass", "fail", "unknown"]
Weight: TypeAlias = Literal["fail", "unknown", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was seen: in which attempts (the journal's numbers), what was allowed, what to do about it.

    `weight` says what it does to the verdict; a note does nothing.
    """

    attempts: tuple[int, ...]
    title: str
    seen: str
    allowed: str
    advice: str
    weight: Weight = "fail"

    @property
    def where(self) -> str:
        """Name the attempts: "attempt 2", "attempts 2, 3", "the run"."""
        if not self.attempts:
            return "the run"
        return f"attempt{'s' * (len(self.attempts) > 1)} {', '.join(map(str, self.attempts))}"

    def render(self) -> str:
        """Return the finding as four lines of text."""
        lines = (f"{self.where}: {self.title}", f"  seen:    {self.seen}", f"  allowed: {self.allowed}")
        return "\n".join([*lines, f"  to do:   {self.advice}"])

    def to_json(self) -> dict[str, Any]:
        """Return the finding as plain JSON values, keys in the order of the fields."""
        out: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        return out | {"attempts": list(self.attempts)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the evidence says about one behaviour of the client.

    Neither true nor false by itself, as it has three values: ask `.passed`, `.failed` or `.unknown`, or call
    `.check()` in a test.
    """

    name: str
    value: Value
    findings: tuple[Finding, ...] = ()
    summary: str = ""
    #: Attempt by attempt, for verdicts that keep an account.
    report: Report | None = None

    @property
    def passed(self) -> bool:
        return self.value == "pass"

    @property
    def failed(self) -> bool:
        return self.value == "fail"

    @property
    def unknown(self) -> bool:
        return self.value == "unknown"

    def __bool__(self) -> NoReturn:
        raise TypeError("a verdict is pass, fail or unknown, not true or false; use .passed, .failed or .check()")

    def check(self) -> None:
        """Raise an AssertionError with the findings, unless the verdict is a pass. Unknown is not a pass."""
        if not self.passed:
            raise AssertionError(self.render())

    def render(self) -> str:
        """Return the verdict as text: one line, then the findings, those that decide first."""
        found = sorted(self.findings, key=lambda finding: _ORDER.index(finding.weight))
        return "\n\n".join([f"{self.name}: {self.value}. {self.summary}", *(finding.render() for finding in found)])

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as plain JSON values."""
        return {
            "name": self.name,
            "value": self.value,
            "summary": self.summary,
            "findings": [finding.to_json() for finding in self.findings],
            "report": None if self.report is None else self.report.to_json(),
        }


def verdict_from_json(value: Mapping[str, Any]) -> Verdict:
    """Read a verdict as `Verdict.to_json` wrote it, without its account."""
    findings = (Finding(**{**finding, "attempts": tuple(finding["attempts"])}) for finding in value["findings"])
    return Verdict(value["name"], value["value"], tuple(findings), value["summary"])


_ORDER: tuple[Weight, ...] = ("fail", "unknown", "note")


def value_of(findings: Iterable[Finding]) -> Value:
    """Return the verdict that findings add up to: fail before unknown before pass."""
    weights = {finding.weight for finding in findings}
    if "fail" in weights:
        return "fail"
    return "unknown" if "unknown" in weights else "pass"
