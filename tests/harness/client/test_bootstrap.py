"""What a client fetches when it starts, and that nothing about it is fatal."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from windtunnel import Windtunnel, fail
from windtunnel.client.bootstrap import Bootstrap
from windtunnel.client.core import AsyncClient
from windtunnel.client.sync import Client
from windtunnel.fake import pointed_at
from windtunnel_server.settings import Settings


def fetched(*steps: Any, credential: str = "oauth") -> Bootstrap:
    with Windtunnel(*steps, settings=Settings(credential=credential)) as tunnel, Client.from_env(tunnel.env) as client:
        return client.bootstrap()


def test_a_login_has_a_profile_and_a_session() -> None:
    got = fetched()

    assert got.absent == {}
    assert got.email == "person@windtunnel.invalid" and got.organization == "Windtunnel"
    assert got.session is not None and got.session["oauth_account"]["account_email"] == got.email


def test_a_key_has_a_session_and_no_profile() -> None:
    got = fetched(credential="api_key")

    assert got.session is not None and got.profile is None and got.email is None
    assert got.absent == {"profile": "an API key has no profile"}


@pytest.mark.parametrize("broken", [fail("internal_error", on="any", times=2), fail(404, on="any", times=2)])
def test_a_page_that_fails_is_absent_for_a_reason(broken: Any) -> None:
    got = fetched(broken)

    assert got.profile is None and got.session is None
    assert sorted(got.absent) == ["profile", "session"]
    assert all(got.absent.values())


def test_a_stall_holds_nobody_up_for_long() -> None:
    with Windtunnel(fail("stall", on="any", times=2), settings=Settings(credential="oauth")) as tunnel:
        with Client.from_env(tunnel.env) as client:
            got = client.bootstrap()

        assert got.profile is None and tunnel.clock.now() <= 5.5


def test_a_login_that_cannot_be_read_is_a_reason_too() -> None:
    with Windtunnel(settings=Settings(credential="oauth")) as tunnel:
        environ = tunnel.env
        tunnel.fake.close()  # the files of it are gone

        with Client.from_env(environ) as client:
            got = client.bootstrap()

    assert "nobody is logged in" in got.absent["profile"] and "nobody is logged in" in got.absent["session"]


@pytest.mark.parametrize("provider", ["bedrock", "vertex", "foundry"])
def test_the_clouds_have_no_such_pages_and_are_not_asked(provider: str) -> None:
    async def fetch() -> Bootstrap:
        async with AsyncClient.from_env() as client:
            return await client.bootstrap()

    with Windtunnel(provider=provider) as tunnel, pointed_at(tunnel.env):
        got = asyncio.run(fetch())

        assert got.absent == dict.fromkeys(("profile", "session"), f"{provider} has no such pages")
        assert len(tunnel.journal.calls) == 0


def test_what_is_fetched_is_not_shown_by_accident() -> None:
    assert "person@" not in repr(fetched())


def test_a_page_that_drips_holds_nobody_up_for_long() -> None:
    drips = fail("slow_drip", on="any", times=2, bytes=1)
    with Windtunnel(drips, settings=Settings(credential="oauth")) as tunnel, Client.from_env(tunnel.env) as client:
        got = client.bootstrap()

        assert tunnel.clock.now() <= 5.5

    assert got.absent == dict.fromkeys(("profile", "session"), "it took longer than 5 s")


@pytest.mark.parametrize("asked", ["a key", "a login"])
def test_no_person_is_asked_for_it(asked: str, tmp_path: Path) -> None:
    def person(why: str) -> str:
        raise AssertionError("a person was asked")

    with Windtunnel() as tunnel:
        environ = {"HOME": str(tmp_path), "ANTHROPIC_BASE_URL": tunnel.url, "ANTHROPIC_OAUTH_CLIENT_ID": "app"}
        given: Any = {"ask_key": person} if asked == "a key" else {"open_page": person}
        with Client.from_env(environ, **given) as client:
            got = client.bootstrap()

    assert "and this is no time for it" in got.absent["session"]


def test_a_credential_that_takes_long_holds_nobody_up(tmp_path: Path) -> None:
    with Windtunnel() as tunnel:
        environ = {"HOME": str(tmp_path), "ANTHROPIC_BASE_URL": tunnel.url, "ANTHROPIC_API_KEY_HELPER": "sleep 60"}
        with Client.from_env(environ) as client:
            got = client.bootstrap()

        assert tunnel.clock.now() <= 5.5

    assert got.absent == dict.fromkeys(("profile", "session"), "it took longer than 5 s")
