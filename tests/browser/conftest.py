"""A real browser for the tests of the page: the machine's own Chromium, headless."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

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
DESK = (1280, 800)
#: The clipboard of a headless browser is nobody's: what is copied is kept where a test can see it.
_CLIPBOARD = """Object.defineProperty(navigator, "clipboard", {
  value: { writeText: async text => { window.copied = text; } } });"""


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


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open an address; what the page asked for and complained of is kept in `page.asked` and `page.complaints`.

    A page that complained fails the test.
    """
    contexts, pages = [], []

    def open_page(address: str, *, size: tuple[int, int] = DESK, scheme: Any = "light", script: str = "") -> Page:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        contexts.append(context)
        context.add_init_script(_CLIPBOARD + script)
        page: Any = context.new_page()
        pages.append(page)
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [complaint for page in pages for complaint in page.complaints] == []
