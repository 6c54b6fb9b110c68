"""A real browser for the tests of the page: the machine's own Chromium, headless."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Root may not use Chromium's sandbox; the others keep it from talking to anybody of its own accord.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium(lacking: Callable[[str], NoReturn]) -> str:
    """Path of the browser."""
    if importlib.util.find_spec("playwright") is None:
        lacking("playwright is not installed; make test installs it, or: pip install 'windtunnel[dev]'")
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        lacking("no Chromium is installed; on Debian: apt-get install chromium")
    return found


# For a module, not for the session: while Playwright runs, the thread has an event loop, which disturbs other tests.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()
