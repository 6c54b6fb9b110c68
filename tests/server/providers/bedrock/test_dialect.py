from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.plan import Plan
from windtunnel_server.providers.bedrock import models as bedrock_models
from windtunnel_server.providers.bedrock.asked import BedrockAsked
from windtunnel_server.providers.bedrock.dialect import BedrockDialect
from windtunnel_server.script import ErrorSpec
from windtunnel_server.wire.errors import KINDS
from windtunnel_server.wire.headers import Stamp
from windtunnel_server.wire.ids import Ids

STAMP = Stamp(at=1787150075.0, request_id="8dfd77f5", organization_id="", cf_ray="")
OLD = "us.anthropic.claude-sonnet-4-20250514-v1:0"
NEW = "us.anthropic.claude-opus-4-8"


def error(spec: ErrorSpec, *, model: str = OLD, operation: Any = "invoke", scripted: bool = True) -> Plan:
    found = bedrock_models.find(model)
    asked = BedrockAsked(Call("POST", "/"), Random(0), STAMP, Ids(Random(0)), operation=operation, found_model=found)
    return BedrockDialect().error(asked, spec, values={} if scripted else None)


def header(plan: Plan, name: str) -> str | None:
    assert plan.head is not None
    return plan.head.header(name)


def test_an_error_is_amazon_s_in_head_and_body() -> None:
    plan = error(ErrorSpec(kind="rate_limited"))

    assert plan.status == 429
    assert (
        header(plan, "x-amzn-errortype") == "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/"
    )
    assert plan.body == b'{"message":"Too many tokens, please wait before trying again."}'
    assert plan.notes == {"error_type": "ThrottlingException", "request_id": "8dfd77f5"}
    assert header(plan, "content-length") == str(len(plan.body))


def test_credentials_are_refused_by_another_service() -> None:
    plan = error(ErrorSpec(kind="expired_token"))

    spoken_by = "http://internal.amazon.com/coral/com.amazon.coral.service/"
    assert header(plan, "x-amzn-errortype") == f"ExpiredTokenException:{spoken_by}"


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_has_an_answer_that_clients_can_read(name: str) -> None:
    plan = error(ErrorSpec(kind=name))

    assert plan.status is not None
    assert plan.status >= 400
    if header(plan, "content-type") == "application/json":
        assert json.loads(plan.body)["message"]
        assert (header(plan, "x-amzn-errortype") or "").startswith(str(plan.notes["error_type"]))
    else:
        assert plan.body.startswith(b"<html>")


def test_what_a_script_says_is_said_so() -> None:
    spec = ErrorSpec(
        status=400,
        type="ModelNotReadyException",
        message="Not yet",
        retry_after=2,
        should_retry=True,
        headers={"x-amz-retry-after": "2000"},
    )

    plan = error(spec)

    assert plan.status == 400
    assert plan.body == b'{"message":"Not yet"}'
    assert (header(plan, "x-amzn-errortype") or "").startswith("ModelNotReadyException:")
    assert (header(plan, "retry-after"), header(plan, "x-should-retry")) == ("2", "true")
    assert header(plan, "x-amz-retry-after") == "2000"


def test_a_status_that_amazon_does_not_send_is_kept_where_a_script_names_it() -> None:
    plan = error(ErrorSpec(status=529))

    assert plan.status == 529
    assert plan.notes["error_type"] == "ServiceUnavailableException"


def test_a_type_of_the_direct_api_becomes_amazon_s() -> None:
    assert error(ErrorSpec(status=400, type="rate_limit_error")).notes["error_type"] == "ThrottlingException"


def test_a_refusal_of_the_service_has_bedrock_s_words() -> None:
    spec = ErrorSpec(kind="prompt_too_long", message="prompt is too long: 2 tokens > 1 maximum")

    invoke = error(spec, scripted=False, model="us.anthropic.claude-3-haiku-20240307-v1:0")
    converse = error(spec, scripted=False, operation="converse")

    assert json.loads(invoke.body) == {"message": "Input is too long for requested model."}
    assert json.loads(converse.body)["message"].startswith("The model returned the following errors: prompt is too")


def test_newer_models_hand_on_the_api_s_envelope() -> None:
    plan = error(ErrorSpec(kind="invalid_request", message="messages: no"), model=NEW)

    assert json.loads(plan.body) == {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "messages: no"},
    }
