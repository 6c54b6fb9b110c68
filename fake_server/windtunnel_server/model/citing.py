"""What an unscripted reply cites: the beginning of a source of the last question that may be cited.

Positions as documented and recorded: characters and blocks count from 0, pages from 1, and an end is the first that is
not meant any more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from windtunnel_server.model.question import blocks_of, conversation
from windtunnel_server.wire.message import Block

_SENTENCE: Final = re.compile(r"\s*.+?(?:[.!?](?:\s+|$)|\n|$)", re.DOTALL)


def cited(request: Mapping[str, Any]) -> Block | None:
    """Write a text that cites the last source with citations; None where there is none."""
    citation = next((found for found in _citations(request) if found is not None), None)
    if citation is None:
        return None
    return {
        "citations": [citation],
        "type": "text",
        "text": f"{_name(citation)} says: {citation['cited_text'].strip()}",
    }


def _name(citation: Mapping[str, Any]) -> str:
    return str(citation.get("document_title") or citation.get("title") or "The document")


def _citations(request: Mapping[str, Any]) -> Iterator[dict[str, Any] | None]:
    for index, source in reversed(list(enumerate(_sources(request, "document")))):
        yield _of_document(source, index) if _enabled(source) else None
    for index, source in reversed(list(enumerate(_sources(request, "search_result")))):
        yield _of_search_result(source, index) if _enabled(source) else None


def _sources(request: Mapping[str, Any], kind: str) -> Iterator[Mapping[str, Any]]:
    """Give the documents or search results of a conversation, those in tool results too, in their order."""
    for message in conversation(request):
        for block in blocks_of(message):
            parts = blocks_of(block) if block.get("type") == "tool_result" else [block]
            yield from (part for part in parts if part.get("type") == kind)


def _enabled(source: Mapping[str, Any]) -> bool:
    return bool((source.get("citations") or {}).get("enabled"))


def _of_document(document: Mapping[str, Any], index: int) -> dict[str, Any] | None:
    source = document.get("source") or {}
    where = _PLACES.get(str(source.get("type")), _page)(source, document)
    if where is None:
        return None
    kind, text, start, end = where
    named = {"document_index": index, "document_title": document.get("title")}
    first, last = _ENDS[kind]
    return {"type": kind, "cited_text": text, **named, first: start, last: end}


def _of_search_result(result: Mapping[str, Any], index: int) -> dict[str, Any] | None:
    texts = [str(block.get("text", "")) for block in blocks_of(result)]
    if not texts or not texts[0].strip():
        return None
    found = {"type": "search_result_location", "cited_text": texts[0], "source": result.get("source")}
    place = {"search_result_index": index, "start_block_index": 0, "end_block_index": 1}
    return {**found, "title": result.get("title"), **place}


_Where = tuple[str, str, int, int]

_ENDS: Final = {
    "char_location": ("start_char_index", "end_char_index"),
    "page_location": ("start_page_number", "end_page_number"),
    "content_block_location": ("start_block_index", "end_block_index"),
}


def _characters(source: Mapping[str, Any], document: Mapping[str, Any]) -> _Where | None:
    text = str(source.get("data", ""))
    sentence = _SENTENCE.match(text)
    if sentence is None or not text.strip():
        return None
    return "char_location", sentence[0], 0, sentence.end()


def _blocks(source: Mapping[str, Any], document: Mapping[str, Any]) -> _Where | None:
    texts = [str(block.get("text", "")) for block in blocks_of(source)]
    place = next((place for place, text in enumerate(texts) if text.strip()), None)
    return None if place is None else ("content_block_location", texts[place], place, place + 1)


def _page(source: Mapping[str, Any], document: Mapping[str, Any]) -> _Where:
    # What stands on a page is not read here.
    return "page_location", f"(page 1 of {document.get('title') or 'the document'})", 1, 2


_PLACES: Final[Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], _Where | None]]] = {
    "text": _characters,
    "content": _blocks,
}
