from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.cassette import reader
from windtunnel.cassette.document import parse
from windtunnel.cassette.interaction import Interaction
from windtunnel.cassette.layout import block, document
from windtunnel.cassette.spots import find
from windtunnel.cassette.vcr import from_vcr


def as_bytes(structure: dict[str, Any]) -> dict[str, Any]:
    """Put the bodies that YAML gives as texts as the reader gives them."""
    for place, key in ((structure["request"], "body"), (structure["response"]["body"], "string")):
        if isinstance(place[key], str):
            place[key] = place[key].encode()
    return structure


def read(raw: bytes) -> list[dict[str, Any]] | None:
    spots = find(raw)
    return None if spots is None else [reader.structure(spot) for spot in spots]


@given(st.data())
def test_what_we_write_is_read_as_it_was_by_us_and_by_yaml(any_interactions: Any, data: st.DataObject) -> None:
    interactions = data.draw(any_interactions)

    raw = document(map(block, interactions))

    found = read(raw)
    assert found is not None
    assert [from_vcr(structure) for structure in found] == interactions
    loaded = yaml.safe_load(raw)
    assert loaded["version"] == 1
    assert [as_bytes(structure) for structure in loaded["interactions"]] == found


#: What people, editors and tools do to a file.
EDITS = [
    "\n",
    " ",
    "  ",
    "\t",
    "#",
    '"',
    "\\",
    "x",
    "-",
    ":",
    "[",
    "]",
    "1",
    "\r\n",
    "é",
    "\x85",
    "\u2028",
    "'",
    "+",
    "|2",
]


@given(st.data())
def test_of_a_file_edited_by_hand_the_reader_says_what_yaml_says_or_nothing(
    three: list[Interaction], data: st.DataObject
) -> None:
    raw = document(map(block, three)).decode()
    start = data.draw(st.integers(0, len(raw)))
    end = start + data.draw(st.sampled_from([0, 0, 1, 2, 5, 40]))
    edited = (raw[:start] + data.draw(st.sampled_from(["", *EDITS])) + raw[end:]).encode()

    found = read(edited)

    if found is not None:
        assert [as_bytes(structure) for structure in yaml.safe_load(edited)["interactions"]] == found
        assert parse(edited).interactions == tuple(map(from_vcr, found))


@given(st.data())
def test_a_line_that_is_moved_doubled_or_lost_is_read_as_yaml_reads_it_or_not_at_all(
    three: list[Interaction], data: st.DataObject
) -> None:
    lines = document(map(block, three)).splitlines(keepends=True)
    one, other = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    kept = lines[:one] + lines[one + data.draw(st.integers(0, 1)) :]
    edited = b"".join(kept[:other] + data.draw(st.sampled_from([[], [lines[one]]])) + kept[other:])

    found = read(edited)

    if found is not None:
        assert [as_bytes(structure) for structure in yaml.safe_load(edited)["interactions"]] == found
        assert parse(edited).interactions == tuple(map(from_vcr, found))


def test_a_body_with_a_line_more_is_still_our_layout(streamed: Interaction) -> None:
    raw = document([block(streamed)])

    edited = raw.replace(b"        event: ping\n", b"        : a comment\n        event: ping\n")

    found = read(edited)
    assert found is not None
    assert b"\n: a comment\nevent: ping\n" in found[0]["response"]["body"]["string"]


def test_no_interactions_are_a_cassette_too() -> None:
    assert read(document([])) == []


def test_a_request_can_be_had_without_its_answer(framed: Interaction) -> None:
    (spot,) = find(document([block(framed)])) or []

    assert reader.method_and_uri(spot) == ("POST", framed.request.uri)
    assert reader.request_body(spot) == framed.request.body
