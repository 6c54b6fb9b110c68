"""One credential for all, one renewal for all."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from windtunnel.client.credentials.origins import Origin
from windtunnel.client.credentials.single import Shared
from windtunnel.client.credentials.source import Credential, Fixed, NobodyAsked, NoCredential, may_ask, nobody_asked


class Counting:
    """Gives a new credential each time it is asked for another; fails first, where it is told to."""

    waits_for_person = False

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

    def origin(self) -> Origin:
        return Origin("the key in A", "set another")

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
        shared = Shared(Fixed(Credential({}, "only"), Origin("the token in A", "set another")))
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


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (0, "Refused is the key in A; there is no other. To do: set another."),
        (9, "Refused is the key in A; another was obtained, and is refused too. To do: set another."),
    ],
)
def test_a_refusal_is_explained(last: int, said: str) -> None:
    async def play() -> str:
        shared = Shared(Counting(last=last))
        await request(shared)
        return shared.explained()

    assert run(play()) == said


def test_what_was_obtained_after_an_earlier_refusal_does_not_count() -> None:
    async def play() -> str:
        source = Counting(last=1)
        shared = Shared(source)
        await request(shared)
        await request(shared)
        return shared.explained()

    assert "there is no other" in run(play())


# --- those who leave ---------------------------------------------------------------------------------------------------


class Slow(Counting):
    """Takes until it is let; says whether a person is asked meanwhile."""

    def __init__(self, *, waits_for_person: bool = False) -> None:
        super().__init__()
        self.waits_for_person = waits_for_person
        self.let = asyncio.Event()
        self.broken_off = 0

    async def another(self, refused: Credential | None, why: str) -> Credential | None:
        self.asked += 1
        try:
            await self.let.wait()
        except asyncio.CancelledError:
            self.broken_off += 1
            raise
        return Credential({}, f"number {self.asked}")


async def soon() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def left(source: Slow, shared: Shared, count: int = 1) -> list[asyncio.Task[Any]]:
    """Start requests; the first leaves while the source is being asked."""
    going = [asyncio.create_task(request(shared)) for _ in range(count)]
    await soon()
    going[0].cancel()
    await soon()
    assert source.asked == 1
    return going


def test_a_renewal_goes_on_without_who_began_it() -> None:
    async def play() -> tuple[list[Any], int]:
        source = Slow()
        shared = Shared(source)
        going = await left(source, shared, 4)
        source.let.set()
        came = await asyncio.gather(*going[1:])
        return [*came, (await shared.current()).secret], source.asked

    assert run(play()) == ([True, True, True, "number 1"], 1)


def test_what_nobody_waits_for_any_more_is_there_for_the_next() -> None:
    async def play() -> tuple[str | None, int, int]:
        source = Slow()
        shared = Shared(source)
        await left(source, shared)
        source.let.set()
        return (await shared.current()).secret, source.asked, source.broken_off

    assert run(play()) == ("number 1", 1, 0)


def test_a_person_is_not_asked_for_nobody_and_asked_again_by_the_next() -> None:
    async def play() -> tuple[int, str | None]:
        source = Slow(waits_for_person=True)
        shared = Shared(source)
        await left(source, shared)
        broken_off = source.broken_off
        source.let.set()
        return broken_off, (await shared.current()).secret

    assert run(play()) == (1, "number 2")


def test_a_person_who_is_asked_for_several_is_asked_on_when_one_leaves() -> None:
    async def play() -> tuple[int, bool]:
        source = Slow(waits_for_person=True)
        going = await left(source, Shared(source), 2)
        source.let.set()
        return source.broken_off, await going[1]

    assert run(play()) == (0, True)


def test_the_end_of_the_client_is_that_of_what_it_asks_for() -> None:
    async def play() -> tuple[int, Any]:
        source = Slow()
        shared = Shared(source)
        going = asyncio.create_task(request(shared))
        await soon()
        await shared.aclose()
        return source.broken_off, await going

    assert run(play()) == (1, False)


def test_all_who_were_refused_alike_hear_that_there_is_no_other_and_the_source_is_asked_once() -> None:
    async def play() -> tuple[list[Any], int, Any]:
        source = Counting(last=0)
        shared = Shared(source)
        ready = asyncio.Event()

        async def late() -> bool:
            await shared.current()
            await ready.wait()
            return await shared.renew("refused")

        later = asyncio.create_task(late())
        came = await asyncio.gather(*(asyncio.create_task(request(shared)) for _ in range(3)))
        ready.set()
        came.append(await later)
        asked = source.asked
        return came, asked, (await request(shared), source.asked)

    assert run(play()) == ([False] * 4, 1, (False, 2))


def test_who_may_ask_a_person_does_not_take_the_answer_of_one_who_may_not() -> None:
    class Attended(Counting):
        async def fresh(self, held: Credential | None) -> Credential:
            await asyncio.sleep(0)
            if not may_ask():
                raise NobodyAsked("a person has it")
            return Credential({}, "typed")

    async def unattended(shared: Shared) -> Any:
        with nobody_asked():
            return await shared.current()

    async def play() -> list[Any]:
        shared = Shared(Attended())
        both = (asyncio.create_task(unattended(shared)), asyncio.create_task(shared.current()))
        return await asyncio.gather(*both, return_exceptions=True)

    refused, given = run(play())

    assert isinstance(refused, NobodyAsked)
    assert given.secret == "typed"
