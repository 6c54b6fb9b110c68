"""A login's tokens: renewed in good time, once, and with what others have put there since."""

from __future__ import annotations

import asyncio
import errno
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from windtunnel.client.credentials import store
from windtunnel.client.credentials.oauth import OAuth
from windtunnel.client.credentials.source import Credential, IssuerFailed, NobodyAsked, NoCredential, nobody_asked
from windtunnel.client.credentials.store import Profile, Tokens
from windtunnel.client.failures import ConfigurationError


class Endpoint:
    """Answers requests for tokens, and counts them."""

    def __init__(self, *answers: httpx2.Response) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked += 1
        if self.answers:
            return self.answers.pop(0)
        said = {"access_token": f"access {self.asked}", "refresh_token": f"refresh {self.asked}", "expires_in": 3600}
        return httpx2.Response(200, json=said)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    made = Profile(tmp_path, "work")
    made.write_config({"authentication": {"type": "user_oauth", "client_id": "an-application"}})
    return made


def source(profile: Profile, endpoint: Endpoint, *, base_url: str = "https://api.invalid", **more: Any) -> OAuth:
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(endpoint))
    return OAuth(profile, lambda token, ends: Credential({}, token, ends), http=lambda: http, base_url=base_url, **more)


def run(what: Any) -> Any:
    return asyncio.run(what)


def live(profile: Profile, *, for_s: float, refresh: str = "refresh 0") -> None:
    profile.write(Tokens("access 0", refresh, time.time() + for_s))


@pytest.mark.parametrize(("for_s", "exchanges"), [(3600, 0), (121, 0), (119, 1), (-1, 1)])
def test_a_token_is_renewed_in_good_time_and_no_sooner(profile: Profile, for_s: float, exchanges: int) -> None:
    endpoint = Endpoint()
    live(profile, for_s=for_s)

    got = run(source(profile, endpoint).fresh(None))

    assert endpoint.asked == exchanges
    assert got.secret == f"access {exchanges}"


def test_the_new_refresh_token_is_kept(profile: Profile) -> None:
    live(profile, for_s=-1)

    run(source(profile, Endpoint()).fresh(None))

    kept = profile.tokens()
    assert kept is not None and kept.refresh_token == "refresh 1"


def test_a_renewal_ahead_of_time_may_fail(profile: Profile) -> None:
    live(profile, for_s=60)
    held = Credential({}, "access 0", time.time() + 60)

    assert run(source(profile, Endpoint(httpx2.Response(500))).fresh(held)) is held
    with pytest.raises(IssuerFailed):
        run(source(profile, Endpoint(httpx2.Response(500))).fresh(Credential({}, "access 0", time.time() + 20)))


def test_what_somebody_else_has_renewed_is_taken(profile: Profile) -> None:
    endpoint = Endpoint()
    live(profile, for_s=3600)

    got = run(source(profile, endpoint).another(Credential({}, "an older one"), "refused"))

    assert (got.secret, endpoint.asked) == ("access 0", 0)


def test_a_refused_token_is_exchanged_although_it_has_not_ended(profile: Profile) -> None:
    live(profile, for_s=3600)

    assert run(source(profile, Endpoint()).another(Credential({}, "access 0"), "refused")).secret == "access 1"


def test_a_refresh_token_that_somebody_used_without_a_lock_is_no_end(profile: Profile) -> None:
    live(profile, for_s=-1)

    class Faster(Endpoint):
        def __call__(self, request: httpx2.Request) -> httpx2.Response:
            profile.write(Tokens("access of the other", "refresh of the other", time.time() + 3600))
            return httpx2.Response(400, json={"error": "invalid_grant"})

    assert run(source(profile, Faster()).fresh(None)).secret == "access of the other"


def test_a_refresh_token_that_was_refused_is_not_shown_again(profile: Profile) -> None:
    live(profile, for_s=-1)
    endpoint = Endpoint(httpx2.Response(400, json={"error": "invalid_grant", "error_description": "gone"}))
    asked = source(profile, endpoint)

    async def twice() -> None:
        with pytest.raises(NoCredential, match="invalid_grant gone"):
            await asked.fresh(None)
        with pytest.raises(NoCredential, match="log in again"):
            await asked.fresh(None)

    run(twice())

    assert endpoint.asked == 1


def test_where_nothing_else_helps_somebody_logs_in(profile: Profile) -> None:
    live(profile, for_s=-1)
    log_in: Callable[[], Any] = lambda: asyncio.sleep(0, Tokens("of a new login"))  # noqa: E731
    refused = Endpoint(httpx2.Response(400, json={"error": "invalid_grant"}))

    got = run(source(profile, refused, log_in=log_in).fresh(None))

    assert got.secret == "of a new login"


