"""A secret typed at a terminal, a real one."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import termios
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from windtunnel.client.credentials import prompt
from windtunnel.client.credentials.prompt import is_attended, typed


class _Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Put a terminal in place of the standard streams; what is written to this end was typed."""
    typing, terminal = pty.openpty()
    with open(terminal, encoding="utf-8") as stdin:
        monkeypatch.setattr(prompt, "sys", SimpleNamespace(stdin=stdin, stderr=_Screen()))
        yield typing
    os.close(typing)


def echoes(keyboard: int) -> bool:
    return bool(termios.tcgetattr(keyboard)[3] & termios.ECHO)


def test_a_line_is_typed_without_echo(keyboard: int) -> None:
    seen: list[bool] = []

    async def person() -> None:
        await asyncio.sleep(0)
        seen.append(echoes(keyboard))
        os.write(keyboard, b" secret \n")

    async def play() -> str:
        came, _ = await asyncio.gather(typed("Key: "), person())
        return came

    assert is_attended()
    assert asyncio.run(play()) == "secret"
    assert seen == [False] and echoes(keyboard)


def test_who_stops_waiting_has_the_terminal_back(keyboard: int) -> None:
    async def play() -> bool:
        asking = asyncio.create_task(typed("Key: "))
        await asyncio.sleep(0)
        silent = not echoes(keyboard)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        return silent

    assert asyncio.run(play())
    assert echoes(keyboard)


def test_the_end_of_the_input_is_no_secret(keyboard: int) -> None:
    async def person() -> None:
        await asyncio.sleep(0)
        os.write(keyboard, b"\x04")

    async def play() -> str:
        came, _ = await asyncio.gather(typed("Key: "), person())
        return came

    assert asyncio.run(play()) == ""


def test_a_stream_that_was_closed_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt, "sys", SimpleNamespace(stdin=None, stderr=_Screen()))

    assert not is_attended()
