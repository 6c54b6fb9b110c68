"""The first difference, as a person wants to read it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from windtunnel.cassette.match.asked import Asked
from windtunnel.cassette.match.difference import first
from windtunnel.cassette.match.matchers import Matching


def asked(body: Any = None, **parts: Any) -> Asked:
    return Asked(**{"method": "POST", "path": "/v1/messages", "body": json.dumps(body).encode()} | parts)


@pytest.mark.parametrize(
    ("recorded", "seen", "told"),
    [
        ({"a": 1}, {"a": 2}, "a  1  !=  2"),
        ({"a": 1}, {}, "a  1  !=  (absent)"),
        ({}, {"tools": [{"name": "t"}]}, 'tools  (absent)  !=  [{"name": "t"}]'),
        (
            {"messages": [{"content": "x"}]},
            {"messages": [{"content": "y"}]},
            'messages[0].content[0].text  "x"  !=  "y"',
        ),
        ({"a": [1]}, {"a": [1, 2]}, "a[1]  (absent)  !=  2"),
        ({"a": True}, {"a": "true"}, 'a  true  !=  "true"'),
        ({"a": 1}, {"a": True}, "a  1  !=  true"),
        ({"a": [{"b": False}]}, {"a": [{"b": 0}]}, "a[0].b  false  !=  0"),
    ],
)
def test_the_first_difference_is_a_path_and_two_values(recorded: Any, seen: Any, told: str) -> None:
    assert str(first(Matching.of(), asked(seen), asked(recorded))) == told


def test_of_long_texts_the_place_is_shown_where_they_part() -> None:
    before = "the quick brown fox " * 50

    found = first(Matching.of(), asked({"a": before + "jumps" + before}), asked({"a": before + "sleeps" + before}))

    assert found is not None
    assert "jumps" in found.seen and "sleeps" in found.recorded
    assert max(len(found.seen), len(found.recorded)) < 70
    assert found.seen.startswith("…") and found.seen.endswith("…")


def test_rules_come_before_the_body() -> None:
    found = first(Matching.of(), asked({"a": 1}, method="GET"), asked({"a": 2}))

    assert str(found) == 'method  "POST"  !=  "GET"'


def test_a_credential_is_never_shown() -> None:
    one, other = (asked(headers=(("x-api-key", f"sk-ant-api03-{word}-0123456789"),)) for word in ("SECRET", "HIDDEN"))

    found = first(Matching.of(["headers:x-api-key"]), one, other)

    assert found is not None
    assert "SECRET" not in str(found) and "HIDDEN" not in str(found)


def test_requests_that_agree_have_no_difference() -> None:
    assert first(Matching.of(), asked({"a": 1}), asked({"a": 1.0})) is None
