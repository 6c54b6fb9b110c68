"""Streams come event by event, each at its instant, in virtual and in real time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from windtunnel import fail, reply

MILLISECOND = 0.001


def test_every_event_is_seen_when_it_is_due(windtunnel: Any, subject: Any) -> None:
    # Seven pieces, seven tokens: one a second, behind a first byte after two.
    paced = {"first_byte": 2, "tokens_per_second": 1, "text_piece": 1}
    windtunnel.script(reply("abcdefg", usage={"output_tokens": 7}, stream=paced))

    read = subject.raw()

    assert read.text == "abcdefg"
    due = [2, 2, *range(3, 10), 9, 9, 9]
    assert read.at == pytest.approx(due, abs=MILLISECOND)


def test_the_clock_at_each_event_is_what_the_journal_says(windtunnel: Any, subject: Any) -> None:
    paced = {"first_byte": 2, "tokens_per_second": 1}
    windtunnel.script(
        reply("It blows from the west, and it will go on for days.", thinking="Where from?", stream=paced)
    )

    read = subject.raw()

    left = [step for step in windtunnel.journal[0].steps if step.event not in (None, "ping")]
    assert read.names == [step.event for step in left]
    assert read.at == pytest.approx([step.at for step in left], abs=MILLISECOND)
    assert read.at[-1] > 10


def test_the_helper_is_paced_too(windtunnel: Any, subject: Any) -> None:
    paced = {"first_byte": 5, "tokens_per_second": 0.5, "text_piece": 1}
    windtunnel.script(reply("abc", usage={"output_tokens": 3}, stream=paced))

    read = subject.helped()

    texts = [at for event, at in zip(read.events, read.at, strict=True) if event.type == "text"]
    assert texts == pytest.approx([7, 9, 11], abs=MILLISECOND)


def test_an_answer_without_a_stream_comes_when_the_model_would_be_done(windtunnel: Any, subject: Any) -> None:
    windtunnel.script(reply("abc", usage={"output_tokens": 30}, stream={"first_byte": 5, "tokens_per_second": 10}))

    subject.create()

    assert windtunnel.clock.now() == pytest.approx(8, abs=MILLISECOND)


def test_pings_keep_a_slow_stream_alive_beyond_the_read_timeout(windtunnel: Any, once: Any) -> None:
    quiet = fail("stall", after_events=4, for_s=1000, text="Hello there")
    pinging = fail("stall", after_events=4, for_s=1000, ping_every_s=60, text="Hello there")
    windtunnel.script(quiet, pinging)

    assert type(once.raw().error).__name__ == "ReadTimeout"
    started = windtunnel.clock.now()
    read = once.raw()

    assert (read.error, read.text) == (None, "Hello there")
    assert read.at[-1] - started == pytest.approx(1000, abs=MILLISECOND)


def test_a_reader_that_stops_early_is_seen_to_hang_up(windtunnel: Any, connect: Any, settled: Any, asked: Any) -> None:
    paced = {"tokens_per_second": 1, "text_piece": 1}
    for medium in ("socket", "memory"):
        windtunnel.script(reply("abcdefg", usage={"output_tokens": 7}, stream=paced))
        client = connect(f"sync-{medium}").client

        with client.messages.create(**asked, stream=True) as stream:
            started = next(iter(stream))
            for event in stream:
                if event.type == "content_block_delta" and event.delta.text == "c":
                    break

        call = settled()[-1]
        assert call.ended == "hung up"
        assert call.events_sent.count("content_block_delta") == 3
        assert call.usage["output_tokens"] == started.message.usage.output_tokens


@pytest.mark.slow
@pytest.mark.windtunnel(clock="real")
def test_in_real_time_events_come_spread_and_not_at_the_end(windtunnel: Any, subject: Any) -> None:
    paced = {"first_byte": 0.1, "tokens_per_second": 20, "text_piece": 1}
    windtunnel.script(reply("abcdefg", usage={"output_tokens": 7}, stream=paced))
    started = windtunnel.clock.now()

    read = subject.raw()

    assert read.text == "abcdefg"
    deltas = [at for event, at in zip(read.events, read.at, strict=True) if event.type == "content_block_delta"]
    assert read.at[0] - started >= 0.1
    assert deltas[-1] - deltas[0] >= 6 * 0.05 - 0.03
    # One gap may be stretched and the next one short on a busy machine; most are as they should be.
    assert sum(after - before > 0.02 for before, after in pairwise(deltas)) >= 4
