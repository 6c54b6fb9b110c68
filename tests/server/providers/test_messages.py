"""A Messages call through window, limits and cache, from the request to what is booked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VIRTUAL_START, VirtualClock
from windtunnel_server.core import Core
from windtunnel_server.journal import Entry
from windtunnel_server.ledger import book
from windtunnel_server.model.window import SOFT_WINDOW_BETA
from windtunnel_server.plan import Plan, Send
from windtunnel_server.playback import Broken, Done, Playback, Silence
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.script import Fault
from windtunnel_server.settings import RateLimits, Settings
from windtunnel_server.words import fail, reply

HELLO: dict[str, Any] = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Hello, tunnel."}],
}
MARK = {"cache_control": {"type": "ephemeral"}}
LONG = "All is well in the tunnel. " * 300
CACHED = HELLO | {"system": [{"type": "text", "text": LONG, **MARK}]}


class Tunnel:
    """A core with settings, asked without a socket."""

    def __init__(self, **settings: Any) -> None:
        self.clock = VirtualClock()
        self.core = Core(Anthropic(self.clock, settings=Settings(**settings)), self.clock)

    def put(self, body: dict[str, Any], *, path: str = "/v1/messages", key: str = "key", beta: str = "") -> Asked:
        """Ask, and leave the answer unread."""
        headers = (("x-api-key", key), ("anthropic-version", "2023-06-01"), ("anthropic-beta", beta))
        now = self.clock.now()
        return Asked(
            self, *self.core.answer(Call("POST", path, "", headers, json.dumps(body).encode(), arrived_at=now))
        )

    def ask(self, body: dict[str, Any], **options: Any) -> Asked:
        """Ask, and read the answer to its end."""
        return self.put(body, **options).read()

    def count(self, body: dict[str, Any]) -> int:
        asked = {key: value for key, value in body.items() if key != "max_tokens"}
        return int(self.put(asked, path="/v1/messages/count_tokens").json["input_tokens"])


class Asked:
    def __init__(self, tunnel: Tunnel, plan: Plan, entry: Entry) -> None:
        self.tunnel, self.plan, self.entry = tunnel, plan, entry
        self.playback = Playback(plan, entry, tunnel.clock)

    def read(self, *, events: int | None = None) -> Asked:
        """Read what comes, and the waits with it; at most so many events."""
        while events is None or len(self.entry.events_sent) < events:
            met = self.playback.next()
            if isinstance(met, Silence):
                self.tunnel.clock.advance(met.until - self.tunnel.clock.now())
            elif isinstance(met, (Broken, Done)):
                break
        return self

    def header(self, name: str) -> str | None:
        assert self.plan.head is not None
        return self.plan.head.header(name)

    @property
    def json(self) -> Any:
        return json.loads(self.plan.body)

    @property
    def message(self) -> str:
        return str(self.json["error"]["message"])

    @property
    def usage(self) -> dict[str, Any]:
        return dict(self.json["usage"])

    @property
    def cached(self) -> tuple[int, int, int]:
        """Tokens: plain, written, read."""
        keys = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        plain, written, read = (int(self.usage[key]) for key in keys)
        return plain, written, read

    def said(self, name: str) -> dict[str, Any]:
        """The payload of the first event of that name."""
        sends = [step for step in self.plan.steps if isinstance(step, Send) and step.event == name]
        payload: dict[str, Any] = json.loads(sends[0].data.partition(b"data: ")[2])
        return payload


# --- context window ----------------------------------------------------------------------------------------------


def test_input_over_the_window_is_a_400_that_takes_no_step() -> None:
    tunnel = Tunnel(context_window=10)
    tunnel.core.extend_script([reply("Hello")])
    tokens = tunnel.count(HELLO)

    refused = tunnel.ask(HELLO | {"stream": True})

    assert (refused.plan.status, refused.entry.error_type) == (400, "invalid_request_error")
    assert refused.message == f"prompt is too long: {tokens} tokens > 10 maximum"
    assert refused.header("x-should-retry") == "false"
    assert (refused.entry.answered_by, refused.entry.billed) == ("refused", None)
    assert len(tunnel.core.script.left) == 1


def test_the_model_s_own_window_is_the_usual_one() -> None:
    # About 210,000 tokens.
    huge = HELLO | {"messages": [{"role": "user", "content": "tunnel " * 206_000}]}

    assert Tunnel().ask(huge | {"model": "claude-haiku-4-5"}).message.endswith(" tokens > 200000 maximum")
    assert Tunnel().ask(huge).plan.status == 200


def test_an_earlier_model_refuses_an_answer_that_could_fill_the_window() -> None:
    asked = HELLO | {"model": "claude-opus-4-1"}
    tokens = Tunnel().ask(asked).usage["input_tokens"]

    assert Tunnel(context_window=tokens + 200).ask(asked).plan.status == 200
    assert Tunnel(context_window=tokens + 199).ask(asked).message == (
        f"input length and `max_tokens` exceed context limit: {tokens} + 200 > {tokens + 199}, "
        "decrease input length or `max_tokens` and try again"
    )
    assert (
        Tunnel(context_window=tokens + 199).ask(asked, beta=f"context-1m-2025-08-07,{SOFT_WINDOW_BETA}").plan.status
        == 200
    )


@pytest.mark.parametrize("stream", [False, True])
def test_a_later_model_stops_where_the_window_is_full(stream: bool) -> None:
    tokens = Tunnel().ask(HELLO).usage["input_tokens"]

    answered = Tunnel(context_window=tokens + 5).ask(HELLO | {"stream": stream})

    told = answered.said("message_delta") if stream else answered.json
    assert (told["delta"] if stream else told)["stop_reason"] == "model_context_window_exceeded"
    assert told["usage"]["output_tokens"] == 5


def test_a_max_tokens_that_comes_first_stops_as_ever() -> None:
    tokens = Tunnel().ask(HELLO).usage["input_tokens"]

    answered = Tunnel(context_window=tokens + 5).ask(HELLO | {"max_tokens": 4})

    assert (answered.json["stop_reason"], answered.usage["output_tokens"]) == ("max_tokens", 4)


def test_a_window_with_room_changes_nothing() -> None:
    plain, tight = Tunnel().ask(HELLO), Tunnel(context_window=5_000).ask(HELLO)

    assert plain.json["content"] == tight.json["content"]
    assert tight.json["stop_reason"] == "end_turn"


def test_a_scripted_overflow_names_the_window_that_is_set() -> None:
    tunnel = Tunnel(context_window=5_000)
    tunnel.core.extend_script([fail("prompt_too_long")])

    assert tunnel.ask(HELLO).message.endswith("> 5000 maximum")


def test_the_models_endpoint_names_it_too() -> None:
    tunnel = Tunnel(context_window=5_000)
    headers = (("x-api-key", "key"), ("anthropic-version", "2023-06-01"))

    one, _ = tunnel.core.answer(Call("GET", "/v1/models/claude-haiku-4-5", "", headers))
    listed, _ = tunnel.core.answer(Call("GET", "/v1/models", "", headers))

    assert json.loads(one.body)["max_input_tokens"] == 5_000
    assert {model["max_input_tokens"] for model in json.loads(listed.body)["data"]} == {5_000}


# --- prompt cache ------------------------------------------------------------------------------------------------


def test_the_second_call_reads_what_the_first_one_wrote() -> None:
    tunnel = Tunnel()
    first, second = tunnel.ask(CACHED), tunnel.ask(CACHED)

    plain, written, read = first.cached
    assert (written > 1024, read) == (True, 0)
    assert first.usage["cache_creation"] == {"ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0}
    assert second.cached == (plain, 0, written)
    assert sum(first.cached) == tunnel.count(CACHED)


def test_five_minutes_later_it_is_gone() -> None:
    tunnel = Tunnel()
    tunnel.ask(CACHED)
    tunnel.clock.advance(299)
    assert tunnel.ask(CACHED).cached[2] > 0
    tunnel.clock.advance(300)

    assert tunnel.ask(CACHED).cached[2] == 0


def test_streams_journal_and_books_say_the_same() -> None:
    tunnel = Tunnel()
    hour = HELLO | {"system": [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]}
    streamed = tunnel.ask(hour | {"stream": True})

    started, ended = streamed.said("message_start")["message"]["usage"], streamed.said("message_delta")["usage"]
    written = started["cache_creation_input_tokens"]
    assert started["cache_creation"] == {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": written}
    assert ended["cache_creation_input_tokens"] == written
    assert streamed.entry.usage == streamed.entry.billed
    assert book([streamed.entry])[0].account.cache_creation_1h_input_tokens == written > 1024


def test_keys_do_not_share_what_is_cached_but_the_tokens_of_a_login_do() -> None:
    tunnel = Tunnel()
    tunnel.ask(CACHED, key="one")
    tunnel.ask(CACHED, key="sk-ant-oat01-old")

    assert tunnel.ask(CACHED, key="two").cached[2] == 0
    assert tunnel.ask(CACHED, key="sk-ant-oat01-new").cached[2] > 0


def test_a_twin_under_way_does_not_read_what_has_not_begun() -> None:
    tunnel = Tunnel()
    tunnel.core.extend_script([reply("One", stream={"first_byte": 2.0})])
    first, twin = tunnel.put(CACHED), tunnel.put(CACHED)

    assert twin.cached[2] == 0
    first.read()
    assert tunnel.ask(CACHED).cached[2] > 0


@pytest.mark.parametrize(
    ("step", "reads"),
    [
        (fail("overloaded"), False),
        (reply("x", faults=[Fault("reset_before_headers")]), False),
        (reply("x", faults=[Fault("reset_mid_body", {"after_bytes": 5})]), True),
    ],
    ids=["error", "before", "mid"],
)
def test_only_an_answer_that_began_leaves_something_to_read(step: Any, reads: bool) -> None:
    tunnel = Tunnel()
    tunnel.core.extend_script([step])
    tunnel.ask(CACHED)

    assert (tunnel.ask(CACHED).cached[2] > 0) is reads


def test_a_call_that_asks_for_no_output_warms_the_cache() -> None:
    tunnel = Tunnel()
    warming = tunnel.ask(CACHED | {"max_tokens": 0})

    assert (warming.json["content"], warming.json["stop_reason"]) == ([], "max_tokens")
    assert warming.usage["output_tokens"] == 0
    assert tunnel.ask(CACHED).cached[2] == warming.cached[1] > 0


def test_it_can_be_turned_off() -> None:
    tunnel = Tunnel(prompt_cache=False)
    first, second = tunnel.ask(CACHED), tunnel.ask(CACHED)

    assert first.cached == second.cached
    assert first.cached[1:] == (0, 0)


def test_a_fifth_mark_is_refused() -> None:
    parts = [{"type": "text", "text": "Hello", **MARK}] * 5

    refused = Tunnel().ask(HELLO | {"messages": [{"role": "user", "content": parts}]})

    assert (refused.plan.status, refused.message) == (
        400, "A maximum of 4 blocks with cache_control may be provided. Found 5."
    )  # fmt: skip


def test_what_a_script_says_about_usage_wins() -> None:
    tunnel = Tunnel()
    tunnel.core.extend_script([reply("x", usage={"input_tokens": 5, "cache_creation_input_tokens": 0})])

    assert tunnel.ask(CACHED).cached == (5, 0, 0)


def test_a_reset_forgets_what_is_cached() -> None:
    tunnel = Tunnel()
    tunnel.ask(CACHED)
    tunnel.core.reset()

    assert tunnel.ask(CACHED).cached[2] == 0


# --- rate limits -------------------------------------------------------------------------------------------------


def limited(**limits: int) -> Tunnel:
    return Tunnel(rate_limit=RateLimits(**limits))


def test_the_limit_that_is_hit_is_named_in_the_api_s_words() -> None:
    tunnel = limited(requests_per_minute=2)
    tunnel.ask(HELLO)
    tunnel.ask(HELLO)

    refused = tunnel.ask(HELLO)

    organization = refused.header("anthropic-organization-id")
    assert (refused.plan.status, refused.entry.error_type) == (429, "rate_limit_error")
    assert refused.message.startswith(
        "This request would exceed your organization's rate limit of 2 requests per minute "
        f"(org: {organization}, model: claude-sonnet-4-6). For details, refer to: "
    )
    assert (refused.header("retry-after"), refused.header("x-should-retry")) == ("30", "true")
    assert refused.entry.answered_by == "refused"


def test_numbers_have_their_commas_and_the_model_its_full_name() -> None:
    tunnel = limited(input_tokens_per_minute=1_500)

    refused = tunnel.ask(CACHED | {"model": "claude-haiku-4-5"})

    assert " rate limit of 1,500 input tokens per minute (" in refused.message
    assert ", model: claude-haiku-4-5-20251001)" in refused.message


def test_a_client_that_waits_as_told_gets_through() -> None:
    tunnel = limited(requests_per_minute=7)
    while (answered := tunnel.ask(HELLO)).plan.status == 200:
        pass

    tunnel.clock.advance(int(answered.header("retry-after") or 0))

    assert tunnel.ask(HELLO).plan.status == 200


def test_a_refused_call_takes_neither_a_step_nor_a_token() -> None:
    tunnel = limited(requests_per_minute=1)
    tunnel.core.extend_script([reply("One"), reply("Two")])
    tunnel.ask(HELLO)
    for _ in range(5):
        assert tunnel.ask(HELLO).plan.status == 429
    tunnel.clock.advance(60)

    assert tunnel.ask(HELLO).json["content"][0]["text"] == "Two"


def test_headers_tell_where_the_limits_stand() -> None:
    tunnel = limited(requests_per_minute=10, input_tokens_per_minute=100_000, output_tokens_per_minute=20_000)
    tunnel.core.extend_script([reply("Hello", usage={"output_tokens": 5_000})])

    answered = tunnel.ask(HELLO)

    shown = {
        family: tuple(
            answered.header(f"anthropic-ratelimit-{family}-{part}") for part in ("limit", "remaining", "reset")
        )
        for family in ("requests", "input-tokens", "output-tokens", "tokens")
    }
    assert VIRTUAL_START % 60 == 0
    assert shown == {
        "requests": ("10", "9", "2026-11-02T09:00:06Z"),
        "input-tokens": ("100000", "100000", "2026-11-02T09:00:01Z"),
        "output-tokens": ("20000", "15000", "2026-11-02T09:00:15Z"),
        "tokens": ("120000", "115000", "2026-11-02T09:00:15Z"),
    }


def test_a_429_shows_the_same_and_no_family_that_is_not_limited() -> None:
    tunnel = limited(requests_per_minute=1)
    tunnel.ask(HELLO)

    refused = tunnel.ask(HELLO)

    assert refused.header("anthropic-ratelimit-requests-remaining") == "0"
    assert refused.header("anthropic-ratelimit-requests-reset") == "2026-11-02T09:01:00Z"
    assert refused.header("retry-after") == "60"
    assert refused.header("anthropic-ratelimit-tokens-limit") is None


def test_what_is_read_from_the_cache_is_not_counted() -> None:
    whole = sum(Tunnel().ask(CACHED).cached)
    tunnel = limited(input_tokens_per_minute=whole + 100)

    assert [tunnel.ask(CACHED).plan.status for _ in range(4)] == [200] * 4
    assert tunnel.ask(CACHED | {"model": "claude-sonnet-4-5"}).plan.status == 429


def test_but_haiku_3_5_counts_it() -> None:
    asked = CACHED | {"model": "claude-3-5-haiku-latest", "system": [{"type": "text", "text": LONG * 2, **MARK}]}
    whole = sum(Tunnel().ask(asked).cached)
    tunnel = limited(input_tokens_per_minute=whole + 100)

    assert [tunnel.ask(asked).plan.status for _ in range(2)] == [200, 429]


def test_output_that_was_too_much_holds_up_the_next_call() -> None:
    tunnel = limited(output_tokens_per_minute=600)
    tunnel.core.extend_script([reply("Hello", usage={"output_tokens": 900})])
    tunnel.ask(HELLO)

    refused = tunnel.ask(HELLO)

    assert " rate limit of 600 output tokens per minute " in refused.message
    assert refused.header("retry-after") == "31"


def test_calls_under_way_are_limited_until_they_end() -> None:
    tunnel = limited(concurrent=1)
    first = tunnel.put(HELLO)

    refused = tunnel.ask(HELLO)
    assert refused.plan.status == 429
    assert refused.message.startswith("Number of concurrent connections has exceeded your rate limit.")
    assert refused.header("retry-after") == "1"
    first.read()
    assert tunnel.ask(HELLO).plan.status == 200


def test_a_client_that_hangs_up_is_under_way_no_more() -> None:
    tunnel = limited(concurrent=1)
    first = tunnel.put(HELLO | {"stream": True}).read(events=2)
    assert tunnel.ask(HELLO).plan.status == 429

    first.playback.hang_up()

    assert tunnel.ask(HELLO).plan.status == 200


def test_a_scripted_failure_is_under_way_while_it_lasts() -> None:
    tunnel = limited(concurrent=1)
    tunnel.core.extend_script([fail("overloaded", faults=[Fault("stall_before_headers", {"for_s": 5.0})])])
    first = tunnel.put(HELLO)

    assert tunnel.ask(HELLO).plan.status == 429
    first.read()
    assert tunnel.ask(HELLO).plan.status == 200


def test_a_step_that_does_not_fit_leaves_nothing_under_way() -> None:
    tunnel = limited(concurrent=1)
    tunnel.core.extend_script([reply("x", faults=[Fault("error_event")])])
    assert tunnel.ask(HELLO).plan.status == 400

    assert tunnel.ask(HELLO).plan.status == 200


def test_a_reset_fills_the_buckets() -> None:
    tunnel = limited(requests_per_minute=1)
    tunnel.ask(HELLO)
    tunnel.core.reset()

    assert tunnel.ask(HELLO).plan.status == 200


# --- what is charged ---------------------------------------------------------------------------------------------


def test_a_cut_stream_is_charged_in_full_and_reports_what_had_left() -> None:
    tunnel = Tunnel()
    said = "Hello there, client in the tunnel."
    tunnel.core.extend_script([reply(said, stream={"tokens_per_second": 1}), reply(said)])
    cut = tunnel.put(HELLO | {"stream": True}).read(events=1)
    cut.playback.hang_up()

    (line,) = book([cut.entry])

    whole = tunnel.ask(HELLO)
    assert line.account == book([whole.entry])[0].account
    assert line.reported is not None
    assert line.reported.input_tokens == line.account.input_tokens
    assert line.reported.output_tokens < line.account.output_tokens


def test_an_answer_that_never_began_is_not_charged() -> None:
    tunnel = Tunnel()
    tunnel.core.extend_script([reply("Hello", faults=[Fault("reset_before_headers")]), fail(500)])

    assert book([tunnel.ask(HELLO).entry, tunnel.ask(HELLO).entry]) == []


def test_a_refusal_without_output_is_free() -> None:
    tunnel = Tunnel()
    tunnel.core.extend_script([reply(content=[], stop_reason="refusal"), reply("I", stop_reason="refusal")])
    empty, partial = tunnel.ask(HELLO), tunnel.ask(HELLO)

    assert [line.cost_micro_usd == 0 for line in book([empty.entry, partial.entry])] == [True, False]


def test_a_place_that_was_asked_for_is_named_and_charged() -> None:
    tunnel = Tunnel()
    usual, placed = tunnel.ask(HELLO), tunnel.ask(HELLO | {"inference_geo": "us"})

    assert placed.usage["inference_geo"] == "us"
    (one, other) = book([usual.entry, placed.entry])
    tokens = (one.account.input_tokens, one.account.output_tokens)
    assert one.cost_micro_usd == tokens[0] * 3 + tokens[1] * 15
    assert other.cost_micro_usd is not None
    said = other.account.output_tokens
    assert other.cost_micro_usd * 10 == (tokens[0] * 3 + said * 15) * 11


def test_batches_are_held_against_the_window() -> None:
    tunnel = Tunnel(context_window=10)
    made = tunnel.put({"requests": [{"custom_id": "a", "params": HELLO}]}, path="/v1/messages/batches").json
    tunnel.clock.advance(100)
    headers = (("x-api-key", "key"), ("anthropic-version", "2023-06-01"))

    plan, _ = tunnel.core.answer(
        Call("GET", f"/v1/messages/batches/{made['id']}/results", "", headers, arrived_at=tunnel.clock.now())
    )

    result = json.loads(plan.body)["result"]
    assert result["type"] == "errored"
    assert result["error"]["error"]["message"].endswith("> 10 maximum")


def test_a_request_of_a_batch_does_not_stream() -> None:
    tunnel = Tunnel()
    made = tunnel.put(
        {"requests": [{"custom_id": "a", "params": HELLO | {"stream": True}}]}, path="/v1/messages/batches"
    ).json
    tunnel.clock.advance(100)
    headers = (("x-api-key", "key"), ("anthropic-version", "2023-06-01"))

    plan, _ = tunnel.core.answer(
        Call("GET", f"/v1/messages/batches/{made['id']}/results", "", headers, arrived_at=tunnel.clock.now())
    )

    error = json.loads(plan.body)["result"]["error"]["error"]
    assert error == {"type": "invalid_request_error", "message": "stream: streaming is not supported in a batch"}


def batched(tunnel: Tunnel, params: dict[str, Any], *, beta: str = "") -> dict[str, Any]:
    """Have one request answered in a batch, and give its result."""
    made = tunnel.put({"requests": [{"custom_id": "a", "params": params}]}, path="/v1/messages/batches", beta=beta)
    tunnel.clock.advance(100)
    headers = (("x-api-key", "key"), ("anthropic-version", "2023-06-01"))
    path = f"/v1/messages/batches/{made.json['id']}/results"
    plan, _ = tunnel.core.answer(Call("GET", path, "", headers, arrived_at=tunnel.clock.now()))
    result: dict[str, Any] = json.loads(plan.body)["result"]
    return result


EDITED = HELLO | {"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}


def test_the_betas_of_a_batch_are_those_of_its_requests() -> None:
    with_beta = batched(Tunnel(), EDITED, beta="context-management-2025-06-27")
    without = batched(Tunnel(), EDITED)

    assert with_beta["message"]["context_management"] == {"applied_edits": []}
    assert without["error"]["error"]["message"] == "context_management: Extra inputs are not permitted"
    told = batched(Tunnel(), HELLO, beta="context-management-2025-06-27")["message"]
    assert told["context_management"] == {"applied_edits": []}


def test_the_version_of_a_batch_is_that_of_its_requests() -> None:
    assert batched(Tunnel(), HELLO | {"temperature": 0.5})["type"] == "succeeded"


def test_a_malformed_request_of_a_batch_is_its_own_error() -> None:
    malformed = {"model": "claude-sonnet-4-6", "max_tokens": 9}

    result = batched(Tunnel(), malformed, beta="compact-2026-01-12")

    assert result["error"]["error"]["message"] == "messages: Field required"


def test_a_request_of_a_batch_is_compacted_and_billed_for_it() -> None:
    edit = {"type": "compact_20260112", "trigger": {"type": "input_tokens", "value": 50_000}}
    long = HELLO | {"messages": [{"role": "user", "content": "All is well. " * 20_000}]}

    result = batched(Tunnel(), long | {"context_management": {"edits": [edit]}}, beta="compact-2026-01-12")

    message = result["message"]
    assert message["content"][0]["type"] == "compaction"
    assert [part["type"] for part in message["usage"]["iterations"]] == ["compaction", "message"]
    assert message["usage"]["input_tokens"] < 50_000 < message["usage"]["iterations"][0]["input_tokens"]


# --- fast mode and long prompts ------------------------------------------------------------------------------------

FAST = HELLO | {"model": "claude-opus-5-5", "speed": "fast"}


def test_fast_mode_is_told_in_the_usage_and_charged_for() -> None:
    tunnel = Tunnel()

    fast, usual = tunnel.ask(FAST), tunnel.ask(FAST | {"speed": "standard"})

    assert (fast.usage["speed"], usual.usage["speed"]) == ("fast", "standard")
    costs = [line.account.cost_micro_usd for line in book([fast.entry, usual.entry])]
    tokens = [(asked.usage["input_tokens"], asked.usage["output_tokens"]) for asked in (fast, usual)]
    assert costs == [tokens[0][0] * 8 + tokens[0][1] * 40, tokens[1][0] * 4 + tokens[1][1] * 20]


def test_fast_mode_has_limits_of_its_own() -> None:
    limits = RateLimits(input_tokens_per_minute=50_000, fast_input_tokens_per_minute=20)
    tunnel = Tunnel(rate_limit=limits)

    first, second, usual = tunnel.ask(FAST), tunnel.ask(FAST), tunnel.ask(FAST | {"speed": "standard"})

    assert first.header("anthropic-fast-input-tokens-limit") == "20"
    assert first.header("anthropic-ratelimit-input-tokens-remaining") == "50000"
    assert second.entry.status == 429
    assert "rate limit of 20 fast mode input tokens per minute" in second.message
    assert second.header("retry-after") is not None
    assert usual.entry.status == 200
    assert usual.header("anthropic-fast-input-tokens-limit") is None


def test_an_organisation_without_fast_mode_is_not_told_to_wait() -> None:
    refused = Tunnel(rate_limit=RateLimits(fast_input_tokens_per_minute=0)).ask(FAST)

    assert "rate limit of 0 fast mode input tokens per minute" in refused.message
    assert refused.header("anthropic-fast-input-tokens-limit") == "0"
    assert refused.header("retry-after") is None


def test_long_prompts_have_limits_of_their_own_where_a_beta_opens_the_window() -> None:
    limits = RateLimits(input_tokens_per_minute=10, long_context_input_tokens_per_minute=1_000_000)
    tunnel = Tunnel(rate_limit=limits)
    long = HELLO | {"model": "claude-sonnet-4-5", "messages": [{"role": "user", "content": "All is well. " * 60_000}]}

    opened = tunnel.ask(long, beta="context-1m-2025-08-07")
    short = tunnel.ask(HELLO | {"model": "claude-sonnet-4-5"}, beta="context-1m-2025-08-07")

    assert opened.entry.status == 200
    assert opened.header("anthropic-ratelimit-input-tokens-limit") == "1000000"
    assert short.entry.status == 429 and "rate limit of 10 input tokens per minute" in short.message


# --- several compactions --------------------------------------------------------------------------------------------

SUMMED = {"type": "compaction", "content": "They said hello."}
AGAIN = {"type": "compaction", "content": "They said hello, and searched for tides."}
SEARCHED = {"type": "server_tool_use", "name": "web_search", "input": {"query": "tides"}}
RESULTS = {"type": "web_search_tool_result", "content": []}


def test_a_scripted_answer_may_compact_twice_and_the_next_request_goes_on_from_the_last() -> None:
    tunnel = Tunnel()
    edits = {"context_management": {"edits": [{"type": "compact_20260112"}]}}
    asked = HELLO | edits | {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}
    tunnel.core.extend_script([reply(content=[SUMMED, SEARCHED, RESULTS, AGAIN, {"type": "text", "text": "Noon."}])])

    first = tunnel.ask(asked, beta="compact-2026-01-12")
    turns = [*HELLO["messages"], {"role": "assistant", "content": first.json["content"]}, HELLO["messages"][0]]
    second = tunnel.ask(asked | {"messages": turns}, beta="compact-2026-01-12")

    kinds = [part["type"] for part in first.usage["iterations"]]
    assert kinds == ["compaction", "message", "compaction", "message"]
    assert first.usage["output_tokens"] < sum(part["output_tokens"] for part in first.usage["iterations"])
    last = [{"role": "assistant", "content": first.json["content"][3:]}, HELLO["messages"][0]]
    assert (
        second.usage["input_tokens"]
        == tunnel.ask(asked | {"messages": last}, beta="compact-2026-01-12").usage["input_tokens"]
    )
