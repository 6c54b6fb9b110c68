"""What is said of cassettes when a run is over: what nobody has played, what was, and what it stands for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from windtunnel.cassette_tests.asked import askers, orphans
from windtunnel.cassette_tests.ending import PLAYED, Played, is_alone
from windtunnel.cassette_tests.names import shown


@dataclass(frozen=True, slots=True)
class Left:
    """Interactions of a cassette that no test of the run has played, though all that ask for it have passed."""

    file: str
    tests: tuple[str, ...]
    numbers: tuple[int, ...]
    #: Whether this fails the run: nobody could say so earlier, since several tests ask for it.
    fails: bool

    def __str__(self) -> str:
        who = self.tests[0] + (f" and {len(self.tests) - 1} more" if len(self.tests) > 1 else "")
        what = ", ".join(f"interaction {number}" for number in self.numbers)
        told = f"{who}: not played: {what} of {shown(Path(self.file))}"
        return f'failed: {told}; record again, or say unplayed="allow"' if self.fails else told


def lines(config: pytest.Config, reporter: pytest.TerminalReporter) -> list[str]:
    """Tell what is left, which cassettes no test asks for, and what the others stand for; write what was played, if asked."""
    found = all_played(_reports(reporter))
    told = [str(each) for each in left(config, found)]
    told += [f"{file}: no test asks for it" for file in orphans(config)]
    told += [line for line in [worth(played(found))] if line is not None]
    report = config.getoption("windtunnel_cassette_report")
    if report:
        write_report(Path(report), played(found))
        told.append(f"what was played is in {report}")
    return told


def fail_run(session: pytest.Session) -> None:
    """Fail a run in which nobody has played all of a cassette that several tests ask for."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or session.exitstatus != pytest.ExitCode.OK:
        return
    if any(each.fails for each in left(session.config, all_played(_reports(reporter)))):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _reports(reporter: pytest.TerminalReporter) -> list[Any]:
    """The last report of each test: it has all that the test has left word of."""
    return [each for some in reporter.stats.values() for each in some if getattr(each, "when", "") == "teardown"]


def all_played(reports: Iterable[Any]) -> list[Played]:
    """Return what the tests of a run have left word of."""
    told = (value for report in reports for name, value in report.user_properties if name == PLAYED)
    return [Played.from_json(values) for each in told for values in json.loads(each)]


def left(config: pytest.Config, found: Iterable[Played]) -> list[Left]:
    """Return what is left of the cassettes. What tests would have played that failed, or did not run, nobody can tell."""
    return [each for file, seen in _by_file(found).items() for each in _left(config, file, seen)]


def _left(config: pytest.Config, file: str, seen: list[Played]) -> Iterator[Left]:
    tests = tuple(dict.fromkeys(each.test for each in seen))
    rest = set(range(1, max(each.count for each in seen) + 1)).difference(*(each.numbers for each in seen))
    wishes = {each.unplayed for each in seen}
    is_told = rest and wishes != {"allow"} and all(each.passed for each in seen)
    if is_told and not set(askers(config, file)) - set(tests):
        may_fail = "fail" in wishes and all(each.is_sure for each in seen)
        alone = is_alone(config, file)
        # One test that asks for it alone has failed at its own end.
        if not (may_fail and alone):
            yield Left(file, tests, tuple(sorted(rest)), may_fail)


def played(found: Iterable[Played]) -> dict[str, set[int]]:
    """Put together what was played: the real path of each cassette, and the numbers, from 1."""
    files = sorted(_by_file(found).items())
    return {file: {number for each in seen for number in each.numbers} for file, seen in files}


def _by_file(found: Iterable[Played]) -> dict[str, list[Played]]:
    files: dict[str, list[Played]] = {}
    for each in found:
        files.setdefault(each.file, []).append(each)
    return files


def worth(files: Iterable[str]) -> str | None:
    """Tell on one line what the calls on these cassettes used, and cost when they were made; None where that is nothing."""
    from windtunnel.cassette.conversation import told, total
    from windtunnel.cassette.files import load
    from windtunnel_server.ledger import Account

    paths = [file for file in files if Path(file).exists()]
    account = sum((total(load(file).interactions) for file in paths), Account())
    if not account.calls:
        return None
    return f"{len(paths)} cassette{' stands' if len(paths) == 1 else 's stand'} for {told(account)}"


def write_report(path: Path, found: Mapping[str, set[int]]) -> None:
    """Write what was played, for `windtunnel cassette prune --report`."""
    listed = {file: {"played": sorted(numbers)} for file, numbers in found.items()}
    path.write_text(json.dumps({"cassettes": listed}, indent=1) + "\n", encoding="utf-8")
