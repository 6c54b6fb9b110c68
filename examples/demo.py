"""The official SDK in rough weather, over real sockets and on virtual time, and a client that does it all wrong.

Run it with `make demo`. Every scene is a script of what the server does, a function that plays the client, and the
verdict we expect on how the client took it. Then scenarios of the library are run on all four providers.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import anthropic
import naive_client
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from windtunnel import Step, Windtunnel, fail, reply
from windtunnel.environments.anthropic import MISLEADING
from windtunnel.fake import PROVIDERS
from windtunnel.report.html import render
from windtunnel.report.table import STYLES
from windtunnel.report.table import summary as counts
from windtunnel.report.terminal import print_account
from windtunnel.results import Result, results_to_json
from windtunnel.scenario.case import run
from windtunnel.scenario.library import find
from windtunnel.scenario.matrix import cases
from windtunnel.verdicts import Verdict
from windtunnel_server.clock import REAL

REPORT = Path(__file__).resolve().parents[1] / "reports" / "demo.html"
QUESTION: dict[str, Any] = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Which way does the wind blow?"}],
}

# --- what the clients do; each says in a line or two how it went ----------------------------------------------------


def plain_answer(tunnel: Windtunnel) -> str:
    with anthropic.Anthropic() as client:
        message = client.messages.create(**QUESTION)
    return f"It got its answer: {message.content[0].text!r}"


def streamed_answer(tunnel: Windtunnel) -> str:
    with anthropic.Anthropic() as client, client.messages.stream(**QUESTION) as stream:
        pieces = list(stream.text_stream)
    return f"It read {len(pieces)} pieces as they came: {''.join(pieces)!r}"


def gives_up(tunnel: Windtunnel) -> str:
    try:
        with anthropic.Anthropic() as client:
            client.messages.create(**QUESTION)
    except anthropic.APIStatusError as error:
        return f"It tried {len(tunnel.journal)} times, then raised {type(error).__name__} ({error.status_code})."
    return "It took something for an answer."


def reads_a_broken_stream(tunnel: Windtunnel) -> str:
    pieces: list[str] = []
    try:
        with anthropic.Anthropic() as client, client.messages.stream(**QUESTION) as stream:
            pieces.extend(stream.text_stream)
    except Exception as error:  # which one it is, is the point
        raised = f"{type(error).__module__}.{type(error).__qualname__}: {error}"
        asked = "It did not ask again." if len(tunnel.journal) == 1 else "It asked again."
        return f"It had handed on {''.join(pieces)!r}, then it raised\n  {raised}\n{asked}"
    return "It took the broken stream for a whole one."


def twelve_at_once(tunnel: Windtunnel) -> str:
    async def ask_all() -> int:
        async with anthropic.AsyncAnthropic() as client:
            answers = await asyncio.gather(*(client.messages.create(**QUESTION) for _ in range(12)))
        return len(answers)

    return f"{asyncio.run(ask_all())} of 12 concurrent calls got their answers, in {len(tunnel.journal)} requests."


def hammers(tunnel: Windtunnel, ask: Callable[[str], object] = naive_client.ask) -> str:
    ask("Which way does the wind blow?")
    return f"It asked {len(tunnel.journal)} times in {tunnel.clock.now():.3f} s (examples/naive_client.py)."


# --- the scenes ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scene:
    """What the server does, what the client does, and the verdict to expect on the client's backoff."""

    title: str
    steps: tuple[Step, ...]
    play: Callable[[Windtunnel], str]
    expected: Literal["pass", "fail", "unknown"] = "pass"


SCENES = (
    Scene("A plain answer", (reply("From the west."),), plain_answer, expected="unknown"),
    Scene(
        "A streamed answer",
        (reply("From the west, and rising.", stream={"first_byte": 0.5, "tokens_per_second": 20}),),
        streamed_answer,
        expected="unknown",
    ),
    Scene(
        "Rate-limited twice, 5 min each",
        (fail("rate_limited", retry_after=300, times=2), reply("From the north.")),
        plain_answer,
    ),
    Scene("Overloaded until it gives up", (fail("overloaded", times=3),), gives_up),
    Scene(
        "A stream cut in the middle",
        (fail("close_mid_stream", after_events=5, text="From the east, with gusts.", stream={"text_piece": 6}),),
        reads_a_broken_stream,
    ),
    Scene(
        "An error event inside a 200",
        (fail("error_event", after_events=5, text="From the south, in gusts.", stream={"text_piece": 6}),),
        reads_a_broken_stream,
    ),
    Scene("Twelve calls, three rate-limited", (fail("rate_limited", times=3),), twelve_at_once),
    Scene("A client that hammers", (fail("rate_limited", retry_after=300, times=3),), hammers, expected="fail"),
)


