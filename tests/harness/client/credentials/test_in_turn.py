"""One source behind the other: the next is asked where one has no other credential."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from windtunnel.client.credentials.in_turn import InTurn
from windtunnel.client.credentials.origins import Origin
from windtunnel.client.credentials.source import Credential, NobodyAsked, NoCredential


class Holding:
    """Gives what it holds, one after the other; an error is raised."""

    def __init__(self, name: str, *things: Any) -> None:
        self.name, self.things, self.closed = name, list(things), False
        self.waits_for_person = False

    async def fresh(self, held: Credential | None) -> Credential:
        got = await self.another(held, "")
        assert got is not None
        return got

    async def another(self, refused: Credential | None, why: str) -> Credential | None:
        thing = self.things.pop(0) if self.things else None
        if isinstance(thing, Exception):
            raise thing
        return None if thing is None else Credential({}, thing)

    def origin(self) -> Origin:
        return Origin(self.name, "set another")

    async def aclose(self) -> None:
        self.closed = True


def run(what: Any) -> Any:
    return asyncio.run(what)


def test_the_next_takes_over_where_the_first_has_no_other() -> None:
    first, second = Holding("first", "a"), Holding("second", "b", "c")
    source = InTurn(first, second)

    async def play() -> list[str | None]:
        got: list[Credential | None] = [await source.fresh(None)]
        got += [await source.another(got[-1], "refused") for _ in range(3)]
        return [one and one.secret for one in got]

    assert run(play()) == ["a", "b", "c", None]
    assert source.origin().what == "second"


@pytest.mark.parametrize("asks", ["fresh", "another"])
def test_one_that_has_none_at_all_is_passed_over_and_its_reason_is_told_where_nobody_else_has(asks: str) -> None:
    def ask(*behind: Holding) -> Any:
        source = InTurn(Holding("first", NoCredential("nobody is logged in")), *behind)
        return run(source.fresh(None) if asks == "fresh" else source.another(None, "refused"))

    assert ask(Holding("second", NoCredential("no")), Holding("third", "c")).secret == "c"
    with pytest.raises(NoCredential, match="nobody is logged in"):
        ask(Holding("second", NoCredential("no")), Holding("third"))


def test_where_a_person_is_not_to_be_asked_nobody_else_is_either() -> None:
    second = Holding("second", "b")
    source = InTurn(Holding("first", NobodyAsked("a person has it")), second)

    with pytest.raises(NobodyAsked):
        run(source.fresh(None))
    assert second.things == ["b"]


def test_other_failures_are_those_of_the_one_that_was_asked() -> None:
    with pytest.raises(OSError, match="unwell"):
        run(InTurn(Holding("first", OSError("unwell")), Holding("second", "b")).another(None, "refused"))


def test_all_are_closed_and_any_may_wait_for_a_person() -> None:
    first, second = Holding("first"), Holding("second")
    source = InTurn(first, second)
    assert not source.waits_for_person
    second.waits_for_person = True

    run(source.aclose())

    assert source.waits_for_person
    assert first.closed and second.closed
