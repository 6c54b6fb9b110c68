"""The model table and the models endpoint."""

from __future__ import annotations

from typing import Any

import pytest
from anthropic.types import ModelInfo
from anthropic.types.model_param import ModelParam

from windtunnel_server.model.models import MODELS, find, listing
from windtunnel_server.model.problem import Problem
from windtunnel_server.wire.generation import generation


def ids(answer: dict[str, Any] | Problem) -> list[str]:
    assert isinstance(answer, dict)
    return [item["id"] for item in answer["data"]]


def test_an_alias_is_the_dated_model() -> None:
    found = find("claude-sonnet-4-5")

    assert found is not None and found.id == "claude-sonnet-4-5-20250929"


@pytest.mark.parametrize("name", ["claude-4-5-haiku", "invalid-model-name", "", "claude-sonnet-5-20260630"])
def test_a_name_nobody_gave_is_no_model(name: str) -> None:
    assert find(name) is None


def test_every_id_the_sdk_knows_is_in_the_table() -> None:
    literal = ModelParam.__args__[0]  # type: ignore[attr-defined]

    assert [name for name in literal.__args__ if find(name) is None] == []


def test_no_name_means_two_models() -> None:
    names = [name for model in MODELS for name in (model.id, *model.aliases)]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_every_model_reads_as_the_sdks_model_info(model: Any) -> None:
    info = ModelInfo.model_validate(model.info(), strict=False)

    assert set(model.info()) == set(ModelInfo.model_fields)
    assert info.capabilities is not None and info.capabilities.thinking.supported == model.era.thinks


def test_known_dates_run_from_new_to_old() -> None:
    known = [model.released for model in MODELS if model.released is not None]

    assert known == sorted(known, reverse=True)


def test_newer_vocabularies_begin_with_opus_4_7() -> None:
    assert all((model.era.vocabulary == "v3") == (generation(model.id) < (4, 7)) for model in MODELS)


def test_retired_models_are_listed_only_when_asked_for() -> None:
    usual, retired = ids(listing({"limit": ["1000"]})), ids(listing({"lifecycle[]": ["retired"], "limit": ["1000"]}))

    assert "claude-3-opus-20240229" not in usual
    assert "claude-3-opus-20240229" in retired
    assert not set(usual) & set(retired)


def test_pages_follow_one_another_without_gap() -> None:
    whole = ids(listing({"limit": ["1000"]}))

    first = listing({"limit": ["5"]})
    second = listing({"limit": ["1000"], "after_id": [ids(first)[-1]]})

    assert isinstance(first, dict) and first["has_more"] and first["last_id"] == whole[4]
    assert ids(first) + ids(second) == whole


def test_before_id_gives_the_page_just_before() -> None:
    whole = ids(listing({"limit": ["1000"]}))

    answer = listing({"limit": ["2"], "before_id": [whole[5]]})

    assert ids(answer) == whole[3:5]
    assert isinstance(answer, dict) and answer["has_more"]


@pytest.mark.parametrize("limit", ["0", "1001", "many"])
def test_a_limit_out_of_range_is_refused(limit: str) -> None:
    answer = listing({"limit": [limit]})

    assert isinstance(answer, Problem) and answer.message.startswith("limit: Input should be")


def test_an_unknown_lifecycle_is_refused() -> None:
    assert isinstance(listing({"lifecycle[]": ["asleep"]}), Problem)