#: Of the library, those that the clouds are shown with: each unchanged on all four.
SCENARIOS = (
    "rate-limited-with-long-hint",
    "server-error-once",
    "overloaded-inside-a-stream",
    "stream-ends-early",
    "overflow-at-start",
    "tool-loop-in-bad-weather",
    "prompt-cache-is-warm",
    "credential-expires",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a scene went. Seconds."""

    scene: Scene
    story: str
    verdict: Verdict
    run: Result
    simulated_s: float
    wall_s: float

    @property
    def as_expected(self) -> bool:
        return self.verdict.value == self.scene.expected


def perform(scene: Scene) -> Outcome:
    """Play one scene in a tunnel of its own."""
    began = REAL.monotonic()  # the machine's time: inside the tunnel, time.monotonic() is virtual
    with Windtunnel(*scene.steps) as tunnel:
        os.environ.update(tunnel.env)
        story = scene.play(tunnel)
        simulated_s = tunnel.clock.now()
    verdict, wall_s = tunnel.verdict.backoff("anthropic_python"), REAL.monotonic() - began
    run = Result(
        scenario=scene.title,
        id=scene.title,
        client="naive" if scene.play is hammers else "anthropic",
        provider="anthropic",
        seed=0,
        status=verdict.value,
        about=story,
        verdicts=[verdict],
        entries=tunnel.journal.calls,
        simulated_s=simulated_s,
        wall_s=wall_s,
    )
    return Outcome(scene, story, verdict, run, simulated_s, wall_s)


def on_all_clouds(scenarios: tuple[str, ...] = SCENARIOS) -> list[Result]:
    """Run scenarios with the official SDK's client for each provider, credentials and all."""
    return [run(case) for case in cases(find(scenarios), clients=["anthropic"], providers=PROVIDERS, seeds=[0])]


# --- how it is told ------------------------------------------------------------------------------------------------


def tell(console: Console, number: int, outcome: Outcome) -> None:
    console.print(Text(f"\n{number}. {outcome.scene.title}", style="bold cyan"))
    console.print(Text(outcome.story), end="\n\n")
    print_account(outcome.verdict, console)


def summary(outcomes: list[Outcome]) -> Table:
    table = Table(title="\nSummary", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, show_edge=False)
    table.add_column("scene", overflow="fold", ratio=1)
    table.add_column("expected")
    table.add_column("verdict")
    table.add_column("simulated", justify="right", no_wrap=True)
    table.add_column("really", justify="right", no_wrap=True)
    for outcome in outcomes:
        style = "green" if outcome.as_expected else "bold red"
        got = Text(outcome.verdict.value, style=style)
        times = (f"{outcome.simulated_s:.3f} s", f"{outcome.wall_s:.3f} s")
        table.add_row(outcome.scene.title, outcome.scene.expected, got, *times)
    return table


def matrix(results: list[Result]) -> Table:
    table = Table(title="The same on all clouds", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    table.add_column("scenario", overflow="fold", ratio=1)
    for provider in PROVIDERS:
        table.add_column(provider)
    by_name: dict[str, list[Result]] = {}
    for result in results:
        values = [f"{name}={value}" for name, value in result.variables.items()]
        by_name.setdefault(" ".join([result.scenario, *values]), []).append(result)
    for name, row in by_name.items():
        table.add_row(name, *(Text(result.status, style=STYLES[result.status]) for result in row))
    return table


def main() -> int:
    for name in MISLEADING:  # another key, another profile or a proxy of yours has no say here
        os.environ.pop(name, None)
    console = Console()
    outcomes: list[Outcome] = []
    for number, scene in enumerate(SCENES, 1):
        outcomes.append(perform(scene))
        tell(console, number, outcomes[-1])
    console.print(summary(outcomes))
    results = on_all_clouds()
    console.print("", matrix(results), "", counts(results), sep="\n", highlight=False)
    REPORT.parent.mkdir(exist_ok=True)
    document = results_to_json([*(outcome.run for outcome in outcomes), *results], title="windtunnel: the demo")
    REPORT.write_text(render(document), encoding="utf-8")
    odd = [outcome.scene.title for outcome in outcomes if not outcome.as_expected]
    odd += [result.title for result in results if result.status not in ("pass", "skip")]
    console.print("\nNot as expected:" if odd else "\nEvery verdict is the expected one.", *odd)
    console.print("The page with all timelines and journals:")
    print(REPORT)
    return 1 if odd else 0


if __name__ == "__main__":
    sys.exit(main())
