"""A command that prints a key."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from windtunnel.client.aside import aside
from windtunnel.client.credentials import helper
from windtunnel.client.credentials.helper import Helper
from windtunnel.client.credentials.source import NoCredential


def test_a_helper_is_a_line_of_shell_with_the_variables_it_is_given() -> None:
    assert asyncio.run(Helper("echo $ONE | tr a-z A-Z", {"ONE": "key", "PATH": "/usr/bin:/bin"}).key()) == "KEY"


def test_a_helper_that_fails_says_what_it_complained_of() -> None:
    with pytest.raises(NoCredential, match="ended with 3: no vault"):
        asyncio.run(Helper("echo secret; echo no vault >&2; exit 3").key())


def test_a_helper_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helper, "TIMEOUT_S", 0.05)

    with pytest.raises(NoCredential, match=r"nothing in 0\.05 s"):
        asyncio.run(Helper("exec sleep 60").key())


def test_the_loop_goes_on_while_a_helper_runs() -> None:
    async def play() -> list[str]:
        order: list[str] = []

        async def meanwhile() -> None:
            order.append("meanwhile")

        async def helped() -> None:
            order.append(await Helper("echo key").key())

        await asyncio.gather(helped(), meanwhile())
        return order

    assert asyncio.run(play()) == ["meanwhile", "key"]


def test_who_stops_waiting_ends_the_helper_and_what_it_has_started(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    os.mkfifo(alive)

    async def play() -> None:
        running = asyncio.create_task(Helper(f"trap '' INT TERM; sleep 60 | cat > {alive}; echo key").key())
        with await aside(lambda: alive.open("rb")) as pipe:  # when it has a writer
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            assert await aside(pipe.read) == b""  # nobody holds its other end any more

    asyncio.run(play())
