"""Limits and load as the SDK's client of each provider meets them, over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import anthropic
import pytest

from windtunnel import Acceleration, Overload, RateLimits, Settings, Windtunnel, reply
from windtunnel.fake import pointed_at
from windtunnel.subjects import clouds
from windtunnel.subjects.ask import Ask
from windtunnel.subjects.subject import Place

pytest.importorskip("botocore", reason="botocore is not installed")
pytest.importorskip("google.auth", reason="google-auth is not installed")
if not hasattr(anthropic, "AnthropicFoundry"):
    pytest.skip("this generation of the SDK has no client for Foundry", allow_module_level=True)

PROVIDERS = ["anthropic", "bedrock", "vertex", "foundry"]
Opened = Callable[..., "Subject"]


class Subject:
    """The SDK's client of a provider, inside a tunnel."""

    def __init__(self, tunnel: Windtunnel, provider: str, *, asynchronous: bool = False) -> None:
        self.tunnel = tunnel
        door = tunnel.provider(provider)
        place = Place(url=door.url, provider=provider, env=door.env, now=tunnel.clock.now)
        self.client = clouds.client(place, asynchronous=asynchronous)
        self.model = clouds.asked_at(place, Ask(model="claude-sonnet-4-6")).model

    def asked(self, text: str = "Hello") -> dict[str, Any]:
        return {"model": self.model, "max_tokens": 100, "messages": [{"role": "user", "content": text}]}

    def refused(self, text: str = "Hello") -> anthropic.APIStatusError:
        with pytest.raises(anthropic.APIStatusError) as met:
            self.client.with_options(max_retries=0).messages.create(**self.asked(text))
        return met.value


@pytest.fixture
def opened() -> Iterator[Opened]:
    with ExitStack() as stack:

        def open_(provider: str, *steps: Any, asynchronous: bool = False, **settings: Any) -> Subject:
            tunnel = stack.enter_context(Windtunnel(*steps, provider=provider, settings=Settings(**settings)))
            stack.enter_context(pointed_at(tunnel.provider(provider).env))
            subject = Subject(tunnel, provider, asynchronous=asynchronous)
            if not asynchronous:
                stack.callback(subject.client.close)
            return subject

        yield open_


#: By limit and provider: what stands in the error's text.
REQUESTS = {
    "anthropic": "rate limit of 1 requests per minute",
    "bedrock": "Too many requests, please wait before trying again.",
    "vertex": "online_prediction_requests_per_base_model with base model: anthropic-claude-sonnet-4-6",
    "foundry": "exceeded the rate limit of your current pricing tier",
}
TOKENS = REQUESTS | {
    "anthropic": "rate limit of 5 input tokens per minute",
    "bedrock": "Too many tokens, please wait before trying again.",
    "vertex": "online_prediction_input_tokens_per_minute_per_base_model",
}
ACCELERATION = TOKENS | {"anthropic": "maximum usage increase rate for input tokens per minute"}
BYTES = TOKENS | {"anthropic": "rate limit of 10 prompt bytes per hour"}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (RateLimits(requests_per_minute=1), REQUESTS),
        (RateLimits(input_tokens_per_minute=5), TOKENS),
        (RateLimits(prompt_bytes_per_hour=10), BYTES),
        (RateLimits(acceleration=Acceleration(input_tokens_per_minute=5)), ACCELERATION),
    ],
    ids=["requests", "tokens", "bytes", "acceleration"],
)
def test_a_limit_reads_as_the_provider_says_it(
    opened: Opened, provider: str, limits: RateLimits, said: dict[str, str]
) -> None:
    subject = opened(provider, rate_limit=limits)
    if limits.requests_per_minute:
        subject.client.messages.create(**subject.asked())

    met = subject.refused()

    names = {name.lower() for name in met.response.headers}
    assert isinstance(met, anthropic.RateLimitError)
    assert said[provider] in str(met)
    assert ("retry-after" in names) is (provider in ("anthropic", "foundry"))
    shown = {name for name in names if name.startswith("anthropic-ratelimit-")}
    assert bool(shown) is (
        provider == "anthropic" and bool(limits.requests_per_minute or limits.input_tokens_per_minute)
    )


@pytest.mark.parametrize(
    ("provider", "status", "words"),
    [
        ("anthropic", 529, "Overloaded"),
        ("bedrock", 503, "Model is getting throttled. Try your request again."),
        ("vertex", 529, "Overloaded"),
        ("foundry", 529, "Overloaded"),
    ],
)
def test_too_much_load_reads_as_the_provider_says_it(opened: Opened, provider: str, status: int, words: str) -> None:
    subject = opened(provider, overload=Overload(requests_per_second=1))
    subject.client.messages.create(**subject.asked())

    met = subject.refused()

    assert (met.status_code, words in str(met)) == (status, True)
    assert "retry-after" not in met.response.headers


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_crowd_gets_through_an_overload_in_the_end(opened: Opened, provider: str) -> None:
    slow = reply("Done", stream={"first_byte": 2.0}, times=12)
    subject = opened(provider, slow, asynchronous=True, overload=Overload(concurrent=4, share=0.9))

    async def crowd() -> list[Any]:
        async with subject.client.with_options(max_retries=10) as client:
            return await asyncio.gather(*(client.messages.create(**subject.asked(str(one))) for one in range(12)))

    answers = asyncio.run(crowd())

    calls = [call for call in subject.tunnel.journal if isinstance(call.body, dict) and "messages" in call.body]
    statuses = [call.status for call in calls]
    assert [answer.content[0].text for answer in answers] == ["Done"] * 12
    assert statuses.count(200) == 12 and set(statuses) == {200, 503 if provider == "bedrock" else 529}
    assert calls[-1].status == 200


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_month_s_money_is_a_matter_of_whoever_sends_the_bill(opened: Opened, provider: str) -> None:
    subject = opened(provider, spend_limit_usd=0.0001)
    subject.client.messages.create(**subject.asked())

    if provider == "anthropic":
        assert "You will regain access on 2026-12-01 at 00:00 UTC." in str(subject.refused())
    else:
        subject.client.messages.create(**subject.asked())


@pytest.mark.parametrize(("profile", "tenths"), [("global", 10), ("us", 11)])
def test_a_regional_profile_of_bedrock_costs_a_tenth_more(opened: Opened, profile: str, tenths: int) -> None:
    subject = opened("bedrock")

    asked = subject.asked() | {"model": f"{profile}.anthropic.claude-sonnet-4-6"}
    used = subject.client.messages.create(**asked).usage

    cost = subject.tunnel.ledger.total.cost_micro_usd
    assert cost * 10 == (3 * used.input_tokens + 15 * used.output_tokens) * tenths
