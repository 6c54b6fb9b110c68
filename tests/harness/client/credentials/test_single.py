"""One credential for all, one renewal for all."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from windtunnel.client.credentials.single import Shared
from windtunnel.client.credentials.source import Credential, Fixed, NoCredential


class Counting:
    """Gives a new credential each time it is asked for another; fails first, where it is told to."""

    def __init__(self, *failures: Exception, last: int = 100) -> None:
        self.failures, self.last = list(failures), last
        self.asked = 0

    async def fresh(self, held: Credential | None) -> Credential:
        return held or Credential({}, "first")

    async def another(self, refused: Credential | None, why: str) -> Credential | None:
        self.asked += 1
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)
        return Credential({}, f"number {self.asked}") if self.asked <= self.last else None

    async def aclose(self) -> None:
        pass


async def request(shared: Shared, *, refused: bool = True) -> bool | None:
    """One request that is refused whatever it carries."""
    await shared.current()
    await asyncio.sleep(0)
    return await shared.renew("refused") if refused else None


def run(what: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(what)


def test_whoever_is_refused_with_an_older_credential_takes_the_newer() -> None:
    async def play() -> tuple[int, str | None]:
        source = Counting()
        shared = Shared(source)
        await asyncio.gather(*(asyncio.create_task(request(shared)) for _ in range(12)))
        return source.asked, (await shared.current()).secret

    assert run(play()) == (1, "number 1")


def test_the_newer_one_that_is_refused_too_is_renewed_again() -> None:
    async def play() -> int:
        source = Counting()
        shared = Shared(source)
        for _ in range(3):
            await request(shared)
        return source.asked

    assert run(play()) == 3


def test_where_there_is_no_other_the_old_one_stays() -> None:
    async def play() -> tuple[bool | None, str | None]:
        shared = Shared(Fixed(Credential({}, "only")))
        return await request(shared), (await shared.current()).secret

    assert run(play()) == (False, "only")


def test_who_was_given_nothing_has_nothing_to_renew() -> None:
    class Empty(Counting):
        async def fresh(self, held: Credential | None) -> Credential:
            raise NoCredential("nothing there")

    async def play() -> tuple[bool, int]:
        source = Empty()
        shared = Shared(source)
        with pytest.raises(NoCredential):
            await shared.current()
        return await shared.renew("nothing there"), source.asked

    assert run(play()) == (False, 0)


def test_a_failure_to_obtain_one_is_that_of_the_next_attempt_of_all_who_wait() -> None:
    async def play() -> tuple[list[Any], int]:
        source = Counting(OSError("unwell"))
        shared = Shared(source)

        async def twice() -> str | None:
            await shared.current()
            assert await shared.renew("refused") is True
            return (await shared.current()).secret

        came = await asyncio.gather(*(asyncio.create_task(twice()) for _ in range(5)), return_exceptions=True)
        return came, source.asked

    came, asked = run(play())

    assert [str(error) for error in came] == ["unwell"] * 5
    assert asked == 1


def test_a_credential_that_was_refused_is_not_used_again_while_another_is_to_be_had() -> None:
    async def play() -> str | None:
        source = Counting(OSError("unwell"))
        shared = Shared(source)
        await request(shared)
        shared._failed = None  # half a second later
        return (await shared.current()).secret

    assert run(play()) == "number 2"


def test_a_credential_shows_nothing_of_itself() -> None:
    assert "hush" not in repr(Credential({"api_key": "hush"}, "hush"))
