"""What Foundry writes: two shapes of error, and whose words stand in them."""

from __future__ import annotations

import json
from random import Random

from windtunnel_server.call import Call
from windtunnel_server.providers.asked import Asked
from windtunnel_server.providers.foundry.dialect import FoundryDialect
from windtunnel_server.script import ErrorSpec
from windtunnel_server.wire.headers import Stamp
from windtunnel_server.wire.ids import Ids


def asked() -> Asked:
    stamp = Stamp(at=0.0, request_id="req_1", organization_id="", cf_ray="")
    return Asked(Call("POST", "/"), Random(0), stamp, Ids(Random(0)))


def test_a_429_says_how_long_to_wait():
    spec = ErrorSpec(kind="rate_limited", retry_after=4.0)

    plan = FoundryDialect().error(asked(), spec)

    assert "Please retry after 4 seconds." in json.loads(plan.body)["error"]["message"]


def test_the_words_of_a_script_go_before_azures():
    spec = ErrorSpec(kind="rate_limited", message="Slow down.")

    plan = FoundryDialect().error(asked(), spec, values={})

    assert json.loads(plan.body)["error"]["message"] == "Slow down."


def test_an_error_of_the_model_names_its_request():
    plan = FoundryDialect().error(asked(), ErrorSpec(kind="overloaded"), values={})

    assert json.loads(plan.body)["request_id"] == "req_1"
    assert plan.notes == {"error_type": "overloaded_error", "request_id": "req_1"}


def test_any_other_value_is_sent_whole():
    plan = FoundryDialect().value(asked(), {"input_tokens": 3})

    assert (plan.status, plan.body) == (200, b'{"input_tokens":3}')
