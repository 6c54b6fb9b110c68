"""The control API, as values: every route, and every way to ask it wrongly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.control import PREFIX, Control
from windtunnel_server.core import Core
from windtunnel_server.plan import Plan
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.words import fail, reply, step_to_json


@pytest.fixture
def core() -> Core:
    clock = VirtualClock()
    return Core(Anthropic(clock), clock)


def ask(core: Core, method: str, name: str, body: Any = b"", query: str = "", **options: Any) -> tuple[int, Any]:
    plan = planned(core, method, name, body, query, **options)
    assert plan.status is not None
    return plan.status, json.loads(plan.body)


def planned(core: Core, method: str, name: str, body: Any = b"", query: str = "", **options: Any) -> Plan:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    plan, entry = Control(core, **options).answer(Call(method, PREFIX + name, query, body=data))
    assert entry.provider == "control"
    assert plan.head is not None and plan.head.header("content-length") == str(len(plan.body))
    return plan


def call(core: Core, asked: dict[str, Any], text: str = "Hello") -> None:
    said = asked | {"messages": [{"role": "user", "content": text}]}
    headers = (("x-api-key", "key"), ("anthropic-version", "2023-06-01"))
    core.answer(Call("POST", "/v1/messages", headers=headers, body=json.dumps(said).encode()))


def lines(plan: Plan) -> list[Any]:
    return [json.loads(line) for line in plan.body.splitlines()]


def test_steps_are_taken_over_and_told_back(core: Core) -> None:
    steps = [fail("rate_limited", retry_after=2, times=2), reply("Hello")]

    status, said = ask(core, "POST", "script", [step_to_json(step) for step in steps])

    assert status == 200
    assert core.script.left == steps
    assert said == {"steps": [step_to_json(step) for step in steps], "then": "composed"}


def test_what_follows_the_last_step_can_be_said(core: Core) -> None:
    _, said = ask(core, "POST", "script", {"steps": [], "then": {"fail": 500}})

    assert (said["then"], core.script.then) == ({"fail": 500}, fail(500))


def test_steps_may_come_in_an_object_and_are_added(core: Core) -> None:
    ask(core, "POST", "script", {"steps": [{"fail": 429}]})
    ask(core, "POST", "script", [{"fail": 500}])

    assert core.script.left == [fail(429), fail(500)]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "the script is not valid JSON"),
        (b"\xff", "the script is not valid JSON"),
        (b"[" * 100_000, "the script is not valid JSON"),
        (b"", "a script is a list of steps"),
        ({"reply": "Hello"}, "a script is a list of steps"),
        ({"steps": [], "more": 1}, "script: unknown 'more' (known: steps, then)"),
        ({"steps": [], "then": "again"}, "then: unknown 'again'"),
        ({"steps": 5}, "a script is a list of steps"),
        (
            [{"reply": "a"}, {"fail": "rate_limitd"}],
            "steps[1]: fail: unknown 'rate_limitd'; did you mean rate_limited?",
        ),
        ([{"reply": "a"}, 5], "steps[1]: a step must be an object"),
        ([{"reply": "a", "times": 0}], "steps[0]: times: 0"),
        ([{"reply": "a", "times": "2"}], "steps[0]: times: '2'"),
        ([{"fail": "stall", "for_s": "x"}], "steps[0]: stall: for_s is 'x'"),
        ([{"reply": {"times": 2}}], "steps[0]: reply: unknown 'times'"),
        ([{"reply": "a"}, {"reply": "a", "stream": {"text_piece": 0}}], "steps[1]: stream: text_piece is 0"),
    ],
    ids=str,
)
def test_nothing_is_taken_over_when_one_step_is_wrong(core: Core, body: Any, message: str) -> None:
    status, said = ask(core, "POST", "script", body)

    assert status == 400
    assert message in said["error"]
    assert core.script.left == []


def test_the_journal_is_told_a_line_a_call(core: Core, asked: dict[str, Any]) -> None:
    call(core, asked)
    call(core, asked)

    plan = planned(core, "GET", "journal")

    assert plan.head is not None and plan.head.header("content-type") == "application/x-ndjson"
    assert lines(plan) == [json.loads(json.dumps(entry.to_json())) for entry in core.journal]


def test_the_journal_is_told_from_a_call_on(core: Core, asked: dict[str, Any]) -> None:
    for _ in range(3):
        call(core, asked)

    assert [one["number"] for one in lines(planned(core, "GET", "journal", query="since=1"))] == [2, 3]
    assert lines(planned(core, "GET", "journal", query="since=3")) == []
    assert len(lines(planned(core, "GET", "journal", query="since=2&since=0"))) == 3


@pytest.mark.parametrize("since", ["x", "-1", "1.5", "%C2%B2", "9" * 5000])
def test_since_is_the_number_of_a_call(core: Core, since: str) -> None:
    status, said = ask(core, "GET", "journal", query=f"since={since}")

    assert status == 400
    assert "is not the number of a call; since=3 gives call 4 and what follows" in said["error"]


def test_half_a_character_is_told_as_json_can(core: Core, asked: dict[str, Any]) -> None:
    call(core, asked, "half \ud83d of it, and \u2028 more: caf\u00e9")

    (one,) = lines(planned(core, "GET", "journal"))

    assert one["body"]["messages"][0]["content"] == "half \ud83d of it, and \u2028 more: caf\u00e9"


def test_a_reset_forgets_script_and_journal(core: Core, asked: dict[str, Any]) -> None:
    call(core, asked)
    core.extend_script([fail(429)])

    assert ask(core, "POST", "reset") == (200, {"reset": True})
    assert (len(core.journal), core.script.left) == (0, [])


def test_health_says_who_is_there(core: Core, asked: dict[str, Any]) -> None:
    call(core, asked)
    core.extend_script([fail(429)])

    assert ask(core, "GET", "health") == (
        200, {"status": "ok", "provider": "anthropic", "now": 0.0, "calls": 1, "steps_left": 1}
    )  # fmt: skip


def test_the_ledger_is_told(core: Core) -> None:
    assert ask(core, "GET", "ledger") == (200, core.ledger.to_json())


def test_a_server_without_a_judge_gives_no_verdict(core: Core) -> None:
    status, said = ask(core, "GET", "verdict")

    assert status == 501
    assert "windtunnel serve" in said["error"]


def test_a_judge_gets_the_query_and_says_what_it_likes(core: Core) -> None:
    def judge(query: Mapping[str, str]) -> Any:
        return dict(query)

    assert ask(core, "GET", "verdict", query="policy=a&policy=b&x=%20", judge=judge) == (200, {"policy": "b", "x": " "})


@pytest.mark.parametrize("error", [KeyError("unknown policy 'a'"), ValueError("unknown policy 'a'")])
def test_a_judge_that_does_not_know_is_quoted(core: Core, error: Exception) -> None:
    def judge(query: Mapping[str, str]) -> Any:
        raise error

    assert ask(core, "GET", "verdict", judge=judge) == (400, {"error": "unknown policy 'a'"})


@pytest.mark.parametrize("name", ["", "jornal", "journal/1", "v1/messages"])
def test_an_unknown_route_is_told_what_is_there(core: Core, name: str) -> None:
    status, said = ask(core, "GET", name)

    assert status == 404
    for route in ("GET /_windtunnel/journal", "POST /_windtunnel/script", "POST /_windtunnel/reset"):
        assert route in said["error"]


def test_the_page_is_served_to_be_looked_at_and_framed_by_nobody(core: Core) -> None:
    plan = Control(core, page=lambda: "<h1>caf\u00e9</h1>").answer(Call("GET", PREFIX))[0]

    assert plan.status == 200 and plan.head is not None
    assert plan.head.header("content-type") == "text/html; charset=utf-8"
    assert plan.head.header("x-frame-options") == "DENY"
    assert plan.body.decode() == "<h1>caf\u00e9</h1>"


@pytest.mark.parametrize("header", [("host", "evil.example"), ("origin", "http://evil.example")])
@pytest.mark.parametrize(("name", "verb"), [("reset", "POST"), ("script", "POST"), ("journal", "GET"), ("", "GET")])
def test_a_foreign_page_is_refused_and_nothing_is_done(
    core: Core, asked: dict[str, Any], name: str, verb: str, header: tuple[str, str]
) -> None:
    call(core, asked)
    given = Call(verb, PREFIX + name, headers=(header,), body=b'[{"fail": 429}]')

    plan, _ = Control(core, page=lambda: "page").answer(given)

    assert plan.status == 403
    assert "the control API" in json.loads(plan.body)["error"]
    assert (len(core.journal), core.script.left) == (1, [])


def test_a_name_the_server_goes_by_is_let_in(core: Core) -> None:
    given = Call("GET", PREFIX + "health", headers=(("host", "fake:8080"),))

    assert Control(core).answer(given)[0].status == 403
    assert Control(core, hosts={"fake"}).answer(given)[0].status == 200


ROUTES = {"journal": "GET", "script": "POST", "reset": "POST", "verdict": "GET", "health": "GET", "ledger": "GET"}


@pytest.mark.parametrize(("name", "verb"), ROUTES.items())
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_a_route_takes_one_method(core: Core, name: str, verb: str, method: str) -> None:
    status, said = ask(core, method, name, []) if name != "journal" or method != "GET" else (200, None)

    assert (status == 405) == (method != verb)
    if status == 405:
        assert said == {"error": f"/_windtunnel/{name} takes {verb}, not {method}"}
        head = planned(core, method, name, []).head
        assert head is not None and head.header("allow") == {"GET": "GET, HEAD", "POST": "POST"}[verb]


@pytest.mark.parametrize(("name", "verb"), ROUTES.items())
def test_head_is_taken_where_get_is(core: Core, name: str, verb: str) -> None:
    assert (planned(core, "HEAD", name, []).status == 405) == (verb == "POST")


def test_a_slash_at_the_end_makes_no_difference(core: Core) -> None:
    assert ask(core, "GET", "health/")[0] == 200


def test_control_calls_are_not_in_the_journal(core: Core) -> None:
    for name, verb in ROUTES.items():
        planned(core, verb, name, [])
        planned(core, "PATCH", name, [])

    assert len(core.journal) == 0
