"""A standalone server built from options: what it is made of, and what it refuses to be."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from windtunnel.judging import judge
from windtunnel.serving import Served, ServeError, build, loop_factory, ready
from windtunnel_server.clock import RealClock, ScaledClock
from windtunnel_server.journal import Entry


def built(**options: Any) -> Served:
    return build(
        **{"host": "127.0.0.1", "port": 0, "provider": "anthropic", "seed": 0, "speed": 1.0, "script": None} | options
    )


def test_the_options_set_it_up():
    served = built(seed=7, speed=50.0, script=("s.json", '[{"reply": "one", "times": 2}, {"fail": 529}]'))

    assert isinstance(served.server.clock, ScaledClock) and served.server.clock.speed == 50
    assert served.fake.core.seed == 7
    assert [step.label for step in served.fake.core.script.left] == ["reply", "fail 529"]
    assert isinstance(built().server.clock, RealClock)


def test_a_script_may_be_what_post_script_takes():
    assert len(built(script=("s.json", '{"steps": [{"reply": "one"}]}')).fake.core.script.left) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"provider": "openai"}, "--provider: unknown 'openai' .known: anthropic"),
        ({"speed": 0.0}, "--speed 0: must be above 0 and finite"),
        ({"speed": float("inf")}, "--speed inf: must be above 0"),
        ({"host": "example.com"}, "--host example.com: give an address such as 127.0.0.1 or ::1"),
        ({"script": ("s.json", "[")}, "s.json: not valid JSON: "),
        ({"script": ("s.json", '{"reply": "one"}')}, "s.json: a script is a list of steps"),
        ({"script": ("s.json", '["one"]')}, r"s.json: steps\[0\]: a step must be an object like "),
        ({"script": ("s.json", '[{"reply": "a"}, {"fail": "overloadd"}]')}, r"steps\[1\]: .*did you mean overloaded\?"),
        ({"script": ("s.json", '[{"reply": "a", "tims": 2}]')}, r"s.json: steps\[0\]: .*'tims'"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(options: dict[str, Any], said: str):
    with pytest.raises(ServeError, match=said):
        built(**options)


def test_a_scenario_brings_its_steps_its_settings_and_what_follows(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(
        "name: a\nserver: {context_window: 9000}\nsteps: [{fail: overloaded}]\nthen: refuse", encoding="utf-8"
    )

    served = built(scenario=str(path), script=("s.json", '[{"reply": "one"}]'))

    assert [step.label for step in served.fake.core.script.left] == ["fail overloaded", "reply"]
    assert served.fake.core.script.then == "refuse"
    with pytest.raises(ServeError, match="--scenario: refusl: .* nearest there: refusal"):
        built(scenario="refusl")
    with pytest.raises(ServeError, match="--scenario any-refusal-is-final: that is 7 scenarios"):
        built(scenario="any-refusal-is-final")


def test_what_it_says_when_ready_is_json_a_program_can_use():
    said = json.loads(json.dumps(ready(built(host="::1", port=8000))))

    assert said["url"] == "http://[::1]:8000"
    assert said["control_url"] == "http://[::1]:8000/_windtunnel"
    assert said["provider_urls"]["anthropic"] == said["url"]
    assert said["env"]["ANTHROPIC_BASE_URL"] == said["url"]


def test_a_retry_that_has_not_come_is_unknown_until_the_client_is_finished():
    core = built().fake.core
    judged = judge(core)
    core.journal.open(failed_call)

    verdicts = [judged(query)["value"] for query in ({}, {"finished": "false"}, {"finished": "true"})]

    assert verdicts == ["unknown", "unknown", "fail"]
    with pytest.raises(ValueError, match="finished='yes' is neither true nor false"):
        judged({"finished": "yes"})


def failed_call(number: int) -> Entry:
    return Entry(
        number=number,
        provider="anthropic",
        method="POST",
        path="/v1/messages",
        headers=(("x-stainless-retry-count", "0"),),
        status=529,
        head_at=0.0,
        ended="complete",
        ended_at=0.1,
    )


def test_the_loop_is_uvloops_where_it_is_wanted():
    uvloop = pytest.importorskip("uvloop")
    fast, plain = loop_factory(fast=True)(), loop_factory(fast=False)()

    try:
        assert isinstance(fast, uvloop.Loop)
        assert isinstance(plain, asyncio.SelectorEventLoop)
    finally:
        fast.close()
        plain.close()


def test_cassettes_answer_at_the_pace_that_is_asked_for(tmp_path):
    from windtunnel.cassette.files import save

    files = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for file in files:
        save(file, [], expected=None)

    tape = built(cassettes=files, pace="2").fake.core.tape

    assert tape is not None
    assert built().fake.core.tape is None


def test_a_request_is_matched_by_the_rules_that_it_was_recorded_by(tmp_path):
    from windtunnel.cassette.files import save
    from windtunnel.cassette.interaction import Interaction, Request, Response
    from windtunnel_server.call import Call

    request = Request(method="POST", uri="https://api.anthropic.com/v1/messages", body=b'{"say":"REDACTED"}')
    save(tmp_path / "a.yaml", [Interaction(request=request, response=Response(status=204))], expected=None)
    (tmp_path / "own.yaml").write_text(r"patterns: ['case-\d+']", encoding="utf-8")
    call = Call("POST", "/v1/messages", "", (), b'{"say":"case-77"}', 0.0, 0.0, 0.0)

    with_rules = built(cassettes=[tmp_path / "a.yaml"], redact=str(tmp_path / "own.yaml")).fake.core.tape
    without = built(cassettes=[tmp_path / "a.yaml"]).fake.core.tape

    assert with_rules is not None and with_rules.play(call) is not None
    assert without is not None and without.play(call) is None


def test_a_cassette_or_a_pace_that_cannot_be_is_refused(tmp_path):
    with pytest.raises(ServeError, match="--cassette: .*there is no such cassette"):
        built(cassettes=[tmp_path / "none.yaml"])
    with pytest.raises(ServeError, match="--pace fast: is none of none, recorded and a number above 0"):
        built(cassettes=[tmp_path / "none.yaml"], pace="fast")
