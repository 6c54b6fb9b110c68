"""Scenario files: what is in them, and every mistake with its line and its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from windtunnel.scenario.load import ScenarioError, load, loads
from windtunnel_server.words import fail, reply

GOOD = """\
name: rate limit, then recover
about: Two 429s with a hint, then an answer.
server: {context_window: 200000, rate_limit: {requests_per_minute: 50}}
ask: {clients: 2}
steps:
  - fail: rate_limited
    retry_after: 2
    times: 2
  - when: {tool_result: true}
    reply: {text: Hello}
then: repeat
expect: {outcome: success, attempts: 3, backoff: claude_code, tokens: exact}
"""


def mistakes(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as refused:
        loads(text, name="f.yaml")
    return [str(mistake) for mistake in refused.value.mistakes]


def test_a_file_is_read_into_a_scenario(tmp_path: Path):
    path = tmp_path / "a.yaml"
    path.write_text(GOOD, encoding="utf-8")

    (scenario,) = load(path)

    assert scenario.name == "rate limit, then recover"
    assert scenario.steps == (
        fail("rate_limited", retry_after=2, times=2),
        reply("Hello", when={"tool_result": True}),
    )
    assert (scenario.server.context_window, scenario.ask.clients, scenario.then) == (200_000, 2, "repeat")
    assert scenario.expect.words == ["outcome", "attempts", "backoff", "tokens"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("name: a\nstps: []", 2, "scenario: unknown 'stps'; did you mean steps?"),
        ("name: a\nexpect:\n  outcom: success", 3, "expect: unknown 'outcom'; did you mean outcome?"),
        ("name: a\nexpect:\n  outcome: sucess", 3, "expect.outcome: unknown 'sucess'; did you mean success?"),
        ("name: a\nserver:\n  rate_limit:\n    concurent: 3", 4, "unknown 'concurent'; did you mean concurrent?"),
        ("name: a\nask: {client: 3}", 2, "ask: unknown 'client'; did you mean clients?"),
        ("name: a\nneeds:\n  - compation", 2, "needs: unknown 'compation'; did you mean compaction?"),
        ("name: a\nproviders:\n  - anthropic\n  - bedrok", 4, "unknown 'bedrok'; did you mean bedrock?"),
        ("name: a\nsteps:\n  - fail: overloaded\n    when: {cal: 3}", 4, "did you mean call?"),
        ("name: a\nsteps:\n  - fail: stall\n    after_event: 3", 4, "did you mean after_events?"),
        ("name: a\nsteps:\n  - times: 2\n    fail: overlode", 4, "did you mean overloaded?"),
        ("name: a\nsteps:\n  - reply: a\n  - fail: overloaded\n    times: 0", 5, "times: 0 is neither"),
        (
            "name: a\nsteps:\n  - sequence:\n      - reply: a\n      - fail: foo",
            5,
            "steps[0].sequence[1]: fail: unknown",
        ),
        ("name: a\nsteps:\n  - sequence: [{reply: a}]\n    tims: 2", 4, "did you mean times?"),
        ("name: a\nsteps:\n  - sequence: [{reply: a}]\n    times: 0", 4, "`then: repeat`"),
        ("name: a\nsteps: {fail: overloaded}", 2, "is not a list of steps"),
        ("name: a\nthen: repat", 2, "then: unknown 'repat'; did you mean repeat?"),
        ("name: a\nthen: {fail: overlode}", 2, "did you mean overloaded?"),
        ("name: a\nexpect: {backoff: claude_cod}", 2, "nearest first: claude_code"),
        ("name: a\nexpect: {backoff: {bas: 1}}", 2, "did you mean base?"),
        ("name: a\nexpect: {attempts: two}", 2, "write a number, or {at_least: 1, at_most: 3}"),
        ("name: a\nexpect: {attempts: {at_least: 3, at_most: 2}}", 2, "at_most 2 is below at_least 3"),
        ("name: a\nask:\n  prompts: hello", 3, "'hello' will not do: must be a list"),
        ("name: a\nask: {rounds: 0}", 2, "ask: rounds is 0, and must be a whole number from 1 up"),
        ("name: 5", 1, "5 will not do: must be a text; put it in quotes"),
        ("about: x", 1, "name is missing"),
        ("null: 3\nname: a", 1, "the key None is no word"),
        ("- a", 1, "a scenario is a mapping"),
        ("# nothing", 1, "there is no scenario in it"),
        ("name: a\n---\nname: b", 3, "put it into a file of its own"),
        ("name: a\nname: b", 2, "for the second time"),
        ("name: ${x}\nvariables: {x: 1}", 2, "x is 1, and must be a list of values"),
        ("name: ${y}\nvariables: {x: [1]}", 1, "variables: unknown 'y' (known: x)"),
        ("name: a\nvariables:\n  x: [1]", 3, "x is used nowhere; write ${x} where it belongs"),
        ("name: a\nvariables: 3", 2, "write {hint: [1, 30]}"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_remedy(text: str, line: int, said: str):
    (told,) = mistakes(text)

    assert told.startswith(f"f.yaml:{line}: ")
    assert said in told


def test_all_mistakes_of_a_file_are_told_in_their_order():
    told = mistakes("name: a\nask: {client: 1}\nexpect: {outcom: error}\nneeds: [x]\nsteps: [{fail: foo}]")

    assert [one.split(":")[1] for one in told] == ["2", "3", "4", "5"]


def test_a_mistake_in_every_combination_is_told_once():
    assert len(mistakes("name: a ${x}\nvariables: {x: [1, 2, 3]}\nasks: {}")) == 1


def test_variables_make_a_scenario_of_each_combination():
    listed = loads(
        "name: ${error} for ${times}\nvariables: {error: [overloaded, unavailable], times: [1, 2, 3]}\n"
        "steps: [{fail: '${error}', times: '${times}'}]"
    )

    assert len(listed) == 6
    assert listed[5].name == "unavailable for 3"
    assert listed[5].steps == (fail("unavailable", times=3),)
    assert listed[5].variables == {"error": "unavailable", "times": 3}


def test_a_sequence_is_laid_out_with_what_its_steps_share():
    (scenario,) = loads(
        "name: a\nsteps:\n  - sequence:\n      - fail: overloaded\n      - reply: {text: b}\n"
        "        when: {stream: true}\n    times: 2\n    when: {model: claude-*}"
    )

    first = fail("overloaded", when={"model": "claude-*"})
    second = reply("b", when={"model": "claude-*", "stream": True})
    assert scenario.steps == (first, second, first, second)


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None):
    path = tmp_path / "a.yaml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ScenarioError, match=f"^{path}: (is not UTF-8|cannot be read)"):
        load(path)
