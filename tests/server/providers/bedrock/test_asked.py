from __future__ import annotations

from random import Random

from windtunnel_server.call import Call
from windtunnel_server.providers.bedrock import models as bedrock_models
from windtunnel_server.providers.bedrock.asked import BedrockAsked, ConverseIds
from windtunnel_server.wire.headers import Stamp
from windtunnel_server.wire.ids import Ids

STAMP = Stamp(at=0.0, request_id="id", organization_id="", cf_ray="")


def asked(**more: object) -> BedrockAsked:
    call = Call("POST", "/", headers=(("anthropic-beta", "a,b"),))
    return BedrockAsked(call, Random(0), STAMP, Ids(Random(0)), **more)  # type: ignore[arg-type]


def test_betas_are_those_of_the_body() -> None:
    assert asked().betas == frozenset()
    assert asked(body_betas=frozenset({"c"})).betas == {"c"}


def test_the_operation_tells_api_and_framing() -> None:
    assert (asked(operation="converse-stream").converse, asked(operation="converse-stream").streamed) == (True, True)
    assert (asked(operation="invoke").converse, asked(operation="invoke").streamed) == (False, False)


def test_the_generation_is_that_of_the_model() -> None:
    found = bedrock_models.find("anthropic.claude-3-5-haiku-20241022-v1:0")

    assert asked(found_model=found).generation == (3, 5)


def test_tools_of_converse_have_ids_of_their_own() -> None:
    assert ConverseIds(Random(0), "bdrk_").tool_use().startswith("tooluse_")
    assert Ids(Random(0), "bdrk_").tool_use().startswith("toolu_bdrk_01")
