"""One language in YAML, in Python and in JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from windtunnel.scenario.expect import Expect
from windtunnel.scenario.load import loads
from windtunnel.scenario.schema import PROVIDER_NAMES, Scenario, known_keys, schema
from windtunnel.scenario.yaml import read
from windtunnel.subjects.ask import Ask
from windtunnel.subjects.subject import ABILITIES
from windtunnel_server.script import Step
from windtunnel_server.settings import RateLimits, Settings
from windtunnel_server.words import fail, fault, reply

jsonschema = pytest.importorskip("jsonschema")
VALIDATOR = jsonschema.Draft202012Validator(schema())
LIBRARY = sorted((Path(__file__).parents[3] / "scenarios").glob("*.yaml"))

_texts = st.text(max_size=20)
_seconds = st.integers(0, 10**6) | st.floats(0, 1e6)
_placing = st.fixed_dictionaries(
    {},
    optional={
        "times": st.integers(1, 50) | st.just("forever"),
        "when": st.fixed_dictionaries(
            {},
            optional={
                "model": _texts.filter(bool),
                "tool_result": st.booleans(),
                "call": st.integers(1, 99) | st.just([3, 5]) | st.just({"at_least": 3}),
                "tokens": st.just({"at_least": 10, "at_most": 90}),
                "header": st.just({"x-app": "cli*", "x-none": False}),
                "stream": st.booleans(),
            },
        ).filter(bool),
        "during": st.just({"from": 1, "until": 2.5}) | st.just({"until": 9}),
        "chance": st.floats(0.01, 1),
    },
)
_steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(
        lambda what, placed, hint: fail(what, **placed, **hint),
        st.sampled_from(["rate_limited", "overloaded", 503]),
        _placing,
        st.fixed_dictionaries({}, optional={"retry_after": _seconds, "should_retry": st.booleans(), "message": _texts}),
    ),
    st.builds(lambda text, placed: reply(text, **placed), _texts, _placing),
    st.builds(
        lambda placed, laid: reply(tool_use={"name": "look", "input": {"at": [1, None]}}, faults=laid, **placed),
        _placing,
        st.lists(st.sampled_from([fault("gzip"), fault("stall", after_events=3, for_s=2.5)]), max_size=2),
    ),
    st.builds(lambda text: fail("close_mid_stream", after_events=5, text=text), _texts),
)
_expects = st.builds(
    Expect,
    outcome=st.sampled_from([None, "success", "error", "honest"]),
    attempts=st.none() | st.integers(0, 9) | st.just({"at_least": 2}) | st.just({"at_least": 1, "at_most": 4}),
    backoff=st.sampled_from([None, "own", "claude_code", {"base": 1, "max_retries": 3}]),
    auth=st.booleans(),
    tokens=st.sampled_from([None, "exact"]),
    within=st.none() | st.floats(0.1, 1e6),
)
_scenarios = st.builds(
    Scenario,
    name=_texts.filter(bool),
    about=_texts,
    providers=st.lists(st.sampled_from(PROVIDER_NAMES), min_size=1, unique=True),
    needs=st.lists(st.sampled_from(sorted(ABILITIES)), unique=True),
    server=st.builds(
        Settings,
        context_window=st.none() | st.integers(1, 10**6),
        rate_limit=st.none() | st.builds(RateLimits, requests_per_minute=st.integers(1, 99)),
        token_lifetime=st.floats(1, 1e5),
    ),
    ask=st.builds(Ask, clients=st.integers(1, 9), pause=st.floats(0, 99), system=st.none() | _texts),
    steps=st.lists(_steps, max_size=4),
    then=st.sampled_from(["composed", "repeat", "refuse"]) | _steps,
    expect=_expects,
)


@given(_scenarios)
def test_what_python_builds_a_file_can_say_and_the_other_way_round(scenario: Scenario):
    told = scenario.to_yaml().replace("${", "$ {")
    if told != scenario.to_yaml():
        return  # `${` in a text would be a variable

    assert loads(told) == [scenario]
    assert Scenario(**json.loads(json.dumps(scenario.to_json()))) == scenario


@settings(max_examples=20)
@given(_scenarios)
def test_the_json_schema_takes_whatever_is_a_scenario(scenario: Scenario):
    VALIDATOR.validate(scenario.to_json())


def test_what_is_as_usual_is_left_out():
    assert Scenario(name="a").to_json() == {"name": "a"}
    assert Scenario(name="a", steps=[reply("b")], expect={"attempts": 2}).to_yaml() == (
        "name: a\nsteps:\n  - reply: {text: b}\nexpect: {attempts: 2}\n"
    )


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_the_json_schema_takes_every_file_of_the_library(path: Path):
    (document,) = read(path.read_text(encoding="utf-8"))

    VALIDATOR.validate(document.value)


@pytest.mark.parametrize(
    "text",
    [
        "nam: a",
        "about: no name",
        "{name: a, needs: compaction}",
        "{name: a, needs: [compation]}",
        "{name: a, providers: [bedrok]}",
        "{name: a, server: {contextwindow: 3}}",
        "{name: a, server: {rate_limit: {requests_per_minute: many}}}",
        "{name: a, ask: {clients: two}}",
        "{name: a, ask: {client: 2}}",
        "{name: a, steps: {fail: overloaded}}",
        "{name: a, steps: [overloaded]}",
        "{name: a, steps: [{fail: overlode}]}",
        "{name: a, steps: [{fail: 200}]}",
        "{name: a, steps: [{fail: overloaded, tims: 2}]}",
        "{name: a, steps: [{fail: overloaded, times: 0}]}",
        "{name: a, steps: [{reply: hi, when: {cal: 3}}]}",
        "{name: a, steps: [{reply: {txt: hi}}]}",
        "{name: a, steps: [{reply: hi, stream: {speed: 3}}]}",
        "{name: a, steps: [{times: 2}]}",
        "{name: a, steps: [{sequence: [{fail: overlode}]}]}",
        "{name: a, then: repat}",
        "{name: a, expect: {outcome: sucess}}",
        "{name: a, expect: {attempts: two}}",
        "{name: a, expect: {outcom: error}}",
        "{name: a, expect: {within: 0}}",
        "{name: a, variables: {x: 3}}",
    ],
)
def test_the_json_schema_and_the_reader_turn_down_the_same_mistakes(text: str):
    (document,) = read(text)

    assert not VALIDATOR.is_valid(document.value)
    with pytest.raises(ValueError, match="."):
        loads(text)


def test_a_variable_may_stand_for_any_value():
    (document,) = read(
        "{name: '${a}', variables: {a: [1]}, ask: {clients: '${a}', stream: '${a}'}, expect: {outcome: '${a}'},"
        " steps: [{fail: '${a}', times: '${a}', retry_after: '${a}'}]}"
    )

    VALIDATOR.validate(document.value)
    jsonschema.Draft202012Validator.check_schema(schema())


def test_a_step_that_cannot_be_is_an_error_in_python_too():
    with pytest.raises(ValidationError, match=r"steps\[1\]: fail: unknown 'overlode'; did you mean overloaded\?"):
        Scenario(name="a", steps=[reply("b"), {"fail": "overlode"}])
    with pytest.raises(ValidationError, match="needs: unknown 'compation'"):
        Scenario(name="a", needs=["compation"])


@pytest.mark.parametrize(
    ("place", "some"),
    [
        ((), {"name", "steps", "variables"}),
        (("server", "rate_limit"), {"concurrent"}),
        (("expect", "attempts"), {"at_least"}),
        (("ask",), {"clients"}),
        (("steps",), set()),
    ],
)
def test_each_place_knows_its_keys(place: tuple[Any, ...], some: set[str]):
    assert some <= set(known_keys(place))
