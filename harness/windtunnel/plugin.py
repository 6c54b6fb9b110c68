"""The pytest plugin: options, marker and fixture. No logic, and nothing heavy is imported before a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from windtunnel.tunnel import Windtunnel

_MARKER = (
    'windtunnel(clock="virtual" | "real", seed=0, network=False, dates=True): how the windtunnel fixture is set up '
    "for this test"
)
_MARKER_OPTIONS = frozenset({"clock", "seed", "network", "dates"})


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("windtunnel", "windtunnel: a fake of the Anthropic Messages API")
    group.addoption("--windtunnel-seed", type=int, metavar="N", help="seed of everything that chance decides")
    group.addoption(
        "--windtunnel-network",
        action="store_true",
        default=None,
        help="let tests that use the windtunnel fixture reach other machines",
    )
    group.addoption("--windtunnel-html", metavar="FILE", help="write the journals of all tests to a page")
    parser.addini("windtunnel_seed", "seed of everything that chance decides", default="0")
    parser.addini("windtunnel_network", "let tests reach other machines", type="bool", default=False)
    parser.addini("windtunnel_html", "write the journals of all tests to this page", default="")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)


def pytest_report_header(config: pytest.Config) -> str | None:
    seed = _seed(config)
    return f"windtunnel: seed {seed}" if seed else None


@pytest.fixture
def windtunnel(request: pytest.FixtureRequest) -> Iterator[Windtunnel]:
    """A fake of the API for this test alone; `ANTHROPIC_*` points at it."""
    from windtunnel.session import tunnel_for_test

    yield from tunnel_for_test(
        request.node, _marked(request.node), seed=_seed(request.config), network=_network(request.config)
    )


def pytest_sessionfinish(session: pytest.Session) -> None:
    where = _page(session.config)
    if where:
        from windtunnel.session import hand_over, write_page

        if hasattr(session.config, "workerinput"):
            hand_over(session.config)
        else:
            write_page(where)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    where = _page(config)
    if where:
        terminalreporter.write_line(f"windtunnel: journals and verdicts in {where}")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Gather what a worker of pytest-xdist has seen."""
    if _page(node.config):
        from windtunnel.session import gather

        gather(node)


def _page(config: pytest.Config) -> str:
    return str(config.getoption("windtunnel_html") or config.getini("windtunnel_html") or "")


def _marked(item: pytest.Item) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for mark in item.iter_markers("windtunnel"):
        unknown = set(mark.kwargs) - _MARKER_OPTIONS
        if mark.args or unknown:
            what = ", ".join([*map(repr, mark.args), *sorted(unknown)])
            raise pytest.UsageError(f"{item.nodeid}: marker windtunnel does not know {what}; it takes {_MARKER}")
        options = {**mark.kwargs, **options}
    return options


def _seed(config: pytest.Config) -> int:
    given = config.getoption("windtunnel_seed")
    return int(config.getini("windtunnel_seed")) if given is None else int(given)


def _network(config: pytest.Config) -> bool:
    return bool(config.getoption("windtunnel_network") or config.getini("windtunnel_network"))
