"""A person logs in: the page of the fake, a redirect to this machine, and what may be wrong with an answer."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anthropic
import httpx2
import pytest

from windtunnel import Windtunnel, fail, reply
from windtunnel.client.bootstrap import Bootstrap
from windtunnel.client.core import AsyncClient
from windtunnel.client.credentials.login import Application, challenge, log_in
from windtunnel.client.credentials.source import NoCredential
from windtunnel.client.failures import NotAuthenticated
from windtunnel.client.request import Request
from windtunnel.fake import pointed_at
from windtunnel_server.settings import Settings

Asking = Callable[..., Request]
Page = Callable[[str], Awaitable[None]]


def person(decision: str = "allow", *, forged: str | None = None) -> Page:
    """Somebody who opens the page, presses a button and follows where it leads. `forged`: somebody else is faster."""

    async def follow(url: str) -> None:
        async with httpx2.AsyncClient() as browser:
            page = await browser.get(url)
            assert f'value="{decision}"' in page.text
            redirect = parse_qs(urlsplit(url).query)["redirect_uri"][0]
            if forged is not None:
                assert (await browser.get(f"{redirect}?{forged}")).status_code == 400
            answer = await browser.post(url, data={"decision": decision})
            await browser.get(answer.headers["location"])

    return follow


@pytest.fixture
def tunnel() -> Iterator[Windtunnel]:
    with Windtunnel(settings=Settings(credential="oauth")) as opened:
        yield opened


@pytest.fixture
def nobody(tunnel: Windtunnel, tmp_path: Path) -> dict[str, str]:
    """The variables of somebody who has never logged in."""
    return {"ANTHROPIC_BASE_URL": tunnel.url, "HOME": str(tmp_path), "ANTHROPIC_OAUTH_CLIENT_ID": "an-application"}


def application(tunnel: Windtunnel) -> Application:
    return Application(client_id="an-application", console_url=tunnel.url, base_url=tunnel.url)


def logged_in(tunnel: Windtunnel, open_page: Page, **more: Any) -> Any:
    async def play() -> Any:
        async with httpx2.AsyncClient() as http:
            return await log_in(application(tunnel), open_page, http, **more)

    return asyncio.run(play())


def test_a_first_request_logs_in_and_the_next_client_finds_the_login(
    tunnel: Windtunnel, nobody: dict[str, str], asking: Asking
) -> None:
    tunnel.script(reply("Hello"), reply("Hello again"))

    async def play() -> list[str]:
        async with AsyncClient.from_env(nobody, open_page=person()) as first:
            one = await first.send(asking())
        async with AsyncClient.from_env(nobody) as second:
            return [one.text, (await second.send(asking())).text]

    assert asyncio.run(play()) == ["Hello", "Hello again"]
    assert sum(call.path == "/v1/oauth/token" for call in tunnel.journal.calls) == 1


def test_the_login_is_kept_where_only_its_owner_can_read_it_and_the_sdk_can_use_it(
    tunnel: Windtunnel, nobody: dict[str, str], asking: Asking
) -> None:
    async def play() -> None:
        async with AsyncClient.from_env(nobody, open_page=person()) as client:
            await client.send(asking())

    asyncio.run(play())
    folder = Path(nobody["HOME"], ".config", "anthropic")

    assert stat.S_IMODE((folder / "credentials" / "windtunnel.json").stat().st_mode) == 0o600
    with (
        pointed_at({"ANTHROPIC_CONFIG_DIR": str(folder), "ANTHROPIC_PROFILE": "windtunnel"}),
        anthropic.Anthropic(max_retries=0) as sdk,
    ):
        assert sdk.messages.create(**asking().body()).type == "message"


def test_who_declines_is_not_logged_in(tunnel: Windtunnel, nobody: dict[str, str], asking: Asking) -> None:
    async def play() -> None:
        async with AsyncClient.from_env(nobody, open_page=person("deny")) as client:
            await client.send(asking())

    with pytest.raises(NotAuthenticated, match="access_denied"):
        asyncio.run(play())
    assert [call.path for call in tunnel.journal.calls] == ["/oauth/authorize"] * 2


def test_a_login_that_is_taken_back_is_begun_anew(tunnel: Windtunnel, asking: Asking) -> None:
    environ = dict(tunnel.env)
    tunnel.fake.oauth.revoke(_refresh_token(environ["ANTHROPIC_CONFIG_DIR"]))

    async def play() -> str:
        async with AsyncClient.from_env(environ, open_page=person()) as client:
            return (await client.send(asking())).id

    assert asyncio.run(play()).startswith("msg_")


def _refresh_token(folder: str) -> str:
    from windtunnel.environments import profile

    token: str = profile.read_tokens(Path(folder))["refresh_token"]
    return token


@pytest.mark.parametrize("forged", ["code=stolen&state=wrong", "code=stolen", "error=no&state=wrong"])
def test_an_answer_to_another_login_changes_nothing(tunnel: Windtunnel, forged: str) -> None:
    got = logged_in(tunnel, person(forged=forged))

    assert got.access_token.startswith("sk-ant-oat01-")


def test_a_visitor_to_another_page_finds_nothing_and_changes_nothing(tunnel: Windtunnel) -> None:
    async def wanders_first(url: str) -> None:
        redirect = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        async with httpx2.AsyncClient() as browser:
            assert (await browser.get(redirect.replace("/callback", "/favicon.ico"))).status_code == 404
        await person()(url)

    assert logged_in(tunnel, wanders_first).refresh_token


def test_nobody_is_waited_for_for_ever(tunnel: Windtunnel) -> None:
    with pytest.raises(NoCredential, match="within 300 s"):
        logged_in(tunnel, lambda url: asyncio.sleep(1000))

    assert tunnel.clock.now() == 300.0


def test_a_token_endpoint_that_refuses_the_code_ends_the_login(tunnel: Windtunnel) -> None:
    tunnel.script(fail(400, on="token"))

    with pytest.raises(NoCredential, match="answered 400"):
        logged_in(tunnel, person())


def test_the_page_is_asked_for_with_the_verifiers_challenge_and_never_with_the_verifier() -> None:
    # The example of RFC 7636, appendix B.
    assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    page = Application(client_id="c", console_url="https://page.invalid/", base_url="x").page(
        redirect_uri="http://localhost:1/callback", state="s", verifier="hush"
    )

    assert page.startswith("https://page.invalid/oauth/authorize?client_id=c&")
    assert "hush" not in page


def test_profile_and_session_are_those_of_who_logged_in(
    tunnel: Windtunnel, nobody: dict[str, str], asking: Asking
) -> None:
    async def play() -> Bootstrap:
        async with AsyncClient.from_env(nobody, open_page=person()) as client:
            await client.send(asking())  # logs in, which a bootstrap does not
            return await client.bootstrap()

    got = asyncio.run(play())

    assert got.absent == {}
    assert got.email == tunnel.fake.oauth.person.email
    assert got.organization == tunnel.fake.oauth.person.organization_name
