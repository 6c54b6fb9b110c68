"""The SDK's own agent loop against the fake without a script: tools are called, and the loop ends by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import anthropic
import pytest

from windtunnel import Windtunnel
from windtunnel.fake import pointed_at
from windtunnel.subjects import clouds
from windtunnel.subjects.ask import Ask
from windtunnel.subjects.subject import Place

pytest.importorskip("botocore", reason="botocore is not installed")
pytest.importorskip("google.auth", reason="google-auth is not installed")
if not hasattr(anthropic, "AnthropicFoundry") or not hasattr(anthropic, "beta_tool"):
    pytest.skip("this generation of the SDK runs no tools on all providers", allow_module_level=True)

PROVIDERS = ["anthropic", "bedrock", "vertex", "foundry"]
MOST = 5


@dataclass
class Agent:
    """The SDK's client of a provider, with two tools that note how they were called."""

    client: Any
    model: str
    called: list[tuple[str, Any]]

    def asks(self, question: str, *, stream: bool = False) -> list[Any]:
        """Run the loop to its end; the messages it brought."""

        @anthropic.beta_tool
        def get_weather(city: str) -> str:
            """Tell the weather in a city."""
            self.called.append(("get_weather", city))
            return f"{city}: 12 °C"

        @anthropic.beta_tool
        def book_table(seats: int, smoking: bool) -> str:
            """Book a table in a restaurant."""
            self.called.append(("book_table", (seats, smoking)))
            return "booked"

        runner = self.client.beta.messages.tool_runner(
            model=self.model,
            max_tokens=1_000,
            tools=[get_weather, book_table],
            messages=[{"role": "user", "content": question}],
            stream=stream,
            max_iterations=MOST,
        )
        return [turn.get_final_message() if stream else turn for turn in runner]


@pytest.fixture(params=PROVIDERS)
def agent(request: pytest.FixtureRequest) -> Iterator[Agent]:
    provider = request.param
    with ExitStack() as stack:
        tunnel = stack.enter_context(Windtunnel(provider=provider))
        door = tunnel.provider(provider)
        stack.enter_context(pointed_at(door.env))
        place = Place(url=door.url, provider=provider, env=door.env, now=tunnel.clock.now)
        client = clouds.client(place, asynchronous=False)
        stack.callback(client.close)
        yield Agent(client, clouds.asked_at(place, Ask(model="claude-sonnet-4-6")).model, [])


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_question_for_a_tool_is_answered_after_its_result(agent: Agent, stream: bool) -> None:
    turns = agent.asks("What is the weather in Oslo?", stream=stream)

    assert 2 <= len(turns) < MOST
    assert [turn.stop_reason for turn in turns] == ["tool_use"] * (len(turns) - 1) + ["end_turn"]
    assert [name for name, _ in agent.called] == ["get_weather"] * (len(turns) - 1)
    assert all(isinstance(city, str) and city for _, city in agent.called)


def test_two_tools_asked_for_are_called_at_once(agent: Agent) -> None:
    turns = agent.asks("Tell me the weather in Oslo and book a table, please.")

    first = [name for name, _ in agent.called[:2]]
    assert sorted(first) == ["book_table", "get_weather"]
    assert turns[-1].stop_reason == "end_turn"


def test_a_question_for_none_is_answered_at_once(agent: Agent) -> None:
    (only,) = agent.asks("Who was the first to fly?")

    assert only.stop_reason == "end_turn"
    assert agent.called == []
