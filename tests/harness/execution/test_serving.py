"""The fake beside a command: what it is given, and how it ends."""

from __future__ import annotations

import socket
import urllib.request

import pytest

from windtunnel import reply
from windtunnel.execution import SpeedError, serving_for
from windtunnel_server.clock import RealClock, ScaledClock


def test_it_is_up_inside_the_block_and_gone_behind_it():
    with serving_for(reply("Hello")) as serving:
        with urllib.request.urlopen(f"{serving.url}/_windtunnel/health") as answer:
            assert answer.status == 200
        assert len(serving.core.script.left) == 1

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(serving.url.rpartition(":")[2])), timeout=5)


def test_a_command_is_led_to_it_and_nowhere_else():
    ours = {"HOME": "/home", "HTTPS_PROXY": "http://proxy", "ANTHROPIC_AUTH_TOKEN": "mine", "ANTHROPIC_API_KEY": "mine"}

    with serving_for() as serving:
        env = serving.env(ours, WINDTUNNEL_CLAIMS="there")

    assert env["ANTHROPIC_BASE_URL"] == serving.url and env["ANTHROPIC_API_KEY"].startswith("sk-ant-")
    assert (env["HOME"], env["WINDTUNNEL_CLAIMS"]) == ("/home", "there")
    assert "mine" not in env.values() and "HTTPS_PROXY" not in env and "FAKETIME" not in env
    assert ours["HTTPS_PROXY"] == "http://proxy"


def test_its_clock_is_real_or_as_fast_as_the_commands(libfaketime):
    with serving_for() as real, serving_for(speed=50) as scaled:
        assert isinstance(real.clock, RealClock)
        assert isinstance(scaled.clock, ScaledClock) and scaled.clock.speed == 50
        assert scaled.env({})["FAKETIME"].endswith(" x50")


def test_a_speed_that_cannot_be_starts_nothing():
    with pytest.raises(SpeedError, match="--speed 0: "), serving_for(speed=0):
        pytest.fail("it was started")


def test_an_error_of_the_server_is_not_lost():
    async def end_badly():
        raise OSError("the card has come loose")

    with pytest.raises(OSError, match="come loose"), serving_for() as serving:
        serving.server.stop = end_badly
