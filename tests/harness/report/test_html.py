"""The page: whole, well-formed, self-contained, and safe against what a client or server wrote."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from windtunnel.report.html import Run, render


class Page(HTMLParser):
    """Reads a page and keeps its tags, attributes and text; complains of tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def html(entries, verdict) -> str:
    return render("Report of <today>", [Run('rate limit & "more"', entries, [verdict])])


def test_every_tag_is_closed_and_nothing_foreign_comes_in(html):
    page = Page(html)

    assert {"script", "b", "i", "today"}.isdisjoint(page.tags)
    assert "<script>alert('body')</script>" in page.text
    assert "<i>api_error</i>" in page.text
    assert "Report of <today>" in page.text
    assert 'rate limit & "more"' in page.text


def test_the_page_asks_the_network_for_nothing(html):
    page = Page(html)

    assert {"link", "img", "iframe"}.isdisjoint(page.tags)
    assert [value for name, value in page.attributes if name in ("src", "href")] == ["#run-0"]
    assert "url(" not in html
    assert "@import" not in html


def test_it_is_light_or_dark_as_the_reader_wishes(html):
    assert "prefers-color-scheme: dark" in html


def test_the_verdict_its_findings_and_every_call_are_there(html, entries, verdict):
    page = Page(html)

    assert verdict.summary in page.text
    for finding in verdict.findings:
        assert f"{finding.where}: {finding.title}" in page.text
        assert finding.advice in page.text
    assert page.text.count('"number": ') == len(entries)
    assert page.tags.count("svg") == len(verdict.report.chains)


def test_several_runs_are_listed_and_linked(entries, verdict):
    page = Page(render("all", [Run("one", entries, [verdict]), Run("two", [], [])]))

    assert [value for name, value in page.attributes if name == "href"] == ["#run-0", "#run-1"]
    assert {("id", "run-0"), ("id", "run-1")} <= set(page.attributes)
    assert re.search(r"Journal: 0 calls", page.text)
