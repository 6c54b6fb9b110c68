"""Keys from the environment, from a helper, from a person, in that order."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable

import pytest

from windtunnel.client.credentials.helper import Helper
from windtunnel.client.credentials.keys import AskKey, Keys, ask_on_terminal
from windtunnel.client.credentials.source import Credential, NobodyAsked, NoCredential, nobody_asked


def another(source: Keys, old: str = "old") -> str | None:
    got = asyncio.run(source.another(Credential({}, old), "invalid x-api-key"))
    return None if got is None else got.secret


def test_the_key_that_is_set_is_the_first() -> None:
    assert asyncio.run(Keys("set", ask=lambda why: "asked").fresh(None)).arguments == {"api_key": "set"}


def test_the_helper_comes_before_the_person() -> None:
    assert another(Keys("old", helper=Helper("echo helped"), ask=lambda why: "asked")) == "helped"


def test_a_helper_that_prints_the_refused_key_again_has_no_other() -> None:
    assert another(Keys("old", helper=Helper("echo old"))) is None
    assert another(Keys("old", helper=Helper("echo old"), ask=lambda why: "asked")) == "asked"


@pytest.mark.parametrize("answer", [None, "", "  ", "old"])
def test_a_person_may_have_no_key(answer: str | None) -> None:
    assert another(Keys("old", ask=lambda why: answer)) is None


def test_a_person_is_told_why() -> None:
    why: list[str] = []

    async def ask(said: str) -> str:
        why.append(said)
        return " typed \n"

    assert another(Keys("old", ask=ask)) == "typed"
    assert why == ["invalid x-api-key"]


def test_without_any_key_there_is_no_credential() -> None:
    nobody: AskKey = lambda why: None  # noqa: E731

    with pytest.raises(NoCredential):
        asyncio.run(Keys(None, ask=nobody).fresh(None))


def test_nobody_is_asked_on_a_terminal_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for stdin in (None, io.StringIO()):
        monkeypatch.setattr("sys.stdin", stdin)

        assert asyncio.run(ask_on_terminal("why")) is None


def test_a_helper_that_fails_is_no_reason_not_to_ask() -> None:
    failing = Helper("exit 1")

    assert another(Keys("old", helper=failing, ask=lambda why: "asked")) == "asked"
    with pytest.raises(NoCredential, match="ended with 1"):
        another(Keys("old", helper=failing))


@pytest.mark.parametrize("made", ["hush\nagain", "hush\r\nagain", "hüsh", "hush\x07"])
def test_a_key_that_cannot_be_sent_is_refused_at_its_source_and_not_shown(made: str) -> None:
    sources: list[Callable[[], object]] = [
        lambda: Keys(made, variable="A_KEY"),
        lambda: another(Keys("old", helper=Helper(f"printf '{made}'"))),
        lambda: another(Keys("old", ask=lambda why: made)),
    ]

    for place, source in zip(("A_KEY", "the API-key helper", "asked for"), sources, strict=True):
        with pytest.raises(NoCredential, match=place) as raised:
            source()
        assert "hush" not in str(raised.value) and "sh" not in str(raised.value).split("character")[-1]


def test_what_stands_around_a_key_is_no_part_of_it() -> None:
    assert asyncio.run(Keys(" key\r\n").fresh(None)).secret == "key"
    assert another(Keys("old", helper=Helper("printf ' key\\r\\n\\n'"))) == "key"


def test_where_nobody_may_be_asked_nobody_is() -> None:
    asked: list[str] = []

    with nobody_asked(), pytest.raises(NobodyAsked):
        another(Keys("old", ask=asked.append))

    assert asked == []
