"""The official SDK with tokens that expire: renewed ahead of time, after a 401, by file and by assertion."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import anthropic
import pytest

from windtunnel import Windtunnel, fail, fault
from windtunnel.environments import anthropic as environment
from windtunnel.environments import profile
from windtunnel.verdicts.auth import judge
from windtunnel_server.call import Call
from windtunnel_server.identity.api_keys import ApiKeys
from windtunnel_server.identity.gate import Gate
from windtunnel_server.identity.oauth import PATH, OAuth
from windtunnel_server.plan import Plan
from windtunnel_server.providers import framing
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.script import Step

credentials = pytest.importorskip("anthropic.lib.credentials", reason="this generation of the SDK has no logins")

HOUR = 3600.0


class WithTokens:
    """The provider with the token endpoint before it."""

    def __init__(self, inner: Any, oauth: OAuth) -> None:
        self._inner, self._oauth = inner, oauth

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def answer(self, call: Call, take: Callable[[str], Step | None], random: Random) -> Plan:
        if (call.method, call.path) != ("POST", PATH):
            return self._inner.answer(call, take, random)
        answer = self._oauth.answer(call)
        notes = {"confidential": answer.status == 200, "error_type": answer.error}
        return Plan(framing.whole(answer.status, answer.headers, answer.body).steps, notes)


def tunnel_with_tokens(**options: Any) -> tuple[Windtunnel, OAuth]:
    tunnel = Windtunnel()
    oauth = OAuth(tunnel.clock, **options)
    keys: Any = Gate(ApiKeys(frozenset()), oauth)
    inner = Anthropic(tunnel.clock, keys=keys)
    tunnel.core.provider = WithTokens(inner, oauth)  # type: ignore[assignment]
    return tunnel, oauth


@pytest.fixture(params=["sync-socket", "async-socket"])
def way(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def given(
    make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str
) -> Iterator[Callable[..., Any]]:
    """Open a tunnel, hand a client of the SDK a credential of it, and give both."""
    open_ones: list[Any] = []

    def hand(kind: Any, **options: Any) -> Any:
        tunnel, oauth = tunnel_with_tokens(**options)
        tunnel.start()
        open_ones.append(tunnel.stop)
        login = oauth.login()
        env = environment.credentials(kind, tunnel.url, oauth=oauth, login=login, folder=tmp_path)
        for name in environment.misleading(env):
            monkeypatch.delenv(name, raising=False)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        subject = make(tunnel, way)
        open_ones.append(subject.close)
        return SimpleNamespace(tunnel=tunnel, oauth=oauth, login=login, subject=subject, folder=tmp_path)

    yield hand
    for close in reversed(open_ones):
        close()


def went(tunnel: Windtunnel) -> list[tuple[str, int | None]]:
    return [(entry.path.rpartition("/")[2], entry.status) for entry in tunnel.journal.calls]


def tails(tunnel: Windtunnel) -> list[str]:
    """What the journal has of the credentials of the calls for messages."""
    return [(e.header("authorization") or "")[-4:] for e in tunnel.journal.calls if e.path != PATH]


async def together(client: Any, size: int) -> None:
    await asyncio.gather(*(client.messages.create(**asked()) for _ in range(size)))


def asked() -> dict[str, Any]:
    return {"model": "claude-sonnet-4-6", "max_tokens": 10, "messages": [{"role": "user", "content": "Hello"}]}


def test_a_login_is_found_by_its_profile_and_gets_in(given: Callable[..., Any]):
    run = given("oauth")

    message = run.subject.create()

    assert message.type == "message"
    assert went(run.tunnel) == [("messages", 200)]
    asked = run.tunnel.journal.calls[0]
    assert "oauth-2025-04-20" in asked.header("anthropic-beta")
    assert asked.header("anthropic-workspace-id") == run.oauth.workspace_id


def test_a_login_serves_its_token_to_the_very_end(given: Callable[..., Any]):
    run = given("oauth", lifetime_s=HOUR)
    run.subject.create()

    # The SDK asks its file from 120 s before the end on, and the file's token is good until the last second.
    run.tunnel.clock.sleep(HOUR - 20)
    run.subject.create()

    assert went(run.tunnel) == [("messages", 200)] * 2
    assert profile.read_tokens(run.folder)["access_token"] == run.login.access_token


def test_a_token_that_ended_is_renewed_before_the_next_call(given: Callable[..., Any]):
    run = given("oauth", lifetime_s=HOUR)
    run.subject.create()

    run.tunnel.clock.sleep(HOUR + 1)
    run.subject.create()

    tokens = profile.read_tokens(run.folder)
    assert went(run.tunnel) == [("messages", 200), ("token", 200), ("messages", 200)]
    assert tokens["access_token"] != run.login.access_token
    assert tokens["refresh_token"] != run.login.refresh_token
    assert tokens["expires_at"] == int(run.tunnel.clock.start + HOUR + 1) + HOUR
    assert os.stat(run.folder / "credentials" / f"{profile.NAME}.json").st_mode & 0o077 == 0
    assert tails(run.tunnel)[-1] == tokens["access_token"][-4:]


def test_a_token_that_ends_early_is_renewed_after_the_401_and_the_refresh_token_rotates(given: Callable[..., Any]):
    run = given("oauth")
    run.subject.create()
    seen = {run.login.refresh_token}

    for _ in range(3):
        run.oauth.expire_all()
        run.subject.create()
        seen.add(profile.read_tokens(run.folder)["refresh_token"])

    again = [("messages", 401), ("token", 200), ("messages", 200)]
    judge(run.tunnel.journal.calls, finished=True, re_authenticates=True).check()
    assert went(run.tunnel) == [("messages", 200), *again, *again, *again]
    assert len(seen) == 4
    assert len(set(tails(run.tunnel))) == 4


def test_a_revoked_token_is_an_error_and_nothing_is_asked_again(given: Callable[..., Any]):
    run = given("oauth")
    run.oauth.revoke(run.login.access_token)

    with pytest.raises(anthropic.PermissionDeniedError, match="OAuth token has been revoked"):
        run.subject.create()

    assert went(run.tunnel) == [("messages", 403)]


def test_a_revoked_login_cannot_renew_its_token(given: Callable[..., Any]):
    run = given("oauth", lifetime_s=HOUR)
    run.oauth.revoke(run.login.refresh_token)

    run.tunnel.clock.sleep(HOUR + 1)
    with pytest.raises(anthropic.AnthropicError, match="invalid_grant"):
        run.subject.create()

    assert set(went(run.tunnel)) == {("token", 400)}


def test_a_workload_exchanges_its_assertion_and_does_so_again_ahead_of_the_end(given: Callable[..., Any]):
    run = given("federation", lifetime_s=HOUR)
    run.subject.create()

    run.tunnel.clock.sleep(HOUR - 100)  # inside the last 120 s
    run.subject.create()

    assert went(run.tunnel) == [("token", 200), ("messages", 200)] * 2
    assert len(set(tails(run.tunnel))) == 2


def test_a_workload_exchanges_anew_after_a_401(given: Callable[..., Any]):
    run = given("federation")
    run.subject.create()

    run.oauth.expire_all()
    run.subject.create()

    assert went(run.tunnel)[2:] == [("messages", 401), ("token", 200), ("messages", 200)]


def test_a_forged_assertion_is_refused(given: Callable[..., Any]):
    run = given("federation")
    file = run.folder / "identity-token"
    head, claims, signature = file.read_text().split(".")
    profile.write_secret(file, f"{head}.{claims}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}")

    with pytest.raises(anthropic.AnthropicError, match="HTTP 400"):
        run.subject.create()

    assert went(run.tunnel) == [("token", 400)]


def test_a_bare_token_gets_in_and_its_end_is_the_end(given: Callable[..., Any]):
    run = given("auth_token", lifetime_s=HOUR)
    run.subject.create()

    run.tunnel.clock.sleep(HOUR)
    with pytest.raises(anthropic.AuthenticationError, match="expired"):
        run.subject.create()

    assert went(run.tunnel) == [("messages", 200), ("messages", 401)]
    judge(run.tunnel.journal.calls, finished=True, re_authenticates=False).check()


@pytest.mark.parametrize("kind", ["oauth", "federation"])
@pytest.mark.parametrize("way", ["async-socket"], indirect=True)
def test_fifty_calls_refused_at_once_are_answered_by_one_renewal(given: Callable[..., Any], kind: str):
    run = given(kind)
    run.subject.create()
    run.oauth.expire_all()

    run.subject.run(together, run.subject.client, 50)

    statuses = [status for _, status in went(run.tunnel)[-101:]]
    assert (statuses.count(401), statuses.count(200)) == (50, 51)
    judge(run.tunnel.journal.calls, finished=True, re_authenticates=True).check()


@pytest.mark.parametrize("kind", ["oauth", "federation"])
def test_no_token_is_in_the_journal(given: Callable[..., Any], kind: str):
    run = given(kind)
    run.subject.create()
    run.oauth.expire_all()
    run.subject.create()

    written = json.dumps([entry.to_json() for entry in run.tunnel.journal.calls])

    assert "sk-ant-oat01" not in written and "sk-ant-ort01" not in written
    assert '"token_type"' not in written and "eyJ" not in written


@pytest.mark.parametrize("way", ["async-socket"], indirect=True)
def test_a_refusal_that_comes_late_makes_the_sdk_renew_once_more_and_the_verdict_says_so(given: Callable[..., Any]):
    run = given("oauth")
    run.subject.create()
    run.tunnel.script(fail("oauth_expired"), fail("oauth_expired", faults=[fault("slow_first_byte", for_s=30)]))

    run.subject.run(together, run.subject.client, 2)

    found = judge(run.tunnel.journal.calls, finished=True)
    assert [path for path, _ in went(run.tunnel)].count("token") == 2
    assert [finding.title for finding in found.findings] == ["one expired credential was renewed more than once"]
