"""Requests in Vertex's dialect: names of models, versions, what is not on offer."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.model.models import MODELS
from windtunnel_server.model.problem import Problem
from windtunnel_server.providers.vertex.request import (
    find_model,
    first_party,
    headers_for,
    is_served,
    name_of,
    version_of,
)


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5-20251001"),
        ("claude-haiku-4-5", "claude-haiku-4-5-20251001"),
        ("claude-sonnet-4-6@default", "claude-sonnet-4-6"),
        ("claude-opus-5", "claude-opus-5"),
        ("claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet-20241022"),
        ("claude-3-5-haiku@20241022", "claude-3-5-haiku-20241022"),
    ],
)
def test_a_model_is_found_by_its_name_here(name: str, id: str):
    model = find_model(name)

    assert model is not None and model.id == id


@pytest.mark.parametrize(
    "name", ["claude-haiku-4-5-20251001", "claude-haiku-4-5@20250101", "anthropic.claude-opus-5", "gpt-4", "", "@"]
)
def test_names_of_other_places_are_unknown_here(name: str):
    assert find_model(name) is None


def test_every_model_is_found_by_the_name_it_has_here():
    assert [find_model(name_of(model)) for model in MODELS] == list(MODELS)


@pytest.mark.parametrize(
    ("model", "location", "expected"),
    [
        ("claude-opus-5", "global", True),
        ("claude-opus-5", "eu", True),
        ("claude-opus-5", "us-east5", False),
        ("claude-sonnet-4-6", "us-east5", True),
        ("claude-haiku-4-5@20251001", "europe-west1", True),
        ("claude-opus-4-7", "europe-west1", False),
    ],
)
def test_regions_stop_at_sonnet_4_6(model: str, location: str, expected: bool):
    found = find_model(model)

    assert found is not None and is_served(found, location) is expected


@pytest.mark.parametrize(("said", "version"), [("2026-10-21", "2026-10-21"), ("vertex-2023-10-16", "2023-06-01")])
def test_the_version_is_in_the_body(said: str, version: str):
    assert version_of({"anthropic_version": said}) == version


@pytest.mark.parametrize(
    ("body", "words"), [({}, "Field required"), ({"anthropic_version": "2023-06-01"}, "should be")]
)
def test_a_version_of_another_place_is_refused(body: dict[str, Any], words: str):
    found = version_of(body)

    assert isinstance(found, Problem) and words in found.message


def test_what_is_vertex_own_is_left_out():
    assert first_party({"anthropic_version": "x", "anthropic_beta": [], "max_tokens": 1}) == {"max_tokens": 1}


def test_betas_are_heard_in_the_header_and_in_the_body():
    call = Call("POST", "/", headers=(("Anthropic-Beta", "one"), ("authorization", "Bearer secret")))

    shown = headers_for(call, {"anthropic_beta": ["two", 3]})

    assert shown == (("Anthropic-Beta", "one"), ("anthropic-beta", "two"))
