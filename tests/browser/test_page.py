"""The page as a reader meets it: in a browser, on a desk and on a phone, by day and by night."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest

from windtunnel.policies import POLICIES
from windtunnel.report.html import render
from windtunnel.results import Result, results_to_json
from windtunnel.verdicts import EXACT
from windtunnel.verdicts.backoff import judge
from windtunnel_server.journal import Entry, Performed

pytestmark = pytest.mark.slow

PHONE = (390, 844)
TITLE = "A <script>document.title = 'taken over'</script> & <img src='//example.com/x.png'>"
LONG = "tests/agents/test_the_network_layer.py::TestRetries::test_it_comes_back_when_it_is_told_to[async-socket-1.12.0]"
#: From when to when each attempt was on the wire; the gaps, 0.4 and 0.9 s, are what the policy allows.
ATTEMPTS = ((0.0, 1.0, 529), (1.4, 2.4, 529), (3.3, 3.4, 200))
#: WCAG 2.2, criterion 1.4.3 (AA), for text of usual size.
READABLE = 4.5
STREAM = b'event: message_start\ndata: {"type": "message_start"}\n\nevent: ping\ndata: {"type": "ping"}\n\n'


def call(number: int, at: float, ended_at: float, status: int, count: int, sender: str) -> Entry:
    return Entry(
        number=number,
        provider="anthropic",
        method="POST",
        path="/v1/messages",
        headers=(("host", "127.0.0.1:8080"), ("x-api-key", "***0-AA"), ("x-stainless-retry-count", str(count))),
        body={"model": "claude-sonnet-4-6", "note": "<script>document.title = 'taken over'</script>'" + "long" * 60},
        bytes_in=300,
        arrived_at=at,
        status=status,
        sender=sender,
        response_headers=(("retry-after", "30"),) if status == 429 else (),
        error_type={429: "rate_limit_error", 529: "overloaded_error"}.get(status),
        usage={"input_tokens": 100, "cache_read_input_tokens": 800, "output_tokens": 50} if status == 200 else None,
        steps=[Performed(at, "head"), Performed(at + 0.01, "send", 60, "message_start"), Performed(ended_at, "end")],
        sent=[STREAM if status == 200 else b'{"type": "error", "error": {"message": "slow down, caf\xc3\xa9"}}'],
        bytes_out=60,
        ended="complete",
        ended_at=ended_at,
    )


def patient() -> list[Entry]:
    return [call(place + 1, *times, place, "patient") for place, times in enumerate(ATTEMPTS)]


def hammering() -> list[Entry]:
    return [call(place + 1, place / 10, place / 10, 429, place, "hammering") for place in range(5)]


def run(title: str, entries: list[Entry], **fields: object) -> Result:
    verdict = judge(entries, POLICIES["anthropic_python"], tolerance=EXACT, finished=True)
    said = {"client": "anthropic", "provider": "anthropic", "seed": 0, "status": verdict.value, "context_window": 1000}
    said |= {"rerun": f"windtunnel run {title!r}", "verdicts": [verdict], "entries": entries}
    return Result(scenario=title, id=title, **(said | fields))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where the page lies: a run that passes, one that fails, one without failures, one that was skipped."""
    runs = [
        run("patient", patient(), simulated_s=3.4, wall_s=0.2),
        run(LONG, hammering(), client="naive"),
        run("calm", patient()[2:], provider="bedrock"),
        run("empty", [], status="skip", reason="the client lacks compaction", verdicts=[]),
    ]
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(render(results_to_json(runs, title=TITLE)), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def visit(open_page, address):
    """Open the page at a place: `visit("run=0")`."""
    return lambda place="", **options: open_page(f"{address}#{place}", **options)


def boxes(locator):
    return [found.bounding_box() for found in locator.all()]


def middle(box):
    return box["y"] + box["height"] / 2


def has_focus(page, selector):
    return page.evaluate("selector => document.activeElement.matches(selector)", selector)


def current(page):
    return page.locator(".item.current").get_attribute("data-number")


# --- on its own -----------------------------------------------------------------------------------------------------


def test_it_asks_the_network_for_nothing(visit, address):
    page = visit()

    page.get_by_role("link", name="patient").click()
    page.locator(".line").first.click()
    page.wait_for_load_state("networkidle")

    assert page.asked == [address]


def test_what_clients_and_titles_say_is_shown_and_never_run(visit):
    page = visit("run=0&call=1")

    assert page.title().endswith(TITLE)
    assert page.locator("h1").inner_text() == TITLE
    assert "<script>document.title" in page.locator("pre").first.inner_text()
    assert page.locator("img, iframe, main script").count() == 0


# --- all runs -------------------------------------------------------------------------------------------------------


def shown(page):
    return [name.partition("::")[0] for name in page.locator(".runs tbody th a").all_inner_texts()]


def test_every_run_is_in_the_table_with_its_status_in_words(visit):
    page = visit()

    assert page.locator(".runs td.status").all_inner_texts() == [
        "\u2713\npass",
        "\u2715\nfail",
        "?\nunknown",
        "\u2013\nskip",
    ]
    assert page.locator(".runs td.calls").all_inner_texts() == ["3", "5", "1", "0"]
    assert "the client lacks compaction" in page.locator(".runs tbody tr").last.inner_text()


def test_the_table_is_filtered_by_status_text_and_client(visit):
    page = visit()

    page.get_by_role("button", name="1 fail").click()
    assert shown(page) == ["tests/agents/test_the_network_layer.py"]
    page.get_by_role("button", name="all 4").click()
    page.fill("#search", "CALM")
    page.get_by_text("1 of 4 runs").wait_for()
    assert shown(page) == ["calm"]
    page.fill("#search", "")
    page.get_by_text("1 of 4 runs").wait_for(state="hidden")
    page.get_by_label("client").select_option("naive")
    assert shown(page) == ["tests/agents/test_the_network_layer.py"]


def test_the_table_is_sorted_by_a_heading_both_ways(visit):
    page = visit()

    page.get_by_role("button", name="calls").click()
    assert page.locator(".runs td.calls").all_inner_texts() == ["0", "1", "3", "5"]
    page.get_by_role("button", name="calls").click()

    assert page.locator(".runs td.calls").all_inner_texts() == ["5", "3", "1", "0"]
    assert page.locator("th.calls").get_attribute("aria-sort") == "descending"


def test_a_run_opens_on_a_click_and_back_leads_to_the_table(visit):
    page = visit()

    page.get_by_role("link", name="patient").click()
    assert page.locator("h2").inner_text() == "patient \u00b7 anthropic"
    assert page.evaluate("location.hash") == "#run=0"
    page.go_back()

    page.locator(".runs").wait_for()


# --- the timeline ---------------------------------------------------------------------------------------------------


def test_the_bars_of_a_chain_are_in_a_row_and_to_scale(visit):
    bars = boxes(visit("run=0").locator(".chains .attempt"))

    assert len(bars) == len(ATTEMPTS)
    assert len({round(middle(bar)) for bar in bars}) == 1
    pixels_a_second = (bars[-1]["x"] - bars[0]["x"]) / (ATTEMPTS[-1][0] - ATTEMPTS[0][0])
    assert pixels_a_second > 100
    for bar, (begin, end, _) in zip(bars, ATTEMPTS, strict=True):
        assert bar["x"] - bars[0]["x"] == pytest.approx(begin * pixels_a_second, abs=1)
        assert bar["width"] == pytest.approx((end - begin) * pixels_a_second, abs=1)


def test_what_is_allowed_is_shaded_where_the_attempt_may_come(visit):
    page = visit("run=0")

    first, second, _ = boxes(page.locator(".chains .attempt"))
    shade = boxes(page.locator(".chains .allowed"))[0]

    pixels_a_second = first["width"]
    assert shade["x"] == pytest.approx(first["x"] + 1.375 * pixels_a_second, abs=1.5)
    assert shade["width"] == pytest.approx(0.125 * pixels_a_second, abs=1.5)
    assert shade["x"] < second["x"] < shade["x"] + shade["width"]
    assert middle(shade) == pytest.approx(middle(second), abs=1)


def test_what_came_too_early_has_a_flag(visit):
    assert visit("run=0").locator(".chains .flag").count() == 0
    assert visit("run=1").locator(".chains .flag").count() >= 1


def test_a_wait_that_should_have_been_is_in_the_picture(visit):
    page = visit("run=1")

    last, shade = boxes(page.locator(".chains .attempt"))[-1], boxes(page.locator(".chains .allowed"))[-1]

    assert shade["x"] > last["x"] + 500
    assert page.get_by_text("30.0 s", exact=True).or_(page.get_by_text("30 s", exact=True)).count() == 1


def test_zooming_in_tells_bars_apart_and_back_shows_all(visit):
    page = visit("run=0")
    width = boxes(page.locator(".chains .attempt"))[-1]["width"]

    page.locator(".rows").focus()
    page.keyboard.press("+")
    page.locator(".zoom button:nth-of-type(2):enabled").wait_for()
    wider = max(box["width"] for box in boxes(page.locator(".chains .attempt")))
    page.keyboard.press("0")
    page.locator(".zoom button:nth-of-type(2):disabled").wait_for()

    assert wider > width * 1.9
    assert boxes(page.locator(".chains .attempt"))[-1]["width"] == pytest.approx(width, abs=0.5)


def test_a_click_on_a_bar_opens_its_call(visit):
    page = visit("run=0")

    page.locator(".chains .call").nth(1).click()

    assert current(page) == "2"
    assert page.locator(".item.current .details").is_visible()


def test_tokens_are_stacked_against_the_window(visit):
    page = visit("run=0")

    parts = [box["height"] for box in boxes(page.locator(".tokens .call rect"))]
    read, given, answered = parts

    assert read == pytest.approx(8 * given, rel=0.05) and given == pytest.approx(2 * answered, rel=0.05)
    assert page.locator(".tokens .level.window").count() == 1
    assert "window 1,000 (95 % used)" in page.locator(".tokens .scope").inner_text()


# --- the journal ----------------------------------------------------------------------------------------------------


def test_a_call_unfolds_down_to_its_headers_bodies_and_instants(visit):
    page = visit("run=0")

    page.locator(".line").nth(1).click()
    details = page.locator(".item.open .details")

    assert "1.400 s" in details.inner_text() and "+1 s" in details.inner_text()
    assert json.loads(details.locator("pre").first.inner_text())["model"] == "claude-sonnet-4-6"
    assert json.loads(details.locator("pre").last.inner_text())["error"]["message"] == "slow down, caf\u00e9"
    details.get_by_text("Request headers").click()
    assert "x-stainless-retry-count" in details.locator("table.headers").inner_text()
    page.locator(".line").nth(1).click()
    assert details.count() == 0


def test_a_stream_is_split_into_its_events_with_their_instants(visit):
    events = visit("run=0&call=3").locator("table.events tr")

    assert events.locator("th").all_inner_texts()[:2] == ["message_start", "ping"]
    assert events.first.locator("td").first.inner_text() == "+10 ms"


def test_the_journal_is_searched_in_requests_and_answers(visit):
    page = visit("run=0")

    page.fill("#search", "SLOW DOWN, CAF\u00c9")
    page.get_by_text("2 of 3 calls").wait_for()
    page.fill("#search", "nowhere")
    page.get_by_text("0 of 3 calls").wait_for()

    assert page.locator(".item").count() == 0


def test_failed_calls_can_be_shown_alone_and_calls_of_one_status(visit):
    page = visit("run=0")

    page.get_by_label("failed only").check()
    assert page.locator(".item .n").all_inner_texts() == ["1", "2"]
    page.get_by_label("failed only").uncheck()
    page.locator(".journal").get_by_label("status").select_option("200")
    assert page.locator(".item .n").all_inner_texts() == ["3"]


def test_the_longest_calls_can_come_first(visit):
    page = visit("run=0")

    page.get_by_label("sort").select_option("took")

    assert page.locator(".item .n").all_inner_texts() == ["1", "2", "3"]
    page.get_by_label("sort").select_option("tokens")
    assert page.locator(".item .n").first.inner_text() == "3"


def test_a_finding_leads_to_its_call_even_when_a_filter_hides_it(visit):
    page = visit("run=1")
    page.fill("#search", "nowhere")
    page.get_by_text("0 of 5 calls").wait_for()

    jump = page.locator(".finding .jump").first
    number = jump.inner_text()
    jump.click()

    assert current(page) == number
    assert page.locator(".item.current .finding").first.is_visible()
    assert has_focus(page, ".item.current .line")
    assert page.evaluate("location.hash") == f"#run=1&call={number}"


def test_a_link_leads_to_a_call(visit):
    page = visit("run=1&call=4")

    assert current(page) == "4"
    assert page.locator(".item.current .details").is_visible()


def test_a_call_is_copied_as_curl_with_its_key_masked(visit):
    page = visit("run=0&call=1")

    page.get_by_role("button", name="Copy as curl").click()

    copied = page.evaluate("window.copied")
    assert copied.startswith("curl -X POST 'http://127.0.0.1:8080/v1/messages' \\\n")
    assert "-H 'x-api-key: ***0-AA'" in copied and "host:" not in copied
    assert "</script>'\\''long" in copied


def test_the_command_that_runs_it_again_is_copied(visit):
    page = visit("run=0")

    page.locator(".rerun button").click()

    assert page.evaluate("window.copied") == "windtunnel run 'patient'"


def test_a_printed_page_has_every_call(visit):
    page = visit("run=1", size=(1280, 300), scheme="dark")
    page.emulate_media(media="print")

    page.evaluate("dispatchEvent(new Event('beforeprint'))")

    assert page.locator(".item").count() == 5
    assert luminance(page.evaluate(PAPER)) > 0.9
    assert all(
        above["y"] + above["height"] <= below["y"] + 1 for above, below in pairwise(boxes(page.locator(".item")))
    )


# --- by keyboard ----------------------------------------------------------------------------------------------------


def test_everything_can_be_done_by_keyboard(visit):
    page = visit("run=0")
    press = page.keyboard.press

    press("/")
    assert has_focus(page, "#search")
    press("Escape")
    press("j")
    press("j")
    assert current(page) == "2" and has_focus(page, ".item.current .line")
    press("Enter")
    assert page.locator(".item.current .details").is_visible()
    press("ArrowUp")
    assert current(page) == "1"
    press("]")
    page.locator(".jump").first.wait_for()
    press("n")
    assert page.locator(".item.current .finding").first.is_visible()
    press("u")
    page.locator(".runs").wait_for()


def test_the_keys_are_shown_to_who_asks(visit):
    page = visit()

    page.keyboard.press("?")

    assert "next finding" in page.get_by_role("dialog", name="Keys").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()


def test_letters_typed_into_a_field_are_letters(visit):
    page = visit("run=0")

    page.locator("#search").press_sequentially("t/j?")

    assert page.locator("#search").input_value() == "t/j?"
    assert not page.locator("#keys").is_visible()


def test_the_focus_can_be_seen(visit):
    page = visit("run=0")

    page.keyboard.press("j")

    assert page.locator(".item.current .line").evaluate("e => getComputedStyle(e).outlineStyle") == "solid"


# --- day and night --------------------------------------------------------------------------------------------------

#: Every text on the page with its colour and the one behind it.
PAINTED = """() => {
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
PAPER = "getComputedStyle(document.body).backgroundColor"


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
@pytest.mark.parametrize("place", ["", "run=0&call=1", "run=1&call=2"])
def test_all_text_stands_out_from_what_is_behind_it(visit, scheme, place):
    painted = visit(place, scheme=scheme).evaluate(PAINTED)

    faint = [(text, round(contrast(ink, paper), 2)) for text, ink, paper in painted if contrast(ink, paper) < READABLE]

    assert len(painted) > 40
    assert faint == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_bars_stand_out_from_the_paper(visit, scheme):
    page = visit("run=0", scheme=scheme)

    paper = page.evaluate("getComputedStyle(document.querySelector('.sheet')).backgroundColor")
    fills = page.eval_on_selector_all(".chains .attempt", "all => all.map(bar => getComputedStyle(bar).fill)")

    assert len(set(fills)) == 2
    assert min(contrast(fill, paper) for fill in fills) >= 3  # WCAG 2.2, criterion 1.4.11, for what is drawn


def test_night_is_dark_and_day_is_light(visit):
    day, night = (visit(scheme=scheme).evaluate(PAPER) for scheme in ("light", "dark"))

    assert luminance(day) > 0.8 and luminance(night) < 0.05


def test_the_reader_may_choose_otherwise_and_is_remembered(visit):
    page = visit("run=0")

    page.get_by_role("button", name="Switch to the dark theme").click()
    assert luminance(page.evaluate(PAPER)) < 0.05
    page.reload()
    assert luminance(page.evaluate(PAPER)) < 0.05
    page.keyboard.press("t")

    assert luminance(page.evaluate(PAPER)) > 0.8


def test_contrast_is_reckoned_as_wcag_does():
    assert contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)") == pytest.approx(21)
    assert contrast("rgb(118, 118, 118)", "rgb(255, 255, 255)") == pytest.approx(4.54, abs=0.01)


# --- on a phone -----------------------------------------------------------------------------------------------------

#: Elements that reach over the right edge and are not inside something that scrolls by itself.
SPILLED = """() => [...document.body.querySelectorAll("*")]
  .filter(element => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth + 1)
  .filter(element => {
    for (let up = element.parentElement; up; up = up.parentElement)
      if (["auto", "scroll", "hidden"].includes(getComputedStyle(up).overflowX)) return false;
    return true;
  })
  .map(element => `${element.localName}.${element.className}: ${element.textContent.slice(0, 50)}`)"""


@pytest.mark.parametrize("place", ["", "run=0", "run=1&call=2", "run=0&call=3"])
def test_a_phone_need_not_scroll_sideways(visit, place):
    page = visit(place, size=PHONE)

    assert page.evaluate(SPILLED) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_a_phone_shows_every_row_of_the_timeline(visit):
    page = visit("run=0", size=PHONE)

    rows = page.locator(".rows").bounding_box()

    for box in boxes(page.locator(".chains .attempt")):
        assert rows["y"] <= box["y"] and box["y"] + box["height"] <= rows["y"] + rows["height"]
        assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE[0]
