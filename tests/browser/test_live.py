"""The page of a running server: what a real client does is seen at once, and one can meddle by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from windtunnel.serving import build
from windtunnel_server.server import Server
from windtunnel_server.threaded import ThreadedServer

anthropic = pytest.importorskip("anthropic")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

PHONE = (390, 844)


class Up:
    """A server that is up, and the official client of it."""

    def __init__(self) -> None:
        self.server: Server = build(host="127.0.0.1", port=0, provider="anthropic", seed=0, speed=1.0).server
        self._threaded = ThreadedServer(self.server)
        self._threaded.start()
        self.page = f"{self.server.url}/_windtunnel/"
        self.client = anthropic.Anthropic(base_url=self.server.url, api_key="sk-ant-api03-a-key-to-hide-WXYZ")

    def ask(self, **options: Any) -> Any:
        client = self.client.with_options(**options)
        asked = {"model": "claude-sonnet-4-6", "max_tokens": 100}
        return client.messages.create(messages=[{"role": "user", "content": "Which way?"}], **asked)

    def stop(self) -> None:
        self.client.close()
        self._threaded.stop()


@pytest.fixture
def up() -> Iterator[Up]:
    up = Up()
    yield up
    up.stop()


@pytest.fixture
def live(open_page, up):
    """The live page, connected."""
    page = open_page(up.page)
    page.locator(".state.live").wait_for()
    return page


def answers(page):
    return page.locator(".item .answer").all_inner_texts()


def test_a_call_is_seen_as_it_happens_and_only_the_server_is_asked(live, up):
    up.ask()

    live.locator(".answer.ok").wait_for()

    assert live.locator(".chains .attempt").count() == 1
    assert {address.partition("/_windtunnel/")[0] for address in live.asked} == {up.server.url}
    assert len(up.server.core.journal) == 1


def test_two_viewers_see_the_same_and_no_key(open_page, live, up):
    other = open_page(up.page)
    other.locator(".state.live").wait_for()

    up.ask()

    for page in (live, other):
        page.locator(".line").first.click()
        page.get_by_text("Request headers").click()
        headers = page.locator("table.headers").first.inner_text()
        assert "***WXYZ" in headers and "a-key-to-hide" not in headers


def test_a_failure_fired_by_hand_meets_the_next_call(live, up):
    live.locator("#failure").select_option("rate_limited")
    live.locator("#times").fill("2")
    live.locator("#options").fill("retry_after=0.2, message='Slow.'")
    live.get_by_role("button", name="Fire").click()
    live.get_by_text("rate_limited comes next").wait_for()
    assert [step.times for step in up.server.core.script.left] == [2]

    up.ask()

    live.locator("[data-number='3']").wait_for()
    assert answers(live)[:2] == ["429 rate_limit_error"] * 2
    assert [entry.response_header("retry-after") for entry in up.server.core.journal][:2] == ["0.2", "0.2"]


def test_a_fault_of_the_wire_can_be_fired_too(live, up):
    live.locator("#failure").select_option("reset_before_headers")
    live.get_by_role("button", name="Fire").click()
    live.get_by_text("comes next").wait_for()

    with pytest.raises(anthropic.APIConnectionError):
        up.ask(max_retries=0)

    live.locator(".answer.cut").wait_for()
    assert answers(live) == ["reset before the head"]


def test_what_cannot_be_fired_is_said(live, up):
    live.locator("#options").fill("retry_aftr=2")

    live.get_by_role("button", name="Fire").click()

    assert "retry_after" in live.get_by_role("alert").inner_text()
    assert up.server.core.script.left == []
    live.complaints.clear()  # the browser notes the answer 400


def test_a_verdict_comes_by_the_chosen_policy_and_leads_to_the_call(live, up):
    live.locator("#failure").select_option("overloaded")
    live.get_by_role("button", name="Fire").click()
    live.get_by_text("comes next").wait_for()
    with pytest.raises(anthropic.APIStatusError):
        up.ask(max_retries=0)

    live.locator("#policy").select_option("anthropic_python")
    live.get_by_text("perhaps gave up early").wait_for()
    live.locator("#finished").check()

    live.locator(".verdict.fail").wait_for()
    live.locator(".jump").first.click()
    assert live.locator(".item.current .details .finding").is_visible()


def test_waits_are_shown_once_they_are_judged(live, up):
    live.locator("#failure").select_option("overloaded")
    live.get_by_role("button", name="Fire").click()
    live.get_by_text("comes next").wait_for()
    up.ask()
    live.locator("[data-number='2'] .answer.ok").wait_for()

    live.locator("#policy").select_option("anthropic_python")

    live.locator(".chains .allowed").wait_for()
    live.locator("[data-number='2'] .wait.pass").wait_for()
    assert live.locator(".verdict.pass").is_visible()


def test_a_pause_holds_what_happens_until_it_is_over(live, up):
    live.get_by_role("button", name="Pause").click()
    up.ask()
    live.get_by_text("held").wait_for()
    assert live.locator(".item").count() == 0

    live.get_by_role("button", name="Resume").click()

    live.locator(".item").first.wait_for()


def test_a_reset_empties_page_and_server(live, up):
    up.ask()
    live.locator(".item").first.wait_for()

    live.get_by_role("button", name="Reset").click()

    live.locator(".item").first.wait_for(state="detached")
    assert len(up.server.core.journal) == 0
    up.ask()
    live.locator("[data-number='1']").wait_for()


def test_filters_stay_while_calls_come(live, up):
    up.ask()
    live.locator(".item").first.wait_for()
    live.get_by_label("failed only").check()

    up.ask()

    live.get_by_text("0 of 2 calls").wait_for()
    assert live.locator(".item").count() == 0


def test_a_server_that_stops_is_noticed(live, up):
    up.stop()

    live.get_by_text("not connected").wait_for()
    live.complaints.clear()  # the browser notes that nobody answers


def test_it_fits_a_phone(open_page, up):
    up.ask()
    page = open_page(up.page, size=PHONE)

    page.locator(".item").first.wait_for()

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_a_page_from_elsewhere_can_do_nothing(open_page, up, tmp_path):
    up.ask()
    foreign = tmp_path / "foreign.html"
    foreign.write_text("<!doctype html><title>foreign</title>", encoding="utf-8")
    page = open_page(foreign.as_uri())

    page.evaluate("address => fetch(address + 'reset', { method: 'POST', mode: 'no-cors' }).catch(() => null)", up.page)

    assert len(up.server.core.journal) == 1
    page.complaints.clear()  # the browser notes the answer 403
