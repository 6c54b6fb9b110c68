"""Who is turned away at the direct API's door, by which limit and in which words; what is charged for a batch."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.core import Core
from windtunnel_server.identity.api_keys import ApiKeys
from windtunnel_server.journal import Entry
from windtunnel_server.model import prices
from windtunnel_server.plan import Plan
from windtunnel_server.playback import Playback
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.settings import Acceleration, Overload, RateLimits, Settings
from windtunnel_server.words import reply

SONNET = "claude-sonnet-4-6"
HELLO: dict[str, Any] = {"model": SONNET, "max_tokens": 50, "messages": [{"role": "user", "content": "Hello"}]}
COUNTED = {key: value for key, value in HELLO.items() if key != "max_tokens"}
MARKED = {"type": "text", "text": "All is well in the tunnel. " * 300, "cache_control": {"type": "ephemeral"}}
MESSAGES, COUNT, BATCHES = "/v1/messages", "/v1/messages/count_tokens", "/v1/messages/batches"


class Tunnel:
    """A core with settings, asked without a socket; every answer is read to its end, unless told otherwise."""

    def __init__(self, *, keys: ApiKeys | None = None, **settings: Any) -> None:
        self.clock = VirtualClock()
        self.core = Core(Anthropic(self.clock, keys=keys, settings=Settings(**settings)), self.clock)

    def ask(self, body: Any = HELLO, path: str = MESSAGES, *, key: str = "key", method: str = "POST") -> Answer:
        headers = (("x-api-key", key), ("anthropic-version", "2023-06-01"))
        sent = b"" if method == "GET" else json.dumps(body).encode()
        call = Call(method, path, "", headers, sent, arrived_at=self.clock.now())
        answer = Answer(*self.core.answer(call))
        answer.left = Playback(answer.plan, answer.entry, self.clock)
        answer.left.next()
        return answer

    def read(self, body: Any = HELLO, path: str = MESSAGES, **more: Any) -> Answer:
        answer = self.ask(body, path, **more)
        while answer.entry.ended is None:
            answer.left.next()
        return answer


class Answer:
    left: Playback

    def __init__(self, plan: Plan, entry: Entry) -> None:
        self.plan, self.entry = plan, entry

    @property
    def json(self) -> Any:
        return json.loads(self.plan.body)

    @property
    def said(self) -> str:
        return str(self.json["error"]["message"])

    def header(self, name: str) -> str | None:
        assert self.plan.head is not None
        return self.plan.head.header(name)


# --- kinds of limits -------------------------------------------------------------------------------------------------


def test_the_bytes_of_an_hour_are_refused_in_the_recorded_words() -> None:
    size = len(json.dumps(HELLO).encode())
    tunnel = Tunnel(rate_limit=RateLimits(prompt_bytes_per_hour=size * 3 // 2))
    tunnel.read()

    refused = tunnel.read()

    assert refused.said == (
        f"This request would exceed your organization's rate limit of {size * 3 // 2} prompt bytes per hour "
        f"(org: {refused.header('anthropic-organization-id')}, model: {SONNET}). For details, refer to: "
        "https://docs.claude.com/en/api/rate-limits. You can see the response headers for current usage. Please reduce "
        "the prompt length or the maximum tokens requested, or try again later. You may also contact sales at "
        "https://www.anthropic.com/contact-sales to discuss your options for a rate limit increase."
    )
    assert (refused.plan.status, refused.header("x-should-retry")) == (429, "true")
    assert refused.header("retry-after") == "1200"
    tunnel.clock.advance(1200)
    assert tunnel.read().plan.status == 200


def test_use_that_grows_too_fast_is_told_its_limit_now_and_next() -> None:
    ramp = Acceleration(input_tokens_per_minute=2_000, growth=500)
    tunnel = Tunnel(rate_limit=RateLimits(acceleration=ramp), prompt_cache=False)
    long = HELLO | {"system": [{"type": "text", "text": MARKED["text"]}]}
    tunnel.clock.advance(10)
    tunnel.read(long)

    refused = tunnel.read(long)

    assert "maximum usage increase rate for input tokens per minute (org: " in refused.said
    assert "Your current limit is 2,000 input tokens per minute, and will increase to 2,500 at the next" in refused.said
    assert refused.header("retry-after") == "50"
    tunnel.clock.advance(50)
    assert tunnel.read(long).plan.status == 200


def test_counting_tokens_has_a_limit_of_its_own() -> None:
    tunnel = Tunnel(rate_limit=RateLimits(count_tokens_per_minute=2, requests_per_minute=1))

    counted = [tunnel.read(COUNTED, COUNT) for _ in range(3)]

    assert [answer.plan.status for answer in counted] == [200, 200, 429]
    assert " rate limit of 2 requests per minute " in counted[2].said
    assert counted[2].header("retry-after") == "30"
    assert tunnel.read().plan.status == 200


def test_what_is_refused_is_not_counted_and_takes_no_step() -> None:
    tunnel = Tunnel(rate_limit=RateLimits(count_tokens_per_minute=1))

    assert tunnel.read({"model": SONNET}, COUNT).plan.status == 400
    assert tunnel.read(COUNTED, COUNT).plan.status == 200


def batch(*names: str) -> dict[str, Any]:
    return {"requests": [{"custom_id": name, "params": HELLO} for name in names]}


def test_batches_have_a_limit_on_calls_of_all_their_endpoints() -> None:
    tunnel = Tunnel(rate_limit=RateLimits(batch_calls_per_minute=2))
    tunnel.read(batch("a"), BATCHES)
    tunnel.read(None, BATCHES, method="GET")

    refused = tunnel.read(None, BATCHES, method="GET")

    assert (refused.plan.status, refused.header("retry-after")) == (429, "30")
    assert tunnel.read().plan.status == 200


def test_a_queue_of_batches_that_is_full_empties_when_one_ends() -> None:
    tunnel = Tunnel(rate_limit=RateLimits(batch_queue=3))
    tunnel.read(batch("a", "b"), BATCHES)

    refused = tunnel.read(batch("c", "d"), BATCHES)

    assert refused.plan.status == 429
    tunnel.clock.advance(int(refused.header("retry-after") or 0) - 1)
    assert tunnel.read(batch("c", "d"), BATCHES).plan.status == 429
    tunnel.clock.advance(1)
    assert tunnel.read(batch("c", "d"), BATCHES).plan.status == 200


# --- load ------------------------------------------------------------------------------------------------------------


def test_a_service_with_too_much_to_do_sheds_calls_and_takes_no_step_for_them() -> None:
    tunnel = Tunnel(overload=Overload(concurrent=2))
    tunnel.core.extend_script([reply(word) for word in ("One", "Two", "Three")])
    first, second = tunnel.ask(), tunnel.ask()

    shed = tunnel.read()

    assert (shed.plan.status, shed.json["error"]) == (529, {"type": "overloaded_error", "message": "Overloaded"})
    assert (shed.header("x-should-retry"), shed.header("retry-after")) == ("true", None)
    assert shed.entry.answered_by == "refused"
    for open_ in (first, second):
        while open_.entry.ended is None:
            open_.left.next()
    assert tunnel.read().json["content"][0]["text"] == "Three"


def test_calls_above_the_pace_are_shed_until_it_falls() -> None:
    tunnel = Tunnel(overload=Overload(requests_per_second=3))

    burst = [tunnel.read().plan.status for _ in range(5)]
    tunnel.clock.advance(1.0)

    assert burst == [200, 200, 200, 529, 529]
    assert tunnel.read().plan.status == 200


def test_what_is_shed_is_neither_charged_nor_taken_from_the_limits() -> None:
    tunnel = Tunnel(overload=Overload(requests_per_second=1), rate_limit=RateLimits(requests_per_minute=2))
    for _ in range(5):
        tunnel.read()
    tunnel.clock.advance(1.0)

    assert tunnel.read().header("anthropic-ratelimit-requests-remaining") == "0"
    assert tunnel.core.ledger.total.calls == 2


# --- money -----------------------------------------------------------------------------------------------------------


def test_when_the_month_s_money_is_gone_calls_are_refused_without_a_hint() -> None:
    tunnel = Tunnel(spend_limit_usd=0.0001)
    first = tunnel.read()
    assert first.plan.status == 200
    assert tunnel.core.ledger.total.cost_micro_usd > 100

    refused = tunnel.read()

    assert (refused.plan.status, refused.header("retry-after")) == (429, None)
    assert refused.json["error"]["type"] == "rate_limit_error"
    assert refused.json["error"]["details"]["error_code"] == "enforced_spend_limit_reached"
    assert refused.said.endswith("You will regain access on 2026-12-01 at 00:00 UTC.")
    tunnel.clock.advance(29 * 86_400)
    assert tunnel.read().plan.status == 200


def test_a_limit_that_is_not_reached_says_nothing() -> None:
    tunnel = Tunnel(spend_limit_usd=1)

    assert [tunnel.read().plan.status for _ in range(3)] == [200] * 3


def test_a_batch_is_charged_at_half_price_once_it_has_ended() -> None:
    tunnel = Tunnel()
    tunnel.read(batch("a", "b"), BATCHES)
    assert tunnel.core.ledger.calls == []
    tunnel.clock.advance(60)

    lines = tunnel.core.ledger.calls

    whole = prices.cost(tunnel.read().json["usage"], SONNET)
    assert [(line.number, line.custom_id, line.reported) for line in lines] == [(1, "a", None), (1, "b", None)]
    assert whole is not None and [line.cost_micro_usd for line in lines] == [whole * Decimal("0.5")] * 2
    assert {line.model for line in lines} == {SONNET}


def test_results_that_were_fetched_have_been_reported_and_a_deleted_batch_is_charged_too() -> None:
    tunnel = Tunnel()
    id = tunnel.read(batch("a"), BATCHES).json["id"]
    tunnel.clock.advance(60)

    tunnel.read(None, f"{BATCHES}/{id}/results", method="GET")
    tunnel.read(None, f"{BATCHES}/{id}", method="DELETE")

    (line,) = tunnel.core.ledger.calls
    assert line.reported == line.account
    assert tunnel.core.ledger.to_json()["calls"][0]["custom_id"] == "a"
    tunnel.core.reset()
    assert tunnel.core.ledger.calls == []


def test_what_fails_in_a_batch_costs_nothing() -> None:
    tunnel = Tunnel()
    wrong = {"custom_id": "b", "params": HELLO | {"messages": []}}
    tunnel.read({"requests": [*batch("a")["requests"], wrong]}, BATCHES)
    tunnel.clock.advance(60)

    assert [line.custom_id for line in tunnel.core.ledger.calls] == ["a"]


def test_counting_is_free() -> None:
    tunnel = Tunnel()
    tunnel.read(COUNTED, COUNT)

    assert tunnel.core.ledger.calls == []


# --- whose cache it is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bound", "read"), [(False, False), (True, True)])
def test_keys_of_one_workspace_share_a_cache(bound: bool, read: bool) -> None:
    keys = ApiKeys()
    for key in ("one", "two") if bound else ():
        keys.bind(key, "wrkspc_01shared")
    tunnel = Tunnel(keys=keys)
    tunnel.read(HELLO | {"system": [MARKED]}, key="one")

    again = tunnel.read(HELLO | {"system": [MARKED]}, key="two")

    assert (again.json["usage"]["cache_read_input_tokens"] > 0) is read
