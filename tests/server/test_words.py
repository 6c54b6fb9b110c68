"""The words of a script, and what they say when they are misspelt."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.faults import FAULTS
from windtunnel_server.script import ENDPOINTS, Fault, ScriptError, Step, Stream
from windtunnel_server.wire.errors import KINDS
from windtunnel_server.words import fail, fault, reply, step_from_json, step_to_json, then_from_json, then_to_json

# --- the words ---------------------------------------------------------------------------------------------------


def said(step: Step) -> tuple[Any, ...]:
    assert step.reply is not None
    return step.reply.content


def test_a_reply_says_a_text() -> None:
    assert said(reply("Hello")) == said(reply(text="Hello")) == ({"type": "text", "text": "Hello"},)


def test_a_reply_without_words_is_composed() -> None:
    assert reply() == Step()
    assert reply().label == "composed"


def test_a_reply_thinks_then_talks_then_calls() -> None:
    blocks = said(reply("b", thinking="a", tool_use=[{"name": "one"}, {"name": "two", "input": {"x": 1}, "id": "t"}]))

    assert blocks == (
        {"type": "thinking", "thinking": "a"},
        {"type": "text", "text": "b"},
        {"type": "tool_use", "name": "one", "input": {}},
        {"type": "tool_use", "name": "two", "input": {"x": 1}, "id": "t"},
    )


def test_content_is_taken_as_it_is_and_may_be_empty() -> None:
    block = {"type": "server_tool_use", "name": "web_search", "input": {}}

    assert said(reply(content=[block])) == (block,)
    assert said(reply(content=[])) == ()


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind_of_error_can_be_named(name: str) -> None:
    step = fail(name)

    assert step.error is not None and step.error.kind == name
    assert step.label == f"fail {name}"


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_every_fault_can_be_named(name: str) -> None:
    step = fail(name)

    assert step.faults == (Fault(name),)
    assert step.error is None and step.reply is None
    assert step.label == f"composed + {name}"


@pytest.mark.parametrize("status", [400, 418, 599])
def test_a_failure_may_be_a_bare_status(status: int) -> None:
    step = fail(status)

    assert step.error is not None and (step.error.kind, step.error.status) == (None, status)
    assert step.label == f"fail {status}"


def test_a_fault_is_told_apart_from_the_reply_it_acts_on() -> None:
    step = fail("stall", text="Hello", for_s=3, faults=[fault("gzip")])

    assert said(step) == ({"type": "text", "text": "Hello"},)
    assert step.faults == (Fault("stall", {"for_s": 3}), Fault("gzip"))
    assert step.label == "reply + stall + gzip"


def test_pacing_may_be_a_mapping_or_a_value() -> None:
    assert reply(stream={"first_byte": 2}).stream == reply(stream=Stream(first_byte=2)).stream == Stream(first_byte=2)


# --- what is said to mistakes ------------------------------------------------------------------------------------

MISTAKES = [
    (lambda: fail("rate_limited", stream={"first_byte": 1}), "fail: rate_limited has no stream to pace"),
    (lambda: fail("rate_limited", details=5), "details: 5 is not an object"),
    (
        lambda: fail("rate_limited", retry_after_date=1e300),
        "retry_after_date: 1e+300 is more seconds than a date can be away",
    ),
    (lambda: reply("x", usage=5), "reply: usage must be an object, not 5"),
    (lambda: reply("x", model=5), "reply: model must be a string, not 5"),
    (lambda: reply("x", on="models"), "on: a reply is for messages, not for models"),
    (lambda: fail("rate_limitd"), "fail: unknown 'rate_limitd'; did you mean rate_limited?"),
    (lambda: fail("reset_mid_bdy"), "fail: unknown 'reset_mid_bdy'; did you mean reset_mid_body?"),
    (lambda: fail("rate_limited", retry_aftr=1), "fail: rate_limited: unknown 'retry_aftr'; did you mean retry_after?"),
    (lambda: fail(500, mesage=""), "fail: unknown 'mesage'; did you mean message?"),
    (lambda: fail("stall", for_=1), "stall: unknown option 'for_'; did you mean for_s?"),
    (lambda: fail("stall", for_s="long"), "stall: for_s is 'long', and must be seconds from 0 up"),
    (lambda: fault("gzp"), "unknown fault 'gzp'; did you mean gzip?"),
    (lambda: reply(txt="Hello"), "reply: unknown 'txt'; did you mean text?"),
    (lambda: reply("a", text="b"), "reply: the text was given twice"),
    (lambda: reply(5), "reply: text must be a string, not 5"),  # type: ignore[arg-type]
    (lambda: reply(thinking=["a"]), "reply: thinking must be a string, not ['a']; write it as content for more"),
    (lambda: reply("a", content=[]), "reply: content says everything; leave out text"),
    (lambda: reply(tool_use={"name": "a"}, content=[]), "reply: content says everything; leave out text"),
    (lambda: reply(content="Hello"), "reply: content must be a list of blocks, not 'Hello'"),
    (lambda: reply(content={"type": "text"}), "reply: content must be a list of blocks, not {'type': 'text'}"),
    (lambda: reply(content=5), "reply: content must be a list of blocks, not 5"),
    (lambda: reply(content=["Hello"]), 'reply: content[0] is \'Hello\'; write {"type": "text", "text": …}'),
    (lambda: reply(content=[{"type": "text"}, {"text": "a"}]), "reply: content[1] is {'text': 'a'}; write"),
    (lambda: reply(tool_use={"input": {}}), 'reply: tool_use is {\'input\': {}}; write {"name": …, "input": {…}}'),
    (lambda: reply(tool_use=["a"]), "reply: tool_use is 'a'; write"),
    (lambda: reply(tool_use={"name": "a", "inputs": {}}), "reply: tool_use: unknown 'inputs'; did you mean input?"),
    (lambda: reply(stream={"first_bite": 1}), "stream: unknown 'first_bite'; did you mean first_byte?"),
    (
        lambda: reply(times=0),
        'times: 0 is neither a whole number from 1 up nor "forever"; to take a step never, leave it out',
    ),
    (lambda: reply(times=True), "times: True is neither a whole number from 1 up"),
    (lambda: reply(times=1.5), "times: 1.5 is neither a whole number from 1 up"),  # type: ignore[arg-type]
    (lambda: reply(times="2"), "times: '2' is neither a whole number from 1 up"),  # type: ignore[arg-type]
    (lambda: reply(on="message"), "on: unknown 'message'; did you mean messages?"),
    (lambda: reply("a", on="models"), "on: a reply is for messages, not for models"),
    (lambda: fail(200), "fail: 200 is not a status from 400 to 599; answer it with reply(…) instead"),
    (lambda: fail(600), "fail: 600 is not a status from 400 to 599"),
    (lambda: fail(True), "fail: True is neither the name of a failure nor a status"),
    (lambda: fail(None), "fail: None is neither the name of a failure nor a status"),  # type: ignore[arg-type]
    (lambda: fail(429, retry_after="2"), "retry_after: '2' is not a number"),
    (lambda: fail(429, retry_after_ms=True), "retry_after_ms: True is not a number"),
    (lambda: fail(429, retry_after=1, retry_after_date=1), "retry_after and retry_after_date are the same header"),
    (lambda: step_from_json(["reply"]), 'a step must be an object like {"reply": {"text": "Hello"}}, not [\'reply\']'),
    (lambda: step_from_json({}), "a step needs one of fail, status, reply; it has nothing"),
    (lambda: step_from_json({"times": 2}), "a step needs one of fail, status, reply; it has times"),
    (
        lambda: step_from_json({"reply": "a", "retry_after": 2}),
        "step: unknown 'retry_after' (known: reply, faults, stream, times, on, when, during, chance)",
    ),
    (lambda: step_from_json({"reply": ["a"]}), "reply: ['a'] is neither a text nor an object"),
    (lambda: step_from_json({"reply": {"times": 2}}), "reply: unknown 'times'"),
    (lambda: step_from_json({"reply": "a", "faults": "gzip"}), "faults: 'gzip' is not a list"),
    (lambda: step_from_json({"reply": "a", "faults": [5]}), 'faults: 5 is not a name or {"name": {option: value}}'),
    (lambda: step_from_json({"reply": "a", "faults": [{"a": {}, "b": {}}]}), "is not a name or"),
    (lambda: step_from_json({"reply": "a", "faults": [{"gzip": 5}]}), "is not a name or"),
    (lambda: step_from_json({"reply": "a", "wen": {}}), "step: unknown 'wen'; did you mean when?"),
    (lambda: reply("a", durin=(0, 3)), "reply: unknown 'durin'; did you mean during?"),
    (lambda: fail(429, chanse=0.5), "fail: unknown 'chanse'; did you mean chance?"),
    (lambda: fail("stall", wen={}), "stall: unknown option 'wen'"),
    (lambda: reply("a", chance=2), "chance: 2 is not a share above 0 and up to 1; write 0.25 for a quarter"),
    (lambda: fail("connection_refused", when={"stream": True}), "takes no when; reset_before_headers does"),
    (
        lambda: fail("connection_dropped", on="models", chance=0.5),
        "takes no on and no chance; reset_before_headers does",
    ),
    (
        lambda: then_from_json("repeet"),
        "then: unknown 'repeet'; did you mean repeat? (known: composed, repeat, refuse), or a step",
    ),
    (lambda: then_from_json(5), "a step must be an object"),
    (lambda: step_from_json({"fail": "rate_limited", "status": 500}), "fail: rate_limited: unknown 'status'"),
]


@pytest.mark.parametrize(("make", "message"), MISTAKES, ids=[str(place) for place, _ in enumerate(MISTAKES)])
def test_a_mistake_is_told_with_what_to_write_instead(make: Any, message: str) -> None:
    with pytest.raises(ScriptError) as caught:
        make()

    assert message in str(caught.value)


@pytest.mark.parametrize(
    "pacing",
    [{"first_byte": "1"}, {"first_byte": -1}, {"tokens_per_second": float("nan")}, {"ping_every": True},
     {"text_piece": 0}, {"text_piece": 1.5}, {"input_piece": -1}],
    ids=str,
)  # fmt: skip
def test_a_pace_that_cannot_be_is_told_when_it_is_written(pacing: dict[str, Any]) -> None:
    (name,) = pacing

    with pytest.raises(ScriptError, match=f"stream: {name} is"):
        reply("Hello", stream=pacing)


@pytest.mark.parametrize("stream", [5, "fast", [1]])
def test_a_pace_is_an_object(stream: Any) -> None:
    with pytest.raises(ScriptError, match="stream"):
        reply("Hello", stream=stream)


@pytest.mark.parametrize(
    "headers",
    [{"x-note": "a\r\nx-other: b"}, {"x note": "a"}, {"x-note": "snow \u2603"}, {"": "a"}, {"x-note": 5}, ["x-note"]],
    ids=str,
)
def test_a_header_that_cannot_be_sent_is_told_when_it_is_written(headers: Any) -> None:
    with pytest.raises(ScriptError, match="headers"):
        fail(429, headers=headers)


def test_a_long_list_of_names_is_cut_with_the_nearest_first() -> None:
    with pytest.raises(ScriptError) as caught:
        fail("overload")

    listed = str(caught.value).partition("(known: ")[2]
    assert listed.startswith("overloaded, ")
    assert listed.endswith(f"and {len(KINDS) + len(FAULTS) - 12} more)")


# --- JSON --------------------------------------------------------------------------------------------------------

text = st.text(max_size=8)
number = st.integers(0, 10**9) | st.floats(0, 10**9)
streams = st.none() | st.builds(
    Stream,
    first_byte=number,
    tokens_per_second=number,
    ping_every=number,
    text_piece=st.none() | st.integers(1, 9),
    input_piece=st.none() | st.integers(1, 9),
)
laid = st.lists(st.sampled_from([Fault("gzip"), Fault("stall", {"for_s": 3.0}), Fault("slow_drip")]), max_size=2)
ranges = st.integers(0, 9).flatmap(
    lambda low: st.fixed_dictionaries({"at_least": st.just(low)}, optional={"at_most": st.integers(low, 99)})
)
conditions = st.fixed_dictionaries(
    {},
    optional={
        "model": text,
        "text": text.map(re.escape),
        "system": text.map(re.escape),
        "tool_result": st.booleans() | text.map(re.escape),
        "tokens": ranges,
        "header": st.dictionaries(text, text | st.booleans()),
        "call": st.integers(1, 9) | st.lists(st.integers(1, 9), min_size=1) | ranges,
        "provider": text,
        "stream": st.booleans(),
    },
)
windows = st.integers(0, 9).flatmap(
    lambda begin: st.fixed_dictionaries({"from": st.just(begin)}, optional={"until": st.floats(begin + 1, 99)})
)
common = {
    "times": st.none() | st.integers(1, 9) | st.just("forever"),
    "on": st.sampled_from(ENDPOINTS),
    "when": st.none() | conditions,
    "during": st.none() | windows,
    "chance": st.none() | st.floats(0.01, 1),
    "faults": laid,
    "stream": streams,
}
spoken = {
    "text": text,
    "thinking": text,
    "tool_use": st.lists(st.fixed_dictionaries({"name": text}, optional={"input": st.dictionaries(text, text)})),
    "stop_reason": text,
    "usage": st.dictionaries(st.just("output_tokens"), st.integers(0, 9)),
    "model": text,
    "id": text,
    "container": st.dictionaries(text, text),
    "template": st.just(False),
}
replies = st.fixed_dictionaries(common | {"on": st.sampled_from(["messages", "any"])}, optional=spoken)
failures = st.fixed_dictionaries(
    {name: value for name, value in common.items() if name != "stream"}
    | {"what": st.sampled_from([*KINDS, 400, 429, 599])},
    optional={
        "type": text,
        "message": text,
        "details": st.dictionaries(text, text),
        "retry_after": number,
        "retry_after_ms": number,
        "should_retry": st.booleans(),
        "headers": st.dictionaries(st.just("x-note"), st.just("a")),
    },
)


@given(replies)
def test_a_reply_survives_json(words: dict[str, Any]) -> None:
    step = reply(**words)

    assert step_from_json(json.loads(json.dumps(step_to_json(step)))) == step


@given(failures)
def test_a_failure_survives_json(words: dict[str, Any]) -> None:
    what = words.pop("what")
    step = fail(what, **words)

    assert step_from_json(json.loads(json.dumps(step_to_json(step)))) == step


def test_a_template_survives_json() -> None:
    step = reply("{{ text }}", template=True)

    assert step_from_json(json.loads(json.dumps(step_to_json(step)))) == step != reply("{{ text }}")


@pytest.mark.parametrize(
    "then", ["composed", "repeat", "refuse", fail("overloaded", chance=0.5), reply("Hello")], ids=str
)
def test_what_follows_survives_json(then: Any) -> None:
    assert then_from_json(json.loads(json.dumps(then_to_json(then)))) == then


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_fault_survives_json(name: str) -> None:
    step = fail(name, times=2)

    assert step_from_json(json.loads(json.dumps(step_to_json(step)))) == step


def test_the_words_of_a_scenario_file_are_the_words_of_python() -> None:
    assert step_from_json({"reply": "Hello"}) == step_from_json({"reply": {"text": "Hello"}}) == reply("Hello")
    assert step_from_json({"reply": None}) == step_from_json({"reply": {}}) == reply()
    assert step_from_json({"fail": "rate_limited", "retry_after": 2}) == fail("rate_limited", retry_after=2)
    assert step_from_json({"status": 429, "message": "m"}) == fail(429, message="m")
    assert step_from_json({"fail": "stall", "text": "a", "for_s": 1}) == fail("stall", text="a", for_s=1)
    assert step_from_json({"reply": "a", "faults": ["gzip", {"stall": {"for_s": 1}}, {"slow_drip": None}]}) == reply(
        "a", faults=[fault("gzip"), fault("stall", for_s=1), fault("slow_drip")]
    )


def test_what_is_usual_is_not_written() -> None:
    assert step_to_json(fail("rate_limited")) == {"fail": "rate_limited"}
    assert step_to_json(reply("Hello")) == {"reply": {"text": "Hello"}}


def test_a_fault_is_written_as_it_would_be_typed() -> None:
    assert step_to_json(fail("stall", for_s=30, text="Hello")) == {"fail": "stall", "for_s": 30, "text": "Hello"}
    assert step_to_json(reply("a", faults=[fault("gzip"), fault("stall")])) == {
        "fail": "gzip",
        "text": "a",
        "faults": [{"stall": {}}],
    }
