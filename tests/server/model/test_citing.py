"""What a reply cites."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.citing import cited

ON = {"enabled": True}
TEXT = {"type": "text", "media_type": "text/plain", "data": "Grass is green. The sky is blue."}
CONTENT = {"type": "content", "content": [{"type": "text", "text": " "}, {"type": "text", "text": "Wind is air."}]}
PDF = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}


def document(source: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "document", "source": source, "title": "On air", "citations": ON} | more


def found(*content: Any) -> dict[str, Any] | None:
    block = cited({"messages": [{"role": "user", "content": list(content)}]})
    return None if block is None else dict(block)


@pytest.mark.parametrize(
    ("source", "place"),
    [
        (TEXT, ("char_location", "Grass is green. ", 0, 16)),
        (CONTENT, ("content_block_location", "Wind is air.", 1, 2)),
        (PDF, ("page_location", "(page 1 of On air)", 1, 2)),
    ],
    ids=["text", "blocks", "pages"],
)
def test_each_source_is_cited_in_its_own_way(source: dict[str, Any], place: tuple[Any, ...]) -> None:
    block = found(document(source))

    assert block is not None
    assert list(block) == ["citations", "type", "text"]
    (citation,) = block["citations"]
    kind, text, index, title, first, last = citation.values()
    assert (kind, text, first, last) == place
    assert (index, title) == (0, "On air")


def test_what_is_cited_of_a_text_stands_there() -> None:
    block = found(document(TEXT))

    assert block is not None
    (citation,) = block["citations"]
    assert TEXT["data"][citation["start_char_index"] : citation["end_char_index"]] == citation["cited_text"]


def test_documents_are_counted_whether_they_may_be_cited_or_not() -> None:
    block = found(document(TEXT, citations={"enabled": False}), document(TEXT))

    assert block is not None
    assert block["citations"][0]["document_index"] == 1


def test_search_results_in_the_result_of_a_tool_are_cited() -> None:
    result = {
        "type": "search_result",
        "source": "s",
        "title": "t",
        "content": [{"type": "text", "text": "Yes."}],
        "citations": ON,
    }

    block = found({"type": "tool_result", "tool_use_id": "x", "content": [result]})

    assert block is not None
    assert block["citations"] == [
        {
            "type": "search_result_location",
            "cited_text": "Yes.",
            "source": "s",
            "title": "t",
            "search_result_index": 0,
            "start_block_index": 0,
            "end_block_index": 1,
        }
    ]


@pytest.mark.parametrize("content", [[], [document(TEXT, citations=None)], [document(TEXT | {"data": "  "})]])
def test_without_anything_to_cite_there_is_none(content: list[Any]) -> None:
    assert found(*content) is None
