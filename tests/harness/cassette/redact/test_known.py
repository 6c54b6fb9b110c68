"""Values that are known to be secret."""

from __future__ import annotations

import html
import json

import pytest

from windtunnel.cassette.redact.known import Known

ODD = 'pa"ss\\wörd<&>1'


@pytest.mark.parametrize("write", [str, json.dumps, lambda text: json.dumps(text, ensure_ascii=False), html.escape])
def test_a_value_is_found_as_json_and_xml_write_it(write):
    text = f"it is {write(ODD)}.".encode()

    known = Known({"SOME_PASSWORD": ODD})

    (edit,) = known.edits(text, known.sieved)

    assert text[edit.start : edit.end] == write(ODD).strip('"').encode() or write is str
    assert edit.kind == "environment"


def test_a_learnt_value_is_found():
    known = Known({})
    known.learn(b"opaque-value-0815")

    assert len(list(known.edits(b"a opaque-value-0815 b opaque-value-0815", known.sieved))) == 2


@pytest.mark.parametrize("value", [b"short-1", b"two words only", b"anthropic", b"REDACTED", b"sk-REDACTED-1234567"])
def test_what_would_be_found_by_chance_is_not_learnt(value: bytes):
    known = Known({})
    known.learn(value)

    assert len(known) == 0


def test_no_more_is_learnt_than_can_be_looked_for():
    known = Known({})
    for number in range(5000):
        known.learn(b"opaque-value-%05d" % number)

    assert len(known) == 4096


def test_what_was_learnt_since_is_all_that_is_looked_for():
    known = Known({"SOME_API_KEY": "opaque-value-0815"})
    before = len(known)
    known.learn(b"opaque-value-4711")

    later = known.since(before)

    text = b"opaque-value-0815 opaque-value-4711"
    assert [(edit.start, edit.kind) for edit in later.edits(text, later.sieved)] == [(18, "credential")]


def test_the_name_of_a_place_counts_only_where_it_stands_alone():
    known = Known({})
    known.learn_place(b"123456789012", "aws-account", b"000000000000")

    text = rb"123456789012 1234567890123 x-123456789012 (123456789012)\n123456789012"
    found = list(known.edits(text, known.sieved))

    assert [(edit.start, edit.text) for edit in found] == [(0, b"0" * 12), (43, b"0" * 12), (58, b"0" * 12)]


@pytest.mark.parametrize("value", [b"production", b"my-project", b"12345", b"00000000-0000-0000-0000-000000000000"])
def test_a_place_that_is_called_by_a_word_is_not_learnt(value: bytes):
    known = Known({})
    known.learn_place(value, "google-project", b"redacted-project")

    assert len(known) == 0


@pytest.mark.parametrize("value", [b"dark-mode-blue-and-grey", b"claude-sonnet-4-5-20250929", b"2026-11-23T10:00:00Z"])
def test_a_setting_in_a_cookie_is_not_learnt(value: bytes):
    known = Known({})
    known.learn_cookie(value)

    assert len(known) == 0
