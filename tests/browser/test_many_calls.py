"""Ten thousand calls in one run: the page opens without freezing, and all that it can do it does with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from windtunnel.policies import POLICIES
from windtunnel.report.html import render
from windtunnel.results import Result, results_to_json
from windtunnel.verdicts import EXACT
from windtunnel.verdicts.backoff import judge
from windtunnel_server.journal import Entry, Performed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

CALLS, CLIENTS = 10_000, 12
#: Seconds of work without a break that a reader does not take for a freeze; half of it is what we see on an idle machine.
FREEZE_S = 0.4


def calls() -> list[Entry]:
    """Twelve clients, each in conversation: every seventh call fails and is tried again, a few of them too early."""
    found: list[Entry] = []
    ready = [client * 0.01 for client in range(CLIENTS)]
    failed = [0] * CLIENTS
    for place in range(CALLS):
        client = min(range(CLIENTS), key=lambda one: ready[one])
        at, fails = ready[client], place % 7 == 3 and not failed[client]
        found.append(_call(place + 1, at, f"task {client + 1}", fails, failed[client]))
        failed[client] = 1 if fails else 0
        wait = (0.1 if place % 490 == 3 else 0.45) if fails else 0.5
        ready[client] = at + (0.02 if fails else 1.5) + wait
    return found


def _call(number: int, at: float, sender: str, fails: bool, count: int) -> Entry:
    ended_at = at + (0.02 if fails else 1.5)
    said = json.dumps({"type": "message", "content": [{"type": "text", "text": f"Answer {number}. " * 20}]})
    return Entry(
        number=number,
        provider="anthropic",
        method="POST",
        path="/v1/messages",
        headers=(("x-stainless-retry-count", str(count)), ("content-type", "application/json")),
        body={"model": "claude-sonnet-4-6", "messages": [{"role": "user", "content": f"Question {number}. " * 60}]},
        arrived_at=at,
        status=529 if fails else 200,
        error_type="overloaded_error" if fails else None,
        sender=sender,
        usage=None
        if fails
        else {"input_tokens": 20, "cache_read_input_tokens": number % 900 * 200, "output_tokens": 90},
        steps=[Performed(at, "head", 200), Performed(ended_at, "send", 400), Performed(ended_at, "end")],
        sent=[said.encode()],
        ended="complete",
        ended_at=ended_at,
    )


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    entries = calls()
    verdict = judge(entries, POLICIES["anthropic_python"], tolerance=EXACT, finished=True)
    fields: dict[str, Any] = {"client": "anthropic-async", "provider": "anthropic", "seed": 1, "status": verdict.value}
    run = Result(scenario="long", id="long", verdicts=[verdict], entries=entries, context_window=200_000, **fields)
    path = tmp_path_factory.mktemp("many") / "page.html"
    path.write_text(render(results_to_json([run], title="many")), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def page(open_page):
    return lambda address: open_page(address, size=(1280, 900))


def busiest_s(page, act) -> float:
    """The longest work without a break while `act` runs, in seconds of processor time: the machine may be busy."""
    session, events, over = page.context.new_cdp_session(page), [], []
    session.on("Tracing.dataCollected", lambda found: events.extend(found["value"]))
    session.on("Tracing.tracingComplete", lambda found: over.append(True))
    session.send("Tracing.start", {"traceConfig": {"includedCategories": ["toplevel"]}, "transferMode": "ReportEvents"})
    act()
    session.send("Tracing.end")
    while not over:
        page.wait_for_timeout(20)
    tasks = [event["tdur"] / 1e6 for event in events if event.get("ph") == "X" and "tdur" in event]
    assert tasks
    return max(tasks)


def test_it_opens_without_freezing_and_draws_only_what_is_in_view(page, address):
    opened = page("about:blank")

    def act():
        opened.goto(address)
        opened.locator(".item").first.wait_for()

    busiest = busiest_s(opened, act)

    assert "10,000 calls" in opened.locator(".journal .shown").inner_text()
    assert opened.locator(".item").count() < 60
    assert opened.locator("svg *").count() < 4000
    assert busiest < FREEZE_S


def test_a_call_far_down_is_found_by_its_link_by_search_and_by_scrolling(page, address):
    opened = page(f"{address}#run=0&call=9000")

    opened.locator(".item.current .details").wait_for()
    assert opened.locator(".item.current").get_attribute("data-number") == "9000"
    opened.fill("#search", "question 1234.")
    opened.get_by_text("1 of 10,000 calls", exact=True).wait_for()
    assert opened.locator(".item .n").all_inner_texts() == ["1234"]
    opened.fill("#search", "")
    opened.locator(".journal .shown").get_by_text("10,000 calls", exact=True).wait_for()
    opened.evaluate("scrollTo(0, document.documentElement.scrollHeight)")

    opened.locator("[data-number='10000']").wait_for()
    assert opened.locator(".item").count() < 60


def test_nothing_one_does_with_them_freezes_it(page, address):
    opened = page(address)
    opened.locator(".item").first.wait_for()

    def act():
        opened.get_by_label("sort").select_option("took")
        opened.get_by_label("failed only").check()
        opened.get_by_label("failed only").uncheck()
        opened.fill("#search", "answer 77")
        opened.get_by_text("of 10,000 calls").wait_for()
        opened.evaluate("location.hash = 'run=0&call=7000'")
        opened.locator(".item.current .details").wait_for()
        for key in "++llh-0jjk":
            opened.keyboard.press(key)
        opened.wait_for_timeout(100)

    assert busiest_s(opened, act) < FREEZE_S


def test_a_crowded_row_opens_the_call_under_the_pointer(page, address):
    opened = page(address)
    row = opened.locator(".target.dense").first
    row.wait_for()

    box = row.bounding_box()
    row.click(position={"x": box["width"] / 2, "y": box["height"] / 2})

    number = int(opened.locator(".item.current").get_attribute("data-number"))
    assert 4000 < number < 6000


def test_bars_can_be_told_apart_once_one_is_near_enough(page, address):
    opened = page(address)
    opened.locator(".target.dense").first.wait_for()

    opened.locator(".rows").focus()
    for _ in range(5):
        opened.keyboard.press("+")

    opened.locator(".chains [data-call]").first.wait_for()
    assert opened.locator(".target.dense").count() == 0
