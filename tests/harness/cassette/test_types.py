"""Recordings against the types of the installed SDK."""

from __future__ import annotations

from dataclasses import replace

import pytest

from windtunnel.cassette.interaction import Interaction
from windtunnel.cassette.types import against_sdk, misfits

pytest.importorskip("anthropic", minversion="1", reason="types are those of SDK 1 and later")


def found(interaction: Interaction, was: bytes, now: bytes) -> set[tuple[str, str]]:
    body = interaction.response.body.replace(was, now)
    assert body != interaction.response.body
    changed = replace(interaction, response=replace(interaction.response, body=body))
    before: set[tuple[str, str]] = {(drift.tier, drift.where) for drift in against_sdk([interaction])}
    after: set[tuple[str, str]] = {(drift.tier, drift.where) for drift in against_sdk([changed])}
    return after - before


def test_a_field_that_the_sdk_does_not_know_is_additive(answered: Interaction) -> None:
    assert found(answered, b'"role"', b'"new": 1, "role"') == {("additive", "new")}


def test_a_field_of_another_type_is_breaking(answered: Interaction) -> None:
    assert found(answered, b'"msg_1"', b"[1]") == {("breaking", "id")}


def test_events_are_held_against_their_own_types(streamed: Interaction) -> None:
    assert found(streamed, b'"index":0,"delta"', b'"delta"') == {("breaking", "[content_block_delta].index")}


def test_errors_and_converse_are_not_looked_at(answered: Interaction, framed: Interaction) -> None:
    assert misfits(framed) == []
    assert misfits(replace(answered, response=replace(answered.response, status=500, body=b"{}"))) == []


def test_a_delta_of_a_kind_that_the_sdk_does_not_know_is_one_finding(streamed: Interaction) -> None:
    assert found(streamed, b'"text_delta"', b'"text_piece"') == {
        ("additive", "[content_block_delta].delta[text_piece]")
    }


def test_a_fault_in_a_block_is_told_for_its_own_kind_only(answered: Interaction) -> None:
    assert found(answered, b'"name"', b'"names"') == {("breaking", "content[tool_use].name")}


def test_an_event_that_the_sdk_does_not_know_is_additive(streamed: Interaction) -> None:
    assert found(streamed, b"event: message_stop", b"event: message_note") == {("additive", "event message_note")}
