"""A command that prints a key."""

from __future__ import annotations

import asyncio

import pytest

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
