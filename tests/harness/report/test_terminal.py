"""The account on the terminal: readable at 80 columns, without colour, without Unicode."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from windtunnel.report.terminal import account, print_account
from windtunnel.verdicts import Verdict


def printed(verdict: Verdict, *, encoding: str = "utf-8", width: int = 80) -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    print_account(verdict, Console(file=file, width=width, color_system=None))
    file.flush()
    return raw.getvalue().decode(encoding)


def line_with(text: str, *parts: str) -> str:
    return next(line for line in text.splitlines() if all(part in line for part in parts))


def test_every_attempt_stands_with_its_gap_what_was_allowed_and_a_word(verdict):
    text = printed(verdict)

    assert line_with(text, "300.000").split() == "2 300.000 200 5 min 0.000 s 5 min 0.000 s ├─●─┤ ok".split()
    assert (
        line_with(text, "400.100").split()
        == "4 400.100 529 overloaded_error 0.100 s 0.375–0.500 s ◆ ├───┤ early".split()
    )
    assert line_with(text, "402.900").rstrip().endswith("├───┤  ◆ late")
    assert line_with(text, "405.000").rstrip().endswith("not allowed")


def test_nothing_is_wider_than_the_terminal(verdict):
    for line in printed(verdict).splitlines():
        assert len(line) <= 80


def test_the_verdict_and_its_findings_close_the_account(verdict):
    text = printed(verdict)

    assert "backoff: FAIL  anthropic_python: 2 chains, 6 attempts, 2 of 3 gaps" in text
    assert "fail  attempt 4: waited too briefly" in text
    assert line_with(text, "allowed 0.375 s to 0.500 s")
    assert text.index("405.000") < text.index("backoff: FAIL") < text.index("attempt 4: waited")


def test_a_terminal_without_unicode_gets_ascii(verdict):
    text = printed(verdict, encoding="ascii")

    assert line_with(text, "400.100").split()[-4:] == ["s", "x", "[---]", "early"]
    assert "0.375-0.500 s" in text


def test_markup_in_what_was_seen_is_printed_as_it_is(verdict):
    assert "<i>api_error</i>" in printed(verdict).replace("\n", "")


def test_a_verdict_without_an_account_is_its_line_alone():
    assert printed(Verdict("tokens", "unknown", summary="no count given")).strip() == "tokens: UNKNOWN  no count given"


def test_without_a_console_it_goes_to_standard_output(verdict, capsys: pytest.CaptureFixture[str]):
    print_account(verdict)

    assert "backoff: FAIL" in capsys.readouterr().out


def test_the_account_can_be_part_of_something_larger(verdict):
    from rich.console import Group

    console = Console(file=io.StringIO(), width=80)

    with console.capture() as got:
        console.print(Group("before", account(verdict)))

    assert "before" in got.get()
    assert "attempt 4" in got.get()