def test_an_endpoint_that_is_unwell_is_no_reason_to_log_in(profile: Profile) -> None:
    live(profile, for_s=-1)
    log_in: Callable[[], Any] = lambda: asyncio.sleep(0, Tokens("of a new login"))  # noqa: E731

    with pytest.raises(IssuerFailed) as raised:
        run(source(profile, Endpoint(httpx2.Response(503)), log_in=log_in).fresh(None))
    assert raised.value.status_code == 503


def test_no_token_is_sent_in_the_clear_to_another_machine(profile: Profile) -> None:
    live(profile, for_s=-1)
    endpoint = Endpoint()

    with pytest.raises(ConfigurationError, match="https"):
        run(source(profile, endpoint, base_url="http://api.invalid").fresh(None))
    assert endpoint.asked == 0


def test_what_an_endpoint_says_is_not_repeated_in_full(profile: Profile) -> None:
    live(profile, for_s=-1, refresh="hush")
    echo = Endpoint(httpx2.Response(400, json={"error": "invalid_request", "got": {"refresh_token": "hush"}}))

    with pytest.raises(NoCredential) as raised:
        run(source(profile, echo).fresh(None))
    assert "hush" not in str(raised.value)


# --- what must not be lost ---------------------------------------------------------------------------------------------


class SlowEndpoint(Endpoint):
    """Answers when it is let, as one does over a slow line."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.let = asyncio.Event(), asyncio.Event()
        self.requests = 0

    async def answered(self, request: httpx2.Request) -> httpx2.Response:
        self.requests += 1
        self.reached.set()
        await self.let.wait()
        return self(request)


def test_an_exchange_is_not_broken_off(profile: Profile) -> None:
    live(profile, for_s=-1)

    async def play() -> tuple[str | None, int]:
        endpoint = SlowEndpoint()
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(endpoint.answered))
        asked = OAuth(
            profile, lambda token, ends: Credential({}, token, ends), http=lambda: http, base_url="https://api.invalid"
        )
        left = asyncio.create_task(asked.fresh(None))
        await endpoint.reached.wait()
        left.cancel()
        endpoint.let.set()
        with pytest.raises(asyncio.CancelledError):
            await left
        return (await asked.fresh(None)).secret, endpoint.requests

    assert run(play()) == ("access 1", 1)
    kept = profile.tokens()
    assert kept is not None and kept.refresh_token == "refresh 1"


def test_tokens_that_cannot_be_stored_are_used_and_renewed_and_that_is_told(
    profile: Profile, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    live(profile, for_s=-1)
    monkeypatch.setattr(store, "write_secret", _refuse)
    shown: list[str] = []

    class Strict(Endpoint):
        def __call__(self, request: httpx2.Request) -> httpx2.Response:
            shown.append(json.loads(request.content)["refresh_token"])
            return super().__call__(request)

    asked = source(profile, Strict())

    async def twice() -> list[str | None]:
        first = await asked.fresh(None)
        second = await asked.another(first, "expired")
        return [first.secret, second and second.secret]

    assert run(twice()) == ["access 1", "access 2"]
    assert shown == ["refresh 0", "refresh 1"]
    assert ["cannot be stored (No space left on device)" in said for said in caplog.messages] == [True]
    assert "access" not in caplog.text


def test_what_could_not_be_stored_is_stored_at_the_end_where_there_is_room_again(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(profile, for_s=-1)
    real = store.write_secret
    monkeypatch.setattr(store, "write_secret", _refuse)
    asked = source(profile, Endpoint())
    run(asked.fresh(None))
    monkeypatch.setattr(store, "write_secret", real)

    run(asked.aclose())

    kept = profile.tokens()
    assert kept is not None and kept.refresh_token == "refresh 1"


def test_what_somebody_has_stored_since_counts_more_than_what_could_not_be_stored(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    live(profile, for_s=-1)
    real = store.write_secret
    monkeypatch.setattr(store, "write_secret", _refuse)
    asked = source(profile, Endpoint())
    first = run(asked.fresh(None))
    monkeypatch.setattr(store, "write_secret", real)
    profile.write(Tokens("access of the other", "refresh of the other", time.time() + 3600))

    assert run(asked.another(first, "expired")).secret == "access of the other"


def test_where_nobody_may_be_asked_nobody_logs_in(profile: Profile) -> None:
    async def log_in() -> Tokens:
        raise AssertionError("a page was opened")

    with nobody_asked(), pytest.raises(NobodyAsked):
        run(source(profile, Endpoint(), log_in=log_in).fresh(None))


def _refuse(path: Path, text: str) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
