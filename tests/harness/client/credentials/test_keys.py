"""Keys from the environment, from a helper, from a person, in that order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from windtunnel.client.credentials import keys
from windtunnel.client.credentials.helper import Helper
from windtunnel.client.credentials.keys import AskKey, Keys, ask_on_terminal
from windtunnel.client.credentials.source import Credential, NoCredential


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
    monkeypatch.setattr(keys.sys, "stdin", _Tty(False))

    assert asyncio.run(ask_on_terminal("why")) is None


def test_a_person_at_a_terminal_is_asked_without_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    prompts: list[str] = []
    monkeypatch.setattr(keys.sys, "stdin", _Tty(True))
    monkeypatch.setattr(keys.sys, "stderr", _Tty(True))
    monkeypatch.setattr("getpass.getpass", lambda prompt: prompts.append(prompt) or "typed")

    assert asyncio.run(ask_on_terminal("the key was refused")) == "typed"
    assert prompts[0].startswith("the key was refused\n")


class _Tty:
    def __init__(self, is_one: bool) -> None:
        self._is_one = is_one

    def isatty(self) -> bool:
        return self._is_one

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None
