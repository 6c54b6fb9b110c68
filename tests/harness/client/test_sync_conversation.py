"""A conversation without await."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from windtunnel import Windtunnel, fail, reply
from windtunnel.client.core import AsyncClient
from windtunnel.client.events import Answer, TextDelta
from windtunnel.client.failures import RequestError
from windtunnel.client.options import Options
from windtunnel.client.sync import Client
from windtunnel.client.sync_conversation import Conversation

MODEL = "claude-sonnet-4-6"


def test_turns_are_waited_for() -> None:
    with Windtunnel(reply("West."), reply("North.")) as tunnel, Client.from_env(tunnel.env) as client:
        conversation = Conversation(client, model=MODEL)

        assert conversation.ask("Which way?").text == "West."
        with conversation.say("And now?") as events:
            heard = [type(event) for event in events]

    assert TextDelta in heard and heard[-1] is Answer
    assert len(conversation.messages) == 4


def test_a_turn_that_was_left_pending_is_taken_up() -> None:
    options = Options(max_retries=0)
    with (
        Windtunnel(fail("overloaded"), reply("West.")) as tunnel,
        Client(AsyncClient.from_env(tunnel.env, options=options)) as client,
    ):
        conversation = Conversation(client, model=MODEL)
        with pytest.raises(RequestError):
            conversation.ask("Which way?")

        assert conversation.is_pending
        with conversation.go_on() as events:
            assert [event for event in events if isinstance(event, Answer)][-1].text == "West."


def test_leaving_early_ends_the_stream_and_the_question_stays() -> None:
    with (
        Windtunnel(reply("one two three", stream={"tokens_per_second": 1}), reply("West.")) as tunnel,
        Client.from_env(tunnel.env) as client,
    ):
        conversation = Conversation(client, model=MODEL)
        with conversation.say("Which way?") as events:
            next(events)

        assert tunnel.journal.calls[0].ended == "hung up"
        assert conversation.is_pending
        assert conversation.ask("Well?").text == "West."


def test_it_can_be_compacted_by_hand() -> None:
    said = [*[reply("First.")] * 5, reply("<summary>All calm.</summary>")]
    with Windtunnel(*said) as tunnel, Client.from_env(tunnel.env) as client:
        conversation = Conversation(client, model=MODEL)
        for turn in range(5):
            conversation.ask(f"Turn {turn}")

        made = conversation.compact()

    assert made is not None and made.replaced == 4


HANGING = """
import threading
from windtunnel import Windtunnel, reply
from windtunnel.client import Client, Conversation

def hang(given):
    print("hanging", flush=True)
    threading.Event().wait()

with Windtunnel(reply(tool_use={"name": "hang", "input": {}}), clock="real") as tunnel:
    with Client.from_env(tunnel.env) as client:
        Conversation(client, model="claude-sonnet-4-6", toolbox={"hang": hang}).ask("Hang.")
"""


@pytest.mark.slow
def test_a_tool_that_hangs_does_not_keep_the_process_from_ending() -> None:
    running = subprocess.Popen(
        [sys.executable, "-c", HANGING], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stdout is not None and running.stdout.readline() == "hanging\n"

    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=20)

    assert err.splitlines()[-1] == "KeyboardInterrupt"


def test_a_turn_can_be_taken_back() -> None:
    with Windtunnel(reply("West.")) as tunnel, Client.from_env(tunnel.env) as client:
        conversation = Conversation(client, model=MODEL)
        conversation.ask("Which way?")

        assert [message["role"] for message in conversation.take_back()] == ["user", "assistant"]
        assert conversation.messages == ()
