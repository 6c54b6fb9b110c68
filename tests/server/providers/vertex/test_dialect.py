"""What Vertex writes: every kind of error in its form, and what a script changes about it."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.plan import Plan
from windtunnel_server.providers.asked import Asked
from windtunnel_server.providers.vertex.dialect import VertexDialect, resource_of
from windtunnel_server.script import ErrorSpec
from windtunnel_server.wire.errors import KINDS
from windtunnel_server.wire.google_errors import platform_error
from windtunnel_server.wire.headers import Stamp
from windtunnel_server.wire.ids import Ids

FOUND = {"project": "mine", "location": "us-east5", "model": "claude-haiku-4-5%4020251001", "verb": "rawPredict"}


def error(spec: ErrorSpec, values: dict[str, object] | None = None, **found: str) -> Plan:
    stamp = Stamp(at=1_800_000_000.0, request_id="req_vrtx_1", organization_id="org", cf_ray="")
    asked = Asked(Call("POST", "/"), Random(0), stamp, Ids(Random(0), "vrtx_"), FOUND | found)
    return VertexDialect().error(asked, spec, values=values)


def said(plan: Plan) -> Any:
    return json.loads(plan.body)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_comes_out_whole(kind: str):
    expected, plan = platform_error(KINDS[kind]), error(ErrorSpec(kind=kind))

    assert plan.status == (KINDS[kind].status if expected is None else expected.status)
    if expected is None:
        assert said(plan)["request_id"] == "req_vrtx_1" and said(plan)["type"] == "error"
        assert said(plan)["error"]["type"] == plan.notes["error_type"]
    elif expected.is_page:
        assert plan.body.startswith(b"<!DOCTYPE html>") and plan.notes["error_type"] is None
    else:
        assert said(plan)["error"]["code"] == plan.status
        assert said(plan)["error"]["status"] == plan.notes["error_type"] == expected.code
        assert "{" not in said(plan)["error"]["message"]


def test_a_list_stands_around_the_platforms_errors_of_a_stream_alone():
    assert isinstance(said(error(ErrorSpec(kind="rate_limited"), verb="streamRawPredict")), list)
    assert isinstance(said(error(ErrorSpec(kind="overloaded"), verb="streamRawPredict")), dict)


def test_a_quota_names_the_base_model_and_the_place():
    regional = said(error(ErrorSpec(kind="rate_limited")))["error"]["message"]
    globally = said(error(ErrorSpec(kind="rate_limited"), {"unit": "requests per minute"}, location="global"))

    assert (
        "/online_prediction_input_tokens_per_minute_per_base_model with base model: anthropic-claude-haiku-4-5."
        in regional
    )
    assert "/global_online_prediction_requests_per_base_model with" in globally["error"]["message"]


def test_who_may_not_is_told_what():
    (detail,) = said(error(ErrorSpec(kind="permission_denied")))["error"]["details"]

    assert detail["metadata"] == {"permission": "aiplatform.endpoints.predict", "resource": resource_of(FOUND)}


def test_what_a_script_says_goes_before_the_tables():
    spec = ErrorSpec(
        kind="rate_limited",
        status=430,
        message="Own words.",
        details={"@type": "mine"},
        retry_after=2.5,
        retry_after_ms=7,
        should_retry=True,
        headers={"X-Mine": "yes"},
    )

    plan = error(spec)

    assert plan.status == 430
    assert said(plan)["error"] == {
        "code": 430,
        "message": "Own words.",
        "status": "RESOURCE_EXHAUSTED",
        "details": [{"@type": "mine"}],
    }
    assert plan.head is not None
    hints = [plan.head.header(name) for name in ("retry-after", "retry-after-ms", "x-should-retry", "x-mine")]
    assert hints == ["2.5", "7", "true", "yes"]


def test_a_type_in_capitals_lets_the_platform_speak():
    assert said(error(ErrorSpec(status=400, type="FAILED_PRECONDITION", message="No.")))["error"] == {
        "code": 400,
        "message": "No.",
        "status": "FAILED_PRECONDITION",
    }


def test_any_other_type_lets_the_models_side_speak():
    plan = error(ErrorSpec(status=413, type="invalid_request_error", message="Prompt is too long"))

    assert plan.status == 413
    assert said(plan)["error"] == {"type": "invalid_request_error", "message": "Prompt is too long"}


def test_the_name_of_a_model_is_read_out_of_the_path():
    assert (
        resource_of(FOUND) == "projects/mine/locations/us-east5/publishers/anthropic/models/claude-haiku-4-5@20251001"
    )
