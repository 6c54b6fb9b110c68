"""Tools that the service runs."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from windtunnel_server.model import hosted
from windtunnel_server.wire.ids import Ids

SEARCH = {"type": "web_search_20250305", "name": "web_search"}
FETCH = {"type": "web_fetch_20250910", "name": "web_fetch"}
CODE = {"type": "code_execution_20250825", "name": "code_execution"}
AT = 1_790_000_000.0


def run(text: str, *tools: dict[str, Any], **more: Any) -> hosted.Run | None:
    request = {"messages": [{"role": "user", "content": text}], "tools": list(tools)} | more
    return hosted.run(request, Random(0), Ids(Random(0)), AT)


@pytest.mark.parametrize(
    ("text", "tool", "names"),
    [
        ("Search the web for kites.", SEARCH, ["web_search", "web_search_tool_result"]),
        ("Read https://example.org/a, please.", FETCH, ["web_fetch", "web_fetch_tool_result"]),
        ("What is 3 * 17?", CODE, ["bash_code_execution", "bash_code_execution_tool_result"]),
        (
            "Run it in Python.",
            CODE | {"type": "code_execution_20250522"},
            ["code_execution", "code_execution_tool_result"],
        ),
    ],
)
def test_a_question_has_its_tool_run(text: str, tool: dict[str, Any], names: list[str]) -> None:
    found = run(text, tool)

    assert found is not None
    call, result = found.blocks
    assert [call["name"], result["type"]] == names
    assert call["id"] == result["tool_use_id"]
    assert call["id"].startswith("srvtoolu_01")
    assert found.contained is (tool["name"] == "code_execution")


@pytest.mark.parametrize("choice", [{"type": "none"}, {"type": "any"}])
def test_another_choice_runs_none(choice: dict[str, Any]) -> None:
    assert run("Search the web.", SEARCH, tool_choice=choice) is None


def test_a_question_for_none_runs_none_but_a_tool_that_is_named_is_run() -> None:
    assert run("Hello.", SEARCH, FETCH, CODE) is None
    assert run("Hello.", SEARCH, tool_choice={"type": "tool", "name": "web_search"}) is not None


def test_what_is_found_lies_where_it_may() -> None:
    found = run("Search the web.", SEARCH | {"allowed_domains": ["wind.example"]})

    assert found is not None and found.cited is not None
    assert all(page["url"].startswith("https://wind.example/") for page in found.blocks[1]["content"])
    assert found.cited["citations"][0]["url"] == found.blocks[1]["content"][0]["url"]


def test_a_page_is_fetched_from_the_address_in_the_question() -> None:
    found = run("Look at https://example.org/a?b=c.", FETCH | {"citations": {"enabled": True}})

    assert found is not None
    content = found.blocks[1]["content"]
    assert content["url"] == "https://example.org/a?b=c"
    assert content["retrieved_at"] == "2026-09-21T14:13:20.000000"
    assert content["content"]["citations"] == {"enabled": True}


def test_a_container_is_used_again_where_one_is_named() -> None:
    new, again = (hosted.container(request, Ids(Random(0)), AT) for request in ({}, {"container": "container_1"}))

    assert new["id"].startswith("container_01")
    assert new["expires_at"] == "2026-09-21T14:18:20.000000Z"
    assert again["id"] == "container_1"


def test_a_search_for_tools_finds_them_by_name() -> None:
    around = hosted.Circumstances(text="", rng=Random(0), ids=Ids(Random(0)), at=AT)

    by_pattern = hosted.search_tools({"name": "tool_search_tool_regex"}, ["get_time"], around)
    by_words = hosted.search_tools({"name": "tool_search_tool_bm25"}, ["get_time"], around)

    assert by_pattern.blocks[0]["input"] == {"pattern": "get_time"}
    assert by_words.blocks[0]["input"] == {"query": "get time"}
    assert by_words.blocks[1]["content"]["tool_references"] == [{"type": "tool_reference", "tool_name": "get_time"}]
