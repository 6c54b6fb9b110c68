"""Claims: read from JSON in any language's hand, and made of what a test holds."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.verdicts import _usage
from windtunnel.verdicts.claims import (
    Claim,
    Claims,
    ClaimsError,
    claims_from_json,
    claims_from_output,
    claims_from_text,
    claims_of,
)

TEXT = st.text(max_size=8)
COUNT = st.integers(0, 10**12)
OUTCOME = st.sampled_from(["success", "error"])
COST = st.decimals(0, 1000, places=9, allow_nan=False).map(str)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
USAGE = st.fixed_dictionaries(
    {},
    optional={
        "input_tokens": COUNT,
        "output_tokens": COUNT,
        "cache_read_input_tokens": COUNT,
        "cache_creation": st.fixed_dictionaries({}, optional={"ephemeral_1h_input_tokens": COUNT}),
        "service_tier": TEXT,
    },
)
CALL = st.builds(
    Claim,
    outcome=OUTCOME,
    text=st.none() | TEXT,
    thinking=st.none() | TEXT,
    tool_uses=st.none() | st.lists(st.fixed_dictionaries({"name": TEXT, "input": JSON}), max_size=2).map(tuple),
    stop_reason=st.none() | TEXT,
    message_id=st.none() | TEXT,
    model=st.none() | TEXT,
    usage=st.none() | USAGE,
    cost_usd=st.none() | COST,
    error=st.none() | TEXT,
    status=st.none() | COUNT,
    client=COUNT,
    asked_at=st.none() | st.floats(allow_nan=False, allow_infinity=False),
)
CLAIMS = st.builds(
    Claims,
    calls=st.none() | st.lists(CALL, max_size=3).map(tuple),
    outcome=st.none() | OUTCOME,
    usage=st.none() | USAGE,
    cost_usd=st.none() | COST,
    source=TEXT.filter(bool),
)


@given(CLAIMS)
def test_what_is_written_is_read_again(claims: Claims):
    written = claims.to_json()

    assert claims_from_json(written, source=claims.source) == claims
    assert claims_from_text(json.dumps(written), source=claims.source) == claims


def test_a_usage_alone_is_a_claim_for_the_run():
    claims = claims_from_text('{"input_tokens": 12, "output_tokens": 7, "cost_usd": 0.000141}', source="claims.json")

    assert claims == Claims(usage={"input_tokens": 12, "output_tokens": 7}, cost_usd="0.000141", source="claims.json")


def test_an_amount_is_kept_as_it_was_written():
    texts = ["0.1", "0.10000000000000000555", "1e-7", "3"]

    read = [claims_from_text(f'{{"cost_usd": {text}}}', source="x").cost_usd for text in texts]

    assert [Decimal(amount or "") for amount in read] == [Decimal(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"outcom": "success"}', "did you mean outcome?"),
        ('{"input_token": 1}', "did you mean input_tokens?"),
        ('{"usage": {"inputtokens": 1}}', "usage: unknown key 'inputtokens'; did you mean input_tokens?"),
        ('{"outcome": "ok"}', "f.json: outcome: 'ok' is no outcome"),
        ('{"calls": [{"text": "Hi"}]}', "calls[0]: outcome is missing"),
        ('{"calls": [{"outcome": "success", "text": 3}]}', "calls[0].text: 3 is no text"),
        ('{"calls": {"outcome": "success"}}', "calls: {'outcome': 'success'} is no list"),
        ('{"calls": [{"outcome": "success", "tool_uses": [{"args": 1}]}]}', "tool_uses[0]: unknown key 'args'"),
        ('{"input_tokens": -1}', "-1 is no count"),
        ('{"input_tokens": true}', "True is no count"),
        ('{"input_tokens": 1.5}', "is no count"),
        ('{"cache_creation": {"ephemeral_5m_input_tokens": "3"}}', "cache_creation.ephemeral_5m_input_tokens: '3'"),
        ('{"cost_usd": "a lot"}', "'a lot' is no amount"),
        ('{"cost_usd": -1}', "is no amount"),
        ('{"cost_usd": NaN}', "NaN is no number in JSON"),
        ('{"input_tokens": 1, "usage": {"input_tokens": 1}}', "usage is there twice"),
        ("[]", "[] is no JSON object"),
        ("{", "f.json: not JSON"),
    ],
)
def test_what_cannot_be_read_says_where_and_why(text: str, message: str):
    with pytest.raises(ClaimsError) as raised:
        claims_from_text(text, source="f.json")

    assert message in str(raised.value)
    assert str(raised.value).startswith("f.json")


def test_the_last_line_of_an_output_is_read_where_it_is_an_object():
    assert claims_from_output('thinking…\n{"outcome": "success"}\n\n') == Claims(
        outcome="success", source="the last line of the output"
    )
    assert claims_from_output("done") is None
    assert claims_from_output("") is None


def message(**changes: Any) -> SimpleNamespace:
    """What an SDK hands over, as far as it matters here."""
    use = SimpleNamespace(type="tool_use", id="toolu_1", name="look", input={"a": 1})
    blocks = [SimpleNamespace(type="thinking", thinking="Hm."), SimpleNamespace(type="text", text="Hi"), use]
    usage = SimpleNamespace(
        input_tokens=3,
        output_tokens=4,
        cache_read_input_tokens=None,
        cache_creation=SimpleNamespace(ephemeral_5m_input_tokens=0, ephemeral_1h_input_tokens=9),
    )
    values = {"id": "msg_1", "model": "m", "stop_reason": "tool_use", "content": blocks, "usage": usage}
    return SimpleNamespace(**values | changes)


def test_a_message_is_a_success_with_what_is_in_it():
    (claim,) = claims_of(message()).calls or ()

    assert claim == Claim(
        outcome="success",
        text="Hi",
        thinking="Hm.",
        tool_uses=({"id": "toolu_1", "name": "look", "input": {"a": 1}},),
        stop_reason="tool_use",
        message_id="msg_1",
        model="m",
        usage={
            "input_tokens": 3,
            "output_tokens": 4,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 9},
        },
    )


def test_a_message_in_a_dict_is_the_same():
    as_dict = {"id": "msg_1", "content": [{"type": "text", "text": "Hi"}], "usage": {"input_tokens": 1}}

    (claim,) = claims_of(as_dict).calls or ()

    assert (claim.text, claim.message_id, claim.usage) == ("Hi", "msg_1", {"input_tokens": 1})


def test_usages_are_added_up_and_exceptions_are_errors():
    failed = type("RateLimitError", (Exception,), {"status_code": 429})()

    summed = claims_of([message().usage, {"input_tokens": 10, "output_tokens": 1}])
    mixed = claims_of(failed, [message()])

    assert summed.usage is not None
    assert (summed.calls, summed.usage["input_tokens"], summed.usage["output_tokens"]) == (None, 13, 5)
    assert [(c.outcome, c.error, c.status) for c in mixed.calls or ()] == [
        ("error", "RateLimitError", 429),
        ("success", None, None),
    ]


def test_claims_and_dicts_in_their_shape_stay_what_they_are():
    claims = Claims(outcome="error", source="elsewhere")

    assert claims_of(claims) is claims
    assert claims_of({"outcome": "error"}) == Claims(outcome="error")
    assert claims_of(Claim(outcome="error")) == Claims(calls=(Claim(outcome="error"),))
    assert claims_of() == Claims(calls=())


@pytest.mark.parametrize("things", [("Hello",), (3,), (message(), {"input_tokens": 1})])
def test_what_nobody_could_claim_is_refused(things: tuple[Any, ...]):
    with pytest.raises(ClaimsError, match="claims_of"):
        claims_of(*things)


PAGE = Path(__file__).parents[3] / "docs" / "reference" / "claims.md"


def test_the_page_on_claims_shows_claims_that_can_be_read():
    blocks = re.findall(r"^```json\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)

    read = [claims_from_text(block, source="the page") for block in blocks]

    assert [claims.usage is not None for claims in read] == [True, False]
    assert [claim.status for claim in read[1].calls or ()] == [529, None]


def test_the_page_on_claims_has_every_key():
    text = PAGE.read_text(encoding="utf-8")
    keys = {field.name for kind in (Claim, Claims) for field in fields(kind)} | set(_usage.KNOWN)
    keys |= {key for inner in _usage.OBJECTS.values() for key in inner}

    assert [key for key in sorted(keys) if f"`{key}`" not in text] == []
