"""Many seeded runs of concurrent equal calls: the SDK does it right, so every verdict has to say so.

`WINDTUNNEL_SOAK=1000 pytest tests/acceptance/test_no_false_verdicts.py` makes as many runs as that.
"""

from __future__ import annotations

import asyncio
import os
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anthropic
import pytest

from windtunnel import Step, Windtunnel, fail
from windtunnel.subjects.sdk import policy

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

RUNS = int(os.environ.get("WINDTUNNEL_SOAK", "24"))
CALLS = 12
ASKED: dict[str, Any] = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 20,
    "messages": [{"role": "user", "content": "Hello"}],
}
FAILURES = (
    {"what": "rate_limited"},
    {"what": "rate_limited", "retry_after": 2},
    {"what": "overloaded"},
    {"what": "internal_error"},
    {"what": "reset_before_headers"},
    {"what": "connection_dropped"},
    {"what": "empty_answer"},
)


def weather(seed: int) -> list[Step]:
    """Three failures, of kinds that the seed chooses; the first run is three equal 429s."""
    rng = random.Random(seed)
    chosen = [rng.choice(FAILURES) for _ in range(3)] if seed else [FAILURES[0]] * 3
    return [fail(str(one["what"]), **{key: value for key, value in one.items() if key != "what"}) for one in chosen]


def on_threads(tunnel: Windtunnel) -> int:
    client = anthropic.Anthropic(base_url=tunnel.url, api_key=tunnel.api_key, max_retries=3)
    with client, ThreadPoolExecutor(CALLS) as pool:
        return sum(1 for _ in pool.map(lambda _: client.messages.create(**ASKED), range(CALLS)))


def in_tasks(tunnel: Windtunnel) -> int:
    async def ask_all() -> int:
        async with anthropic.AsyncAnthropic(base_url=tunnel.url, api_key=tunnel.api_key, max_retries=3) as client:
            return len(await asyncio.gather(*(client.messages.create(**ASKED) for _ in range(CALLS))))

    return asyncio.run(ask_all())


@pytest.mark.parametrize("way", [on_threads, in_tasks])
def test_twelve_calls_are_twelve_right_chains_whatever_fails(way: Any) -> None:
    wrong = []
    for seed in range(RUNS):
        with Windtunnel(*weather(seed), seed=seed) as tunnel:
            answered = way(tunnel)
            chains = tunnel.verdict.chains()
            verdict = tunnel.verdict.backoff(policy(), max_retries=3)
            faults = {name for call in tunnel.journal.calls for name in call.faults}
        # Who was dropped at the door has left no mark; whose attempt that was may stay open, but nobody is blamed.
        sure = "connection_dropped" not in faults
        right = (len(chains), verdict.value) == (CALLS, "pass") if sure else not verdict.failed
        if answered != CALLS or not right:
            wrong.append((seed, answered, len(chains), verdict.render()))

    assert wrong == []
