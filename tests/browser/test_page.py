"""The page as a reader meets it: in a browser, on a desk and on a phone, by day and by night."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest

from windtunnel.policies import POLICIES
from windtunnel.report.html import Run, render
from windtunnel.verdicts import EXACT
from windtunnel.verdicts.backoff import judge
from windtunnel_server.journal import Entry, Performed

pytestmark = pytest.mark.slow

DESK, PHONE = (1280, 800), (390, 844)
TITLE = "A <script>document.title = 'taken over'</script> & <img src='//example.com/x.png'>"
LONG = "tests/agents/test_the_network_layer.py::TestRetries::test_it_comes_back_when_it_is_told_to[async-socket-1.12.0]"
#: From when to when each attempt was on the wire; the gaps, 0.4 and 0.9 s, are what the policy allows.
ATTEMPTS = ((0.0, 1.0, 529), (1.4, 2.4, 529), (3.3, 3.4, 200))
#: WCAG 2.2, criterion 1.4.3 (AA), for text of usual size.
READABLE = 4.5


def call(number: int, at: float, ended_at: float, status: int, count: int, sender: str) -> Entry:
    return Entry(
        number=number,
        provider="anthropic",
        method="POST",
        path="/v1/messages",
        headers=(("x-stainless-retry-count", str(count)),),
        body={"model": "claude-sonnet-4-6", "note": "<script>document.title = 'taken over'</script>" + "long" * 60},
        arrived_at=at,
        status=status,
        sender=sender,
        response_headers=(("retry-after", "30"),) if status == 429 else (),
        error_type={429: "rate_limit_error", 529: "overloaded_error"}.get(status),
        steps=[Performed(at, "head"), Performed(ended_at, "end")],
        ended="complete",
        ended_at=ended_at,
    )


def patient() -> list[Entry]:
    return [call(place + 1, *times, place, "patient") for place, times in enumerate(ATTEMPTS)]


def hammering() -> list[Entry]:
    return [call(place + 1, place / 10, place / 10, 429, place, "hammering") for place in range(5)]


def run(title: str, entries: list[Entry]) -> Run:
    return Run(title, entries, [judge(entries, POLICIES["anthropic_python"], tolerance=EXACT, finished=True)])


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where the page of four runs lies: one that passes, one that fails, one without failures, one without calls."""
    runs = [run("patient", patient()), run(LONG, hammering()), run("calm", patient()[2:]), run("empty", [])]
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(render(TITLE, runs), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def visit(browser, address):
    """Open the page; what it asked for and complained of is kept in `page.asked` and `page.complaints`."""
    contexts = []

    def visit(*, size=DESK, scheme="light"):
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(address)
        return page

    yield visit
    for context in contexts:
        context.close()


def boxes(locator):
    return [found.bounding_box() for found in locator.all()]


def middle(box):
    return box["y"] + box["height"] / 2


# --- on its own -----------------------------------------------------------------------------------------------------


def test_it_asks_the_network_for_nothing_and_complains_of_nothing(visit, address):
    page = visit()

    page.locator("summary").first.click()
    page.wait_for_load_state("networkidle")

    assert page.asked == [address]
    assert page.complaints == []


def test_what_clients_and_titles_say_is_shown_and_never_run(visit):
    page = visit()

    assert page.title() == TITLE
    assert page.locator("h1").inner_text() == TITLE
    assert page.locator("script, img, iframe").count() == 0


# --- the timeline ---------------------------------------------------------------------------------------------------


def test_the_bars_of_a_timeline_are_in_order_and_to_scale(visit):
    page = visit()

    bars = boxes(page.locator("#run-0 .timeline .attempt"))

    assert len(bars) == len(ATTEMPTS)
    assert all(above["y"] + above["height"] <= below["y"] for above, below in pairwise(bars))
    pixels_a_second = (bars[-1]["x"] - bars[0]["x"]) / (ATTEMPTS[-1][0] - ATTEMPTS[0][0])
    assert pixels_a_second > 100
    for bar, (begin, end, _) in zip(bars, ATTEMPTS, strict=True):
        assert bar["x"] - bars[0]["x"] == pytest.approx(begin * pixels_a_second, abs=1)
        assert bar["width"] == pytest.approx((end - begin) * pixels_a_second, abs=1)


def test_what_is_allowed_is_shaded_where_the_attempt_may_come(visit):
    page = visit()

    first, second, _ = boxes(page.locator("#run-0 .timeline .attempt"))
    shade = boxes(page.locator("#run-0 .timeline .allowed"))[0]

    pixels_a_second = first["width"]
    assert shade["x"] == pytest.approx(first["x"] + 1.375 * pixels_a_second, abs=1)
    assert shade["width"] == pytest.approx(0.125 * pixels_a_second, abs=1)
    assert shade["x"] < second["x"] < shade["x"] + shade["width"]
    assert middle(shade) == pytest.approx(middle(second), abs=1)


@pytest.mark.parametrize("place", [0, 1])
def test_every_bar_and_its_label_can_be_seen(visit, place):
    page = visit()
    drawing = page.locator(f"#run-{place} .timeline")
    frame = drawing.bounding_box()

    inside = boxes(drawing.locator(".attempt, text"))

    assert len(inside) >= 2 * len(ATTEMPTS)
    for box in inside:
        assert box["width"] >= 2 and box["height"] >= 8
        assert frame["x"] <= box["x"] and box["x"] + box["width"] <= frame["x"] + frame["width"]
        assert frame["y"] <= box["y"] and box["y"] + box["height"] <= frame["y"] + frame["height"]


def test_what_came_too_early_has_another_colour(visit):
    page = visit()

    colours = page.eval_on_selector_all(".timeline .attempt", "all => all.map(bar => getComputedStyle(bar).fill)")

    patient, hammering = colours[:3], colours[3:8]
    assert len(set(patient)) == 1
    assert hammering[0] == patient[0] != hammering[1]


# --- finding one's way ----------------------------------------------------------------------------------------------


def test_the_journal_unfolds_on_a_click_down_to_the_call(visit):
    journal = visit().locator("#run-0 details.journal")
    calls = journal.locator("details")
    assert not calls.first.is_visible()

    journal.locator("> summary").click()
    assert calls.first.is_visible() and not calls.first.locator("pre").is_visible()
    calls.nth(1).locator("summary").click()

    entry = json.loads(calls.nth(1).locator("pre").inner_text())
    assert (entry["number"], entry["arrived_at"]) == (2, 1.4)
    assert not calls.nth(0).locator("pre").is_visible()


def test_the_journal_unfolds_by_keyboard(visit):
    page = visit()
    summary = page.locator("#run-0 details.journal > summary")

    summary.focus()
    page.keyboard.press("Enter")

    assert page.locator("#run-0 details.journal details").first.is_visible()


def test_the_links_of_the_overview_lead_to_their_runs(visit):
    page = visit(size=(1280, 300))

    for place in (1, 3, 0):
        link = page.locator(f"a[href='#run-{place}']")
        link.click()

        section = page.locator(f"#run-{place}")
        assert page.evaluate("location.hash") == f"#run-{place}"
        assert 0 <= section.locator("h2").bounding_box()["y"] < 300
        assert section.locator("h2").inner_text() == link.inner_text()
        page.evaluate("scrollTo(0, 0)")


# --- day and night --------------------------------------------------------------------------------------------------

#: Every text on the page with its colour and the one behind it.
PAINTED = """() => {
  document.querySelectorAll("details").forEach(details => { details.open = true });
  const behind = element => {
    for (; element; element = element.parentElement) {
      const colour = getComputedStyle(element).backgroundColor;
      if (!/, 0\\)$|transparent/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const own = element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
  return [...document.body.querySelectorAll("*")]
    .filter(element => own(element) && element.checkVisibility() && element.localName !== "title")
    .map(element => [
      element.textContent.slice(0, 40),
      getComputedStyle(element)[element.namespaceURI.endsWith("svg") ? "fill" : "color"],
      behind(element),
    ]);
}"""


def channels(colour):
    red, green, blue = re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", colour).groups()
    return int(red), int(green), int(blue)


def luminance(colour):
    """Relative luminance as WCAG defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (n / 255 for n in channels(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_what_is_behind_it(visit, scheme):
    painted = visit(scheme=scheme).evaluate(PAINTED)

    faint = [(text, round(contrast(ink, paper), 2)) for text, ink, paper in painted if contrast(ink, paper) < READABLE]

    assert len(painted) > 100
    assert faint == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_bars_stand_out_from_the_paper(visit, scheme):
    page = visit(scheme=scheme)

    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    fills = page.eval_on_selector_all(".timeline .attempt", "all => all.map(bar => getComputedStyle(bar).fill)")

    assert min(contrast(fill, paper) for fill in fills) >= 3  # WCAG 2.2, criterion 1.4.11, for what is drawn


def test_night_is_dark_and_day_is_light(visit):
    day, night = (visit(scheme=scheme).evaluate(PAINTED) for scheme in ("light", "dark"))

    assert [text for text, _, _ in day] == [text for text, _, _ in night]
    assert all(luminance(paper) > 0.8 for _, _, paper in day)
    assert all(luminance(paper) < 0.05 for _, _, paper in night)


def test_contrast_is_reckoned_as_wcag_does():
    assert contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)") == pytest.approx(21)
    assert contrast("rgb(118, 118, 118)", "rgb(255, 255, 255)") == pytest.approx(4.54, abs=0.01)


# --- on a phone -----------------------------------------------------------------------------------------------------

#: Elements that reach over the right edge and are not inside something that scrolls by itself.
SPILLED = """() => [...document.body.querySelectorAll("*")]
  .filter(element => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth + 1)
  .filter(element => {
    for (let up = element.parentElement; up; up = up.parentElement)
      if (getComputedStyle(up).overflowX === "auto") return false;
    return true;
  })
  .map(element => `${element.localName}.${element.className}: ${element.textContent.slice(0, 50)}`)"""


@pytest.mark.parametrize("unfolded", [False, True], ids=["folded", "unfolded"])
def test_a_phone_need_not_scroll_sideways(visit, unfolded):
    page = visit(size=PHONE)
    if unfolded:
        page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")

    assert page.evaluate(SPILLED) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_a_phone_scrolls_a_wide_timeline_in_its_own_frame(visit):
    page = visit(size=PHONE)
    figure = page.locator("#run-0 figure")

    figure.evaluate("figure => { figure.scrollLeft = 10_000 }")

    last = page.locator("#run-0 .timeline .attempt").last.bounding_box()
    assert 0 < last["x"] < PHONE[0]
    assert figure.evaluate("figure => figure.clientWidth") <= PHONE[0]
