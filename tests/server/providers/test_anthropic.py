"""The first-party door: what it checks and in which order, its routes, its answers and its errors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VIRTUAL_START, VirtualClock
from windtunnel_server.core import Core
from windtunnel_server.identity.api_keys import ApiKeys
from windtunnel_server.journal import Entry
from windtunnel_server.plan import Head, Plan
from windtunnel_server.providers.anthropic import VERSIONS, Anthropic
from windtunnel_server.wire.errors import KINDS
from windtunnel_server.wire.ids import instant_of
from windtunnel_server.words import fail, reply

MB = 1024 * 1024
NEW, OLD, OLDEST = VERSIONS


class Fake:
    """A core and short words to ask it."""

    def __init__(self, keys: frozenset[str] | None = None) -> None:
        self.clock = VirtualClock()
        self.core = Core(Anthropic(self.clock, keys=ApiKeys(keys)), self.clock)

    def ask(
        self,
        body: Any = b"",
        *,
        method: str = "POST",
        path: str = "/v1/messages",
        query: str = "",
        at: float = 0.0,
        **headers: str | None,
    ) -> Answered:
        shown = {"x-api-key": "key", "anthropic-version": OLD, "host": "fake.test:1234"}
        shown |= {name.replace("_", "-"): value for name, value in headers.items()}  # type: ignore[misc]
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        listed = tuple((name, value) for name, value in shown.items() if value is not None)
        self.clock.advance(max(at - self.clock.now(), 0.0))
        call = Call(method, path, query, listed, data, arrived_at=at)
        return Answered(*self.core.answer(call))

    def get(self, path: str, **options: Any) -> Answered:
        return self.ask(method="GET", path=path, **options)


class Answered:
    def __init__(self, plan: Plan, entry: Entry) -> None:
        assert plan.head is not None
        self.plan, self.entry, self.head = plan, entry, plan.head
        self.status = self.head.status

    @property
    def json(self) -> Any:
        return json.loads(self.plan.body)

    @property
    def error(self) -> tuple[str, str]:
        return self.json["error"]["type"], self.json["error"]["message"]

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.head.headers]


@pytest.fixture
def fake() -> Fake:
    return Fake()


# --- the order of checks -----------------------------------------------------------------------------------------

NOT_JSON, NOT_VALID = b"{", b'{"model": 5}'


def test_every_check_comes_before_the_next_one() -> None:
    locked = Fake(frozenset({"key"}))
    wrong: dict[str, Any] = {"x_api_key": "bad", "anthropic_version": None}

    assert locked.ask(NOT_JSON, **wrong).error == ("authentication_error", "invalid x-api-key")
    wrong.pop("x_api_key")
    assert locked.ask(NOT_JSON, **wrong).error == (
        "invalid_request_error", "anthropic-version: header is required"
    )  # fmt: skip
    assert locked.ask(NOT_JSON, anthropic_version="2020-01-01").error[1] == (
        'anthropic-version: "2020-01-01" is not a valid version'
    )
    assert locked.ask(NOT_JSON).error[1].startswith("The request body is not valid JSON")
    assert locked.ask(NOT_VALID).error[1].startswith(("max_tokens:", "messages:", "model:"))


def test_a_call_that_the_api_would_refuse_takes_no_step(fake: Fake, asked: dict[str, Any]) -> None:
    fake.core.extend_script([fail(529, on="any")])

    for refused in (
        fake.ask(NOT_JSON),
        fake.ask(NOT_VALID),
        fake.ask(asked, x_api_key=None),
        fake.ask(asked, path="/v1/nothing"),
        fake.get("/v1/messages"),
        fake.ask(method="HEAD", path="/"),
    ):
        assert refused.status < 500

    assert fake.ask(asked).status == 529


def test_a_refused_call_says_so_in_the_journal(fake: Fake) -> None:
    refused = fake.ask(NOT_VALID)

    assert (refused.entry.answered_by, refused.entry.error_type) == ("refused", "invalid_request_error")
    assert refused.entry.usage is None


def test_a_body_has_a_limit_for_each_endpoint() -> None:
    provider = Anthropic(VirtualClock())

    assert provider.max_body_bytes("/v1/messages") == 32 * MB
    assert provider.max_body_bytes("/v1/messages/count_tokens") == 32 * MB
    assert provider.max_body_bytes("/v1/messages/batches") == 256 * MB


def test_too_large_is_an_answer_of_the_edge(fake: Fake) -> None:
    answered = Answered(*fake.core.answer_too_large(Call("POST", "/v1/messages")))

    assert (answered.status, answered.json["error"]["type"]) == (413, "request_too_large")
    assert answered.head.header("content-length") == str(len(answered.plan.body))
    assert answered.head.header("request-id") is None


@pytest.mark.parametrize("text", ["NaN", "Infinity", "[", "'a'", "", "\u2603", '{"a": 1} x', "[" * 100_000])
def test_what_is_no_json_is_refused(fake: Fake, text: str) -> None:
    answered = fake.ask(text.encode())

    assert answered.status == 400
    assert answered.error[1].startswith("The request body is not valid JSON")
    assert fake.core.failures == []


def test_bytes_that_are_no_utf8_are_no_json(fake: Fake) -> None:
    assert fake.ask(b'{"model": "\xff"}').error[1].startswith("The request body is not valid JSON")


@pytest.mark.parametrize("body", [[], "text", 5, None, True])
def test_json_that_is_no_object_is_refused(fake: Fake, body: Any) -> None:
    answered = fake.ask(json.dumps(body).encode())

    assert answered.status == 400
    assert fake.core.failures == []


# --- credentials -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({"x_api_key": "good"}, 200, ""),
        ({"x_api_key": None, "authorization": "Bearer good"}, 200, ""),
        ({"x_api_key": "good", "authorization": "Bearer bad"}, 200, ""),
        ({"x_api_key": "bad", "authorization": "Bearer good"}, 401, "invalid x-api-key"),
        ({"x_api_key": None, "authorization": "Bearer bad"}, 401, "API key is invalid."),
        ({"x_api_key": None}, 401, "x-api-key header is required"),
    ],
)
def test_either_header_lets_in_and_x_api_key_decides(
    asked: dict[str, Any], headers: dict[str, Any], status: int, message: str
) -> None:
    answered = Fake(frozenset({"good"})).ask(asked, **headers)

    assert answered.status == status
    if message:
        assert answered.error == ("authentication_error", message)


# --- routes ------------------------------------------------------------------------------------------------------

BATCH = {"requests": [{"custom_id": "a", "params": {}}]}
SERVED: list[tuple[str, str, int]] = [
    ("POST", "/v1/messages", 200),
    ("POST", "/v1/messages/count_tokens", 200),
    ("GET", "/v1/models", 200),
    ("GET", "/v1/models/claude-sonnet-4-6", 200),
    ("GET", "/v1/models/claude-nobody", 404),
    ("POST", "/v1/messages/batches", 200),
    ("GET", "/v1/messages/batches", 200),
    ("GET", "/v1/messages/batches/msgbatch_none", 404),
    ("DELETE", "/v1/messages/batches/msgbatch_none", 404),
    ("POST", "/v1/messages/batches/msgbatch_none/cancel", 404),
    ("GET", "/v1/messages/batches/msgbatch_none/results", 404),
    ("HEAD", "/", 404),
]


@pytest.mark.parametrize(("method", "path", "status"), SERVED)
def test_every_route_answers(fake: Fake, asked: dict[str, Any], method: str, path: str, status: int) -> None:
    bodies: dict[str, Any] = {
        "/v1/messages": asked,
        "/v1/messages/count_tokens": {key: asked[key] for key in ("model", "messages")},
        "/v1/messages/batches": BATCH,
    }

    answered = fake.ask(bodies.get(path, b"") if method == "POST" else b"", method=method, path=path)

    assert answered.status == status
    assert fake.core.failures == []


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/messages", "POST"),
        ("PUT", "/v1/messages/count_tokens", "POST"),
        ("POST", "/v1/models", "GET"),
        ("DELETE", "/v1/models/claude-sonnet-4-6", "GET"),
        ("PUT", "/v1/messages/batches", "POST, GET"),
        ("POST", "/v1/messages/batches/b", "GET, DELETE"),
        ("GET", "/v1/messages/batches/b/cancel", "POST"),
        ("GET", "/", "HEAD"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(fake: Fake, method: str, path: str, allowed: str) -> None:
    answered = fake.ask(method=method, path=path)

    assert answered.status == 405
    assert answered.head.header("allow") == allowed


@pytest.mark.parametrize("path", ["/v1/complete", "/v1/messages/", "/v1/models/a/b", "/V1/messages", "/v1/files"])
def test_an_unknown_path_is_told_what_is_served(fake: Fake, path: str) -> None:
    answered = fake.get(path)

    assert (answered.status, answered.error[0]) == (404, "not_found_error")
    for served in ("POST /v1/messages", "GET /v1/models/{id}", "GET /v1/messages/batches/{id}/results"):
        assert served in answered.error[1]


@pytest.mark.parametrize("endpoint", ["count_tokens", "models", "batches"])
def test_other_endpoints_fail_when_a_script_says_so(fake: Fake, asked: dict[str, Any], endpoint: str) -> None:
    asks: dict[str, Callable[[], Answered]] = {
        "count_tokens": lambda: fake.ask(
            {k: asked[k] for k in ("model", "messages")}, path="/v1/messages/count_tokens"
        ),
        "models": lambda: fake.get("/v1/models"),
        "batches": lambda: fake.get("/v1/messages/batches"),
    }
    fake.core.extend_script([fail("overloaded", on=endpoint)])

    assert fake.ask(asked).status == 200
    assert [asks[endpoint]().status for _ in range(2)] == [529, 200]


# --- the two versions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_is_let_in(fake: Fake, asked: dict[str, Any], version: str) -> None:
    assert fake.ask(asked, anthropic_version=version).status == 200


def test_the_newer_version_tells_more_of_a_model(fake: Fake) -> None:
    older, newer = (fake.get("/v1/models/claude-sonnet-4-6", anthropic_version=v).json for v in (OLD, NEW))

    assert set(older) < set(newer)


# --- ids, headers ------------------------------------------------------------------------------------------------

OPENING = ["Date", "Content-Type", "Transfer-Encoding", "Connection"]
LIMITS = [
    f"anthropic-ratelimit-{family}-{part}"
    for family in ("input-tokens", "output-tokens", "requests", "tokens")
    for part in ("limit", "remaining", "reset")
]
MARKS = [
    "request-id", "strict-transport-security", "anthropic-organization-id", "anthropic-workspace-id", "traceresponse"
]  # fmt: skip
CLOSING = ["Server", "vary", "cf-cache-status", "X-Robots-Tag", "Content-Security-Policy", "CF-RAY"]


def test_the_headers_of_a_success_are_in_the_recorded_order(fake: Fake, asked: dict[str, Any]) -> None:
    for stream, extra in ((False, []), (True, ["Cache-Control"])):
        names = [name for name in fake.ask(asked | {"stream": stream}).names if name != "retry-after"]

        assert names == [*OPENING, *extra, *LIMITS, *MARKS, *CLOSING]


def test_the_headers_of_an_error_are_in_the_recorded_order(fake: Fake, asked: dict[str, Any]) -> None:
    fake.core.extend_script([fail("rate_limited", retry_after=2), fail("overloaded")])

    limited, overloaded = fake.ask(asked), fake.ask(asked)

    hinted = [*LIMITS[:9], "retry-after", *LIMITS[9:]]
    assert limited.names == [*OPENING, "x-should-retry", *hinted, *MARKS, *CLOSING]
    assert overloaded.names == [*OPENING, "x-should-retry", *MARKS, *CLOSING]


def test_one_in_ten_successes_carries_a_hint_that_means_nothing(fake: Fake, asked: dict[str, Any]) -> None:
    hints = [fake.ask(asked).head.header("retry-after") for _ in range(300)]

    given = [int(hint) for hint in hints if hint is not None]
    assert 10 <= len(given) <= 60
    assert min(given) >= 1 and max(given) <= 64


@pytest.mark.parametrize("what", ["rate_limited", "invalid_api_key", 404])
def test_an_error_has_one_request_id_that_tells_when_it_came(fake: Fake, asked: dict[str, Any], what: Any) -> None:
    fake.core.extend_script([fail(what)])

    answered = fake.ask(asked, at=123.456)

    shown = answered.head.header("request-id")
    assert shown is not None
    assert instant_of(shown) == pytest.approx(VIRTUAL_START + 123.456, abs=0.001)
    assert answered.entry.request_id == shown
    if KINDS[what].body_id == "id" if isinstance(what, str) else True:
        assert answered.json["request_id"] == shown


def test_a_success_has_its_request_id_in_the_header_alone(fake: Fake, asked: dict[str, Any]) -> None:
    answered = fake.ask(asked, at=5.0)

    shown = answered.head.header("request-id")
    assert shown is not None and instant_of(shown) == VIRTUAL_START + 5
    assert instant_of(answered.json["id"]) == VIRTUAL_START + 5
    assert "request_id" not in answered.json


def test_no_two_answers_share_an_id(fake: Fake, asked: dict[str, Any]) -> None:
    answers = [fake.ask(asked) for _ in range(50)]

    assert len({answer.head.header("request-id") for answer in answers}) == 50
    assert len({answer.json["id"] for answer in answers}) == 50
    assert len({answer.head.header("anthropic-organization-id") for answer in answers}) == 1


# --- scripted errors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind_of_error_is_sent_as_it_is_known(fake: Fake, asked: dict[str, Any], name: str) -> None:
    kind = KINDS[name]
    fake.core.extend_script([fail(name)])

    answered = fake.ask(asked)

    assert answered.status == kind.status
    said = {None: None, True: "true", False: "false"}[kind.should_retry]
    assert answered.head.header("x-should-retry") == said
    assert answered.entry.error_type == kind.type
    if kind.body != "html":
        assert answered.error == (kind.type, answered.error[1])
        assert not re.search(r"\{[a-z_:,]+\}", answered.error[1])
    assert fake.core.failures == []


@pytest.mark.parametrize(
    ("given", "name", "sent"),
    [
        ({"retry_after": 2}, "retry-after", "2"),
        ({"retry_after": 0}, "retry-after", "0"),
        ({"retry_after": 2.0}, "retry-after", "2"),
        ({"retry_after": 0.25}, "retry-after", "0.25"),
        ({"retry_after": -1}, "retry-after", "-1"),
        ({"retry_after": 1_000_000}, "retry-after", "1000000"),
        ({"retry_after": 1_234_567.5}, "retry-after", "1234567.5"),
        ({"retry_after": 0.0000005}, "retry-after", "0.0000005"),
        ({"retry_after_ms": 1_234_567}, "retry-after-ms", "1234567"),
        ({"retry_after_ms": 1500.5}, "retry-after-ms", "1500.5"),
        ({"headers": {"retry-after": "soon"}}, "retry-after", "soon"),
        ({"headers": {"X-Note": "a"}}, "x-note", "a"),
        ({"should_retry": True}, "x-should-retry", "true"),
        ({"should_retry": False}, "x-should-retry", "false"),
    ],
    ids=str,
)
def test_hints_are_sent_as_given(
    fake: Fake, asked: dict[str, Any], given: dict[str, Any], name: str, sent: str
) -> None:
    fake.core.extend_script([fail("rate_limited", **given)])

    head = fake.ask(asked).head

    assert [value for key, value in head.headers if key.lower() == name] == [sent]


@pytest.mark.parametrize(("at", "after_s", "instant"), [(0.0, 60, 60), (0.25, 60, 61), (10.0, 0.5, 11), (10.0, -5, 5)])
def test_a_date_is_rounded_up_to_a_whole_second(
    fake: Fake, asked: dict[str, Any], at: float, after_s: float, instant: float
) -> None:
    fake.core.extend_script([fail("rate_limited", retry_after_date=after_s)])

    shown = fake.ask(asked, at=at).head.header("retry-after")

    assert shown is not None and shown.endswith(" GMT")
    assert parsedate_to_datetime(shown).timestamp() == VIRTUAL_START + instant


def test_both_hints_may_be_given_and_differ(fake: Fake, asked: dict[str, Any]) -> None:
    fake.core.extend_script([fail(429, retry_after=7, retry_after_ms=100)])

    head = fake.ask(asked).head

    assert (head.header("retry-after"), head.header("retry-after-ms")) == ("7", "100")


def test_what_an_error_says_can_be_changed(fake: Fake, asked: dict[str, Any]) -> None:
    fake.core.extend_script([fail(418, type="teapot_error", message="short", details={"stout": True})])

    answered = fake.ask(asked)

    assert answered.status == 418
    assert answered.json["error"] == {"type": "teapot_error", "message": "short", "details": {"stout": True}}
    assert answered.entry.error_type == "teapot_error"


def test_an_error_tells_the_model_that_was_asked_for(fake: Fake, asked: dict[str, Any]) -> None:
    fake.core.extend_script([fail("prompt_too_long")])

    assert fake.ask(asked).error[1] == "prompt is too long: 1000251 tokens > 1000000 maximum"


# --- replies -----------------------------------------------------------------------------------------------------


def test_a_reply_is_the_same_streamed_or_not(fake: Fake, asked: dict[str, Any]) -> None:
    fake.core.extend_script([reply("Hello there", id="msg_1", times=2)])

    whole, streamed = fake.ask(asked), fake.ask(asked | {"stream": True})

    deltas = [
        json.loads(line.removeprefix("data: "))["delta"]["text"]
        for line in streamed.plan.body.decode().splitlines()
        if '"text_delta"' in line
    ]
    assert "".join(deltas) == whole.json["content"][0]["text"] == "Hello there"
    assert whole.entry.answered_by == streamed.entry.answered_by == "reply"
    assert whole.plan.notes["usage"] == streamed.plan.notes["usage"] == whole.json["usage"]


def test_a_pace_makes_silences_in_a_stream(fake: Fake, asked: dict[str, Any]) -> None:
    pace = {"first_byte": 2, "tokens_per_second": 4, "ping_every": 0.2, "text_piece": 5}
    fake.core.extend_script([reply("Hello there, tunnel", stream=pace)])

    plan = fake.ask(asked | {"stream": True}).plan

    assert plan.waits[0] == 2
    assert max(plan.waits[1:]) <= 0.2
    assert plan.events.count("ping") > 1
    assert plan.events.count("content_block_delta") == 4


def test_a_pace_delays_a_body_in_one_piece(fake: Fake, asked: dict[str, Any]) -> None:
    fake.core.extend_script([reply("Hello", stream={"first_byte": 2, "tokens_per_second": 4})])

    answered = fake.ask(asked)

    assert answered.plan.waits == [2 + answered.json["usage"]["output_tokens"] / 4]
    assert isinstance(answered.plan.steps[1], Head)


# --- batches -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "fake.test", "[::1]:9"])
def test_the_address_of_results_leads_back_to_where_the_client_found_us(
    fake: Fake, asked: dict[str, Any], host: str
) -> None:
    made = fake.ask({"requests": [{"custom_id": "a", "params": asked}]}, path="/v1/messages/batches").json
    path = f"/v1/messages/batches/{made['id']}"
    assert fake.get(path, host=host).json["results_url"] is None

    shown = fake.get(path, host=host, at=3600.0).json

    assert shown["results_url"] == f"http://{host}{path}/results"
    results = fake.get(f"{path}/results", host=host, at=3600.0)
    assert results.head.header("content-type") == "application/x-jsonl"
    (line,) = [json.loads(line) for line in results.plan.body.splitlines()]
    assert (line["custom_id"], line["result"]["type"]) == ("a", "succeeded")
    assert line["result"]["message"]["usage"]["service_tier"] == "batch"


def test_a_batch_may_be_cancelled_without_a_body_and_deleted(fake: Fake, asked: dict[str, Any]) -> None:
    made = fake.ask({"requests": [{"custom_id": "a", "params": asked}]}, path="/v1/messages/batches").json
    path = f"/v1/messages/batches/{made['id']}"

    assert fake.ask(path=f"{path}/cancel").json["processing_status"] == "canceling"
    assert fake.ask(method="DELETE", path=path, at=60.0).json["type"] == "message_batch_deleted"
    assert fake.get(path, at=60.0).status == 404


def test_a_bad_request_in_a_batch_fails_alone(fake: Fake, asked: dict[str, Any]) -> None:
    bad = {"custom_id": "b", "params": asked | {"max_tokens": -1}}
    made = fake.ask(
        {"requests": [{"custom_id": "a", "params": asked}, bad]}, path="/v1/messages/batches"
    ).json  # fmt: skip

    lines = fake.get(f"/v1/messages/batches/{made['id']}/results", at=3600.0).plan.body.splitlines()

    good, wrong = (json.loads(line)["result"] for line in lines)
    assert good["type"] == "succeeded"
    assert (wrong["type"], wrong["error"]["error"]["type"]) == ("errored", "invalid_request_error")


# --- words of our own --------------------------------------------------------------------------------------------


def test_a_step_that_does_not_fit_is_refused_and_not_retried(fake: Fake, asked: dict[str, Any]) -> None:
    fake.core.extend_script([reply("Hello", usage={"outputs": 5})])

    answered = fake.ask(asked)

    assert (answered.status, answered.head.header("x-should-retry")) == (400, "false")
    assert "outputs" in answered.error[1]
    assert fake.core.failures == []


def test_garbage_is_answered_by_the_edge_with_a_page(fake: Fake) -> None:
    answered = Answered(*fake.core.answer_garbage(Call("?", "/"), "why"))

    assert answered.status == 400
    assert answered.head.header("content-type") == "text/html; charset=UTF-8"
    assert answered.plan.body.startswith(b"<!DOCTYPE html>")
