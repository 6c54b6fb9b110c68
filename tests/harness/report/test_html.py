"""The page: whole, self-contained, and safe against what a client or server wrote."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.report.html import live, render
from windtunnel.report.live import live_page
from windtunnel.results import FORMAT, Result, ResultsError, results_to_json

HOSTILE = "</script><script>alert(1)</script><!--\u2028\u2029 & \"quoted\" 'too' {{blocks}} \ud83d"
_VOID = {"meta", "path", "br"}


class Page(HTMLParser):
    """Reads a page and keeps its tags, attributes and scripts; complains of tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] == ["script"]:
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)
        elif self.open[-1:] != ["style"]:
            self.text += data

    def script(self, **wanted: str) -> str:
        found = [text for attributes, text in self.scripts if wanted.items() <= attributes.items()]
        return "\n".join(found)

    @property
    def document(self) -> Any:
        return json.loads(self.script(id="document"))


def result(**fields: Any) -> Result:
    said = {"scenario": "s", "id": "s", "client": "anthropic", "provider": "anthropic", "seed": 0, "status": "pass"}
    return Result(**(said | fields))


@pytest.fixture
def document(entries, verdict) -> dict[str, Any]:
    one = result(
        scenario='rate limit & "more"', status="fail", verdicts=[verdict], entries=entries, reason="<b>why</b>"
    )
    return results_to_json([one, result(scenario="empty")], title="Report of <today>", seed=3)


def test_the_document_can_be_read_back_out_of_the_page(document):
    page = Page(render(document))

    runs = [json.loads(page.script(id=f"run-{place}")) for place in range(2)]
    entries = [json.loads(line) for line in page.script(**{"data-run": "0"}).splitlines()]
    assert runs[0] | {"entries": entries} == json.loads(json.dumps(document["runs"][0]))
    assert runs[1] | {"entries": []} == json.loads(json.dumps(document["runs"][1]))
    assert page.document["title"] == "Report of <today>"
    assert [run["calls"] for run in page.document["runs"]] == [len(entries), 0]


def test_a_page_made_of_a_file_is_the_same(document):
    assert render(json.loads(json.dumps(document))) == render(document)


def test_what_is_there_is_text_and_never_markup(document):
    page = Page(render(document))

    assert {"b", "i", "today"}.isdisjoint(page.tags)
    assert "Report of <today>" in page.text
    assert 'rate limit & "more"' in page.text


def test_without_scripts_there_is_still_a_table_of_all_runs(document, verdict):
    page = Page(render(document))

    assert page.tags.count("tr") == 3
    assert f"backoff: {verdict.value}" in page.text


def test_the_page_asks_the_network_for_nothing(document):
    html = render(document)
    page = Page(html)

    assert {"link", "img", "iframe", "object"}.isdisjoint(page.tags)
    assert {name for name, _ in page.attributes}.isdisjoint({"src", "srcset", "action", "style"})
    assert [value for name, value in page.attributes if name == "href"] == ["#main"]
    ours = html.replace(page.script(**{"data-run": "0"}), "")
    assert not re.search(r"\burl\(|@import", ours)
    # One is the name of SVG, the other what a curl command begins with.
    assert set(re.findall(r"https?://[\w.$]+", ours)) <= {"http://www.w3.org", "http://$"}


def test_its_content_policy_lets_only_its_own_style_and_script_in(document):
    page = Page(render(document))
    policy = next(value for _, value in page.attributes if value and "default-src" in value)
    (script,) = [text for attributes, text in page.scripts if not attributes]

    assert "default-src 'none'" in policy and "connect-src 'none'" in policy and "unsafe" not in policy
    assert f"script-src 'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in policy


@given(st.text() | st.just(HOSTILE))
def test_no_text_breaks_out_of_its_place(text: str):
    document = results_to_json([result(scenario=text, about=text, rerun=text, output={"stdout": text})], title=text)

    page = Page(render(document))

    assert json.loads(page.script(id="run-0"))["output"] == {"stdout": text}
    assert page.document["title"] == (text or "windtunnel")
    assert page.tags.count("script") == 3


def test_hostile_calls_stay_in_their_lines(entries):
    entries[0].body = {"note": HOSTILE}

    page = Page(render(results_to_json([result(entries=entries)], title="t")))

    lines = page.script(**{"data-run": "0"}).split("\n")
    assert json.loads(lines[0])["body"] == {"note": HOSTILE}
    assert len(lines) == len(entries)


def test_numbers_that_json_has_not_become_null(entries):
    entries[0].body = {"temperature": float("nan"), "list": [float("inf")]}

    page = Page(render(results_to_json([result(entries=entries)], title="t")))

    first = page.script(**{"data-run": "0"}).split("\n")[0]
    assert json.loads(first, parse_constant=pytest.fail)["body"] == {"temperature": None, "list": [None]}


def test_a_long_journal_lies_in_several_blocks(entries):
    many = entries * 200

    page = Page(render(results_to_json([result(entries=many)], title="t")))

    blocks = [text for attributes, text in page.scripts if "data-run" in attributes]
    assert len(blocks) > 1
    assert sum(len(block.splitlines()) for block in blocks) == len(many)


@pytest.mark.parametrize(
    "document", [{}, {"runs": []}, {"format": 1}, {"format": "1", "runs": []}, {"format": 1, "runs": {}}]
)
def test_what_is_no_result_of_a_run_is_refused(document):
    with pytest.raises(ResultsError, match="no runs in it"):
        render(document)


def test_a_later_format_is_refused(document):
    with pytest.raises(ResultsError, match="update windtunnel"):
        render(document | {"format": FORMAT + 1})


def test_the_live_page_may_talk_to_its_own_server_and_offers_what_there_is():
    page = Page(live(failures=["rate_limited", "stall"], policies=["claude_code"]))

    assert page.document["live"] == {"failures": ["rate_limited", "stall"], "policies": ["claude_code"]}
    assert any(value and "connect-src 'self'" in value for _, value in page.attributes)


def test_every_failure_and_every_policy_can_be_chosen_on_the_live_page():
    offers = Page(live_page()).document["live"]

    assert {"rate_limited", "overloaded", "reset_mid_body", "stall"} <= set(offers["failures"])
    assert "anthropic_python" in offers["policies"]
    assert len(set(offers["failures"])) == len(offers["failures"])
