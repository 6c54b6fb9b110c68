"""The pytest plugin: options, marker and fixture. No logic, and nothing heavy is imported before a test asks for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from windtunnel.tunnel import Windtunnel

_MARKER = (
    'windtunnel(clock="virtual" | "real", seed=0, provider="anthropic", tls=False, settings=Settings(...), '
    "network=False, dates=True)"
)
#: As in scenario_tests and cassette_tests, which are not imported before they are used.
_CASSETTE = "windtunnel_cassette"
_ASKED = "windtunnel_cassettes_asked"
#: Imported where a test is marked with a cassette.
_USED = "windtunnel.cassette_tests.asked"
_UNKNOWN = "windtunnel unknown"
_RECORD = ("none", "once", "new", "all")
_MARKER_OPTIONS = frozenset({"clock", "seed", "provider", "tls", "settings", "network", "dates"})


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("windtunnel", "windtunnel: a fake of the Anthropic Messages API")
    group.addoption("--windtunnel-seed", type=int, metavar="N", help="seed of everything that chance decides")
    group.addoption(
        "--windtunnel-network",
        action="store_true",
        default=None,
        help="let tests that use the windtunnel fixture reach other machines",
    )
    group.addoption(
        "--windtunnel-record",
        choices=_RECORD,
        help="what to do with cassettes: play only (none), record those that are not there (once), record what they "
        "lack (new), record everything afresh (all)",
    )
    group.addoption(
        "--windtunnel-cassette-report",
        metavar="FILE",
        help="write what of the cassettes was played, for `cassette prune`",
    )
    group.addoption("--windtunnel-html", metavar="FILE", help="write the journals of all tests to a page")
    parser.addini("windtunnel_seed", "seed of everything that chance decides", default="0")
    parser.addini(
        "windtunnel_network",
        "let tests that use the windtunnel fixture reach other machines",
        type="bool",
        default=False,
    )
    parser.addini("windtunnel_record", "none, once, new or all; in CI always none", default="none")
    parser.addini(
        "windtunnel_cassette_dir", "folder of all cassettes, from the root folder; empty: beside each test", default=""
    )
    parser.addini(
        "windtunnel_redact",
        "rules of redaction: a file, from the root folder, or MODULE:NAME; empty: windtunnel.redact.yaml beside the "
        "cassettes or in a folder above",
        default="",
    )
    parser.addini("windtunnel_html", "write the journals of all tests to this page", default="")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{_MARKER}: how the windtunnel fixture is set up for this test")
    config.addinivalue_line(
        "markers",
        'windtunnel_scenario(name_or_path, ..., providers=["anthropic", ...], lacks=["compaction", ...], '
        'policy="anthropic_python", strict=False): run the test once in each scenario, and judge it by what that expects',
    )
    config.addinivalue_line(
        "markers",
        'windtunnel_cassette(name, ..., pace="none" | "recorded" | N, match=("method", "path", "query", "body"), '
        'allow_repeats=False, allow_no_calls=False, unplayed="warn" | "fail" | "allow"): answer with what is recorded, and '
        "with nothing else",
    )
    _seed(config)
    _record(config)
    page = _page(config)
    if page is not None and page.is_dir():
        raise pytest.UsageError(f"windtunnel-html: {page} is a folder; name a file in it, like {page / 'tunnel.html'}")


def pytest_report_header(config: pytest.Config) -> str | None:
    seed, record = _seed(config), _record(config)
    told = [f"seed {seed}"] if seed else []
    told += [f"record {record}"] if record != "none" else []
    return f"windtunnel: {', '.join(told)}" if told else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("windtunnel_scenario") is not None:
        if "windtunnel" not in metafunc.fixturenames:
            raise pytest.UsageError(
                f"{metafunc.definition.nodeid}: windtunnel_scenario is for tests that use the fixture windtunnel"
            )
        from windtunnel.scenario_tests import parametrize

        parametrize(metafunc)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if any(map(_plays, items)):
        from windtunnel.cassette_tests.asked import note

        note(config, items)


def pytest_collection_finish(session: pytest.Session) -> None:
    if any(map(_plays, session.items)):
        from windtunnel.cassette_tests.asked import hand_over, take_down
        from windtunnel.cassette_tests.fixture import bring
        from windtunnel.cassette_tests.watch import remember_environment

        take_down(session.config, session.items)
        hand_over(session.config)
        bring(session.items)
        remember_environment(session.config)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Keep a test with a cassette from the service, whatever calls, and whenever."""
    if not _plays(item):
        return (yield)
    from windtunnel.cassette_tests.watch import watched

    with watched(item, network=_network(item.config)):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    if not _plays(item):
        yield
        return
    from windtunnel.cassette_tests.fixture import check_opened
    from windtunnel.cassette_tests.watch import telling

    with telling(item):
        yield
    check_opened(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Hold a test that has passed to its scenario."""
    yield
    if item.get_closest_marker("windtunnel_scenario") is not None:
        from windtunnel.scenario_tests import hold

        hold(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    if not _plays(item):
        yield
        return
    from windtunnel.cassette_tests.watch import telling

    with telling(item):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if _plays(item):
        from windtunnel.cassette_tests.ending import note

        note(item, report)
    return report


@pytest.fixture
def windtunnel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Windtunnel]:
    """A fake of the API for this test alone; `ANTHROPIC_*` points at it."""
    from windtunnel.session import tunnel_for_test

    yield from tunnel_for_test(
        request,
        monkeypatch,
        _marked(request.node),
        seed=_seed(request.config),
        network=_network(request.config),
        keep=_page(request.config) is not None,
        record=_record(request.config),
    )


def pytest_sessionfinish(session: pytest.Session) -> None:
    page, is_worker = _page(session.config), hasattr(session.config, "workerinput")
    if page is not None:
        from windtunnel.session import hand_over, write_page

        if is_worker:
            hand_over(session.config)
        else:
            write_page(session.config, page)
    if not is_worker and _USED in sys.modules:
        from windtunnel.cassette_tests.summary import fail_run

        fail_run(session)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    reports = [report for report in terminalreporter.getreports("passed") if report.when == "call"]
    unknown = [(report.nodeid, told) for report in reports for name, told in report.user_properties if name == _UNKNOWN]
    if unknown:
        terminalreporter.section("windtunnel: what cannot be told")
        for nodeid, told in unknown:
            terminalreporter.write_line(f"{nodeid}: {told}")
    _tell_of_cassettes(terminalreporter, config)
    page = _page(config)
    if page is not None:
        terminalreporter.write_line(f"windtunnel: journals and verdicts in {page}")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Gather what a worker of pytest-xdist has seen."""
    if _page(node.config) is not None:
        from windtunnel.session import gather

        gather(node)
    if _ASKED in getattr(node, "workeroutput", {}):
        from windtunnel.cassette_tests.asked import gather as gather_cassettes

        gather_cassettes(node)


def _tell_of_cassettes(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what of the cassettes was not played, and those that no test asks for."""
    if _USED not in sys.modules:
        return
    from windtunnel.cassette_tests.summary import lines

    told = lines(config, terminalreporter)
    if told:
        terminalreporter.section("windtunnel: cassettes")
        for line in told:
            terminalreporter.write_line(line)


def _plays(item: pytest.Item) -> bool:
    return item.get_closest_marker(_CASSETTE) is not None


def _page(config: pytest.Config) -> Path | None:
    """Where the page goes: an option counts from where pytest was started, an ini key from the root folder."""
    option, key = config.getoption("windtunnel_html"), config.getini("windtunnel_html")
    if option:
        return Path(option)
    return config.rootpath / key if key else None


def _marked(item: pytest.Item) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for mark in item.iter_markers("windtunnel"):
        unknown = set(mark.kwargs) - _MARKER_OPTIONS
        if mark.args or unknown:
            what = ", ".join([*map(repr, mark.args), *sorted(unknown)])
            raise pytest.UsageError(f"{item.nodeid}: the marker windtunnel does not know {what}; it is {_MARKER}")
        options = {**mark.kwargs, **options}
    return options


def _seed(config: pytest.Config) -> int:
    option, key = config.getoption("windtunnel_seed"), config.getini("windtunnel_seed")
    if option is not None:
        return int(option)
    try:
        return int(key)
    except ValueError:
        raise pytest.UsageError(f"windtunnel_seed = {key}: must be a whole number") from None


def _record(config: pytest.Config) -> Any:
    """Option before ini key; CI records only where the option says so."""
    option, key = config.getoption("windtunnel_record"), config.getini("windtunnel_record")
    if key not in _RECORD:
        raise pytest.UsageError(f"windtunnel_record = {key}: must be one of {', '.join(_RECORD)}")
    return option or ("none" if os.environ.get("CI") else key)


def _network(config: pytest.Config) -> bool:
    return bool(config.getoption("windtunnel_network") or config.getini("windtunnel_network"))
