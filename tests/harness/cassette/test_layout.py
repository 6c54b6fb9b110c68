from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from windtunnel.cassette.interaction import Arrival, CassetteError, Interaction
from windtunnel.cassette.layout import block, document, number, without_number
from windtunnel.cassette.vcr import from_vcr


def test_a_stream_reads_as_a_conversation(streamed: Interaction) -> None:
    text = document([block(streamed)]).decode()

    assert text == (
        """\
# windtunnel cassette: HTTP exchanges in VCR's format, and the instants at which the answers came
version: 1
interactions:
# --- 1 ---
# 2026-11-30 · claude-sonnet-4-5 · stream · 1 message · POST https://api.anthropic.com/v1/m…
# user: What is the capital of France? What is the capital of France? What is the capital o…
# assistant: Paris, “la Ville”.
# 200 · end_turn · tokens: 12 in, 5 out · 1.5 s
- request:
    method: POST
    uri: https://api.anthropic.com/v1/messages
    headers:
      content-type: ["application/json"]
      x-api-key: ["***"]
      accept: ["application/json"]
    body: >2-
      {"model":"claude-sonnet-4-5","max_tokens":64,"messages":[{"role":"user","content":"What is the capital of
      France? What is the capital of France? What is the capital of France? What is the capital of France? What is the
      capital of France? What is the capital of France? Say why."}],"stream":true}
  response:
    status: {code: 200, message: "OK"}
    headers:
      Content-Type: ["text/event-stream; charset=utf-8"]
      Set-Cookie: ["a"]
      set-cookie: ["b"]
    windtunnel:
      format: 1
      provider: anthropic
      recorded_at: 2026-11-30T12:30:00.000125Z
      expires: 2027-05-01
      head_at_s: 0.2
      ended: complete
      ended_at_s: 1.5
      at_s: [0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0]
      sizes: [201, 124, 36, 140, 88, 116, 52]
    body:
      string: |2+
"""
        + re.sub(r"(?m)^(?=.)", "        ", streamed.response.body.decode())
        + "# end of cassette\n"
    )


def test_the_instants_of_a_long_stream_take_few_lines(streamed: Interaction) -> None:
    arrivals = tuple(Arrival(round(0.4 + 0.0213 * place, 6), 100 + place) for place in range(200))
    body = b"x" * sum(arrival.size for arrival in arrivals)

    text = block(replace(streamed, response=replace(streamed.response, body=body, arrivals=arrivals)))

    ours = text[text.index("    windtunnel:") : text.index("    body:\n")]
    assert ours.count("\n") < 35
    assert max(map(len, ours.splitlines())) <= 118


def test_comments_hold_nothing_that_yaml_refuses_or_that_cannot_be_seen(answered: Interaction) -> None:
    said = '{"messages": [{"role": "user", "content": "\\u0007bell\\ud800 \\u0085\\u2028 \\ufeffé"}]}'
    asked = replace(answered, request=replace(answered.request, body=said.encode()))

    raw = document([block(asked)])

    assert b"\n# user: \\x07bell\\ud800 \\ufeff\xc3\xa9\n" in raw
    assert yaml.safe_load(raw)["interactions"][0]["request"]["body"] == said


@example(1e-05)
@example(1e16)
@example(-1e300)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_is_the_same_to_yaml(value: float) -> None:
    read = yaml.safe_load(number(value))

    assert type(read) is float
    assert read == value
    assert math.copysign(1, read) == math.copysign(1, value)


def test_keys_that_are_not_ours_are_written_where_they_stood(answered: Interaction) -> None:
    extra = {
        "note": {"a": [1, None]},
        "request": {"id": "x: #"},
        "response": {
            "url": "https://a.test",
            "status": {"version": "1.1"},
            "body": {"encoding": "utf-8", "raw": b"\xff" * 100},
            "windtunnel": {"mood": "two\nlines\n"},
        },
    }

    raw = document([block(replace(answered, extra=extra))], {"metadata": {"by": "us"}})

    loaded = yaml.safe_load(raw)
    assert loaded["metadata"] == {"by": "us"}
    assert from_vcr(loaded["interactions"][0]).extra == extra


def test_a_header_with_an_endless_name_is_refused(answered: Interaction) -> None:
    with pytest.raises(CassetteError, match=r"POST 'https://api.*the name of header xxx.* has 161 characters"):
        block(replace(answered, request=replace(answered.request, headers=(("x" * 161, "1"),))))


def test_half_a_character_is_refused(answered: Interaction) -> None:
    with pytest.raises(CassetteError, match="half of a surrogate pair"):
        block(replace(answered, request=replace(answered.request, method="\ud800")))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"status": 103}, "response.status.code is 103"),
        ({"headers": (("a", "–"),)}, "response.headers.a holds '–'"),
        ({"headers": (("a b", "c"),)}, "response.headers.a b is no name of a header"),
    ],
)
def test_what_could_not_be_read_again_is_not_written(answered: Interaction, change: dict[str, Any], why: str) -> None:
    with pytest.raises(CassetteError, match=re.escape(why)):
        block(replace(answered, response=replace(answered.response, **change)))


def test_an_interaction_is_parted_from_its_number(answered: Interaction) -> None:
    text = document([block(answered)]).decode()
    stood = text[text.index("# --- 1") : text.index("# end")]

    assert without_number(stood) == block(answered)


def test_what_was_laid_out_to_be_looked_through_is_not_laid_out_again(streamed: Interaction) -> None:
    other = replace(streamed, provider="bedrock")
    first = block(streamed)

    assert block(streamed) is first
    assert block(other) != first
    assert block(replace(streamed)) == first
