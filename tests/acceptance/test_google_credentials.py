"""The real google-auth behind the official SDK's clients: every kind of credential, end to end on virtual time."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anthropic
import pytest

from windtunnel import Windtunnel, fail, fault
from windtunnel.environments import google as environments_google
from windtunnel.fake import pointed_at
from windtunnel.policies import find
from windtunnel.verdicts import backoff
from windtunnel.verdicts.auth import judge
from windtunnel_server.identity import jwt
from windtunnel_server.identity.google import Google
from windtunnel_server.script import Step
from windtunnel_server.settings import Settings

auth = pytest.importorskip("google.auth", reason="google-auth is not installed")
if not hasattr(anthropic, "AnthropicGoogleCloud"):
    pytest.skip("this generation of the SDK has no client for Claude on Google Cloud", allow_module_level=True)
exceptions = auth.exceptions

HOUR = 3600.0
ASKED: dict[str, Any] = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 20,
    "messages": [{"role": "user", "content": "Hello, tunnel."}],
}
#: Those that google-auth renews.
RENEWED = ["service_account", "metadata", "external_account", "impersonation", "authorized_user"]
CLIENTS = {
    ("vertex", "sync"): anthropic.AnthropicVertex,
    ("vertex", "async"): anthropic.AsyncAnthropicVertex,
    ("google-cloud", "sync"): anthropic.AnthropicGoogleCloud,
    ("google-cloud", "async"): anthropic.AsyncAnthropicGoogleCloud,
}


@dataclass
class Run:
    """A client that found its credential by itself."""

    tunnel: Windtunnel
    google: Google
    client: Any
    runner: asyncio.Runner | None

    def create(self) -> Any:
        return self.run(lambda client: client.messages.create(**ASKED))

    def run(self, ask: Callable[[Any], Any]) -> Any:
        if self.runner is None:
            return ask(self.client)

        async def whole() -> Any:
            given = ask(self.client)
            return await given if inspect.isawaitable(given) else given

        return self.runner.run(whole())

    @property
    def folder(self) -> Path:
        return Path(self.tunnel.env["GOOGLE_APPLICATION_CREDENTIALS"]).parent

    @property
    def calls(self) -> list[tuple[str, int | None]]:
        """The requests for messages and for tokens: who answered, and what."""
        wanted = (
            e for e in self.tunnel.journal.calls if _hands_out(e.path) or e.provider in ("vertex", "google-cloud")
        )
        return [(entry.provider, entry.status) for entry in wanted]

    @property
    def tails(self) -> list[str]:
        """What the journal has of the credentials of the calls for messages."""
        calls = [e for e in self.tunnel.journal.calls if e.provider in ("vertex", "google-cloud")]
        return [(entry.header("authorization") or "")[-4:] for entry in calls]


def _hands_out(path: str) -> bool:
    return path.endswith(("/token", "/oauthtoken", ":generateAccessToken"))


@pytest.fixture
def given() -> Iterator[Callable[..., Run]]:
    """Open a tunnel and hand a client a credential of it: `given(kind, provider="vertex", way="sync", steps=(), …)`."""
    with ExitStack() as stack:

        def hand(
            kind: str,
            *,
            provider: str = "vertex",
            way: str = "sync",
            steps: tuple[Step, ...] = (),
            lifetime_s: float = HOUR,
            **google: float,
        ) -> Run:
            settings = Settings(credential=kind, token_lifetime=lifetime_s)
            tunnel = stack.enter_context(Windtunnel(*steps, settings=settings, provider=provider))
            for name, value in google.items():
                setattr(tunnel.fake.google, name, value)
            stack.enter_context(pointed_at(tunnel.env))
            runner = stack.enter_context(asyncio.Runner()) if way == "async" else None
            run = Run(tunnel, tunnel.fake.google, None, runner)
            http = anthropic.DefaultHttpxClient if way == "sync" else anthropic.DefaultAsyncHttpxClient
            run.client = run.run(lambda _: CLIENTS[provider, way](http_client=http(verify=False)))
            stack.callback(run.run, lambda client: client.close())
            return run

        yield hand


@pytest.mark.parametrize("way", ["sync", "async"])
@pytest.mark.parametrize("provider", ["vertex", "google-cloud"])
@pytest.mark.parametrize("kind", environments_google.CREDENTIALS)
def test_every_credential_gets_in(given: Callable[..., Run], kind: str, provider: str, way: str):
    run = given(kind, provider=provider, way=way)

    message = run.create()

    assert message.type == "message"
    assert run.calls[-1] == (provider, 200)
    assert run.tunnel.core.failures == []


@pytest.mark.parametrize("way", ["sync", "async"])
@pytest.mark.parametrize("kind", RENEWED)
def test_a_token_is_renewed_shortly_before_it_ends(given: Callable[..., Run], kind: str, way: str):
    run = given(kind, way=way, lifetime_s=HOUR)
    run.create()
    run.tunnel.clock.sleep(HOUR - 300)
    run.create()
    before = run.calls

    # google-auth renews from 3 min 45 s before the end on.
    run.tunnel.clock.sleep(100)
    run.create()

    assert len(set(run.tails[:2])) == 1 and run.tails[2] not in run.tails[:2]
    assert [status for _, status in run.calls[len(before) :]] == [200] * (len(run.calls) - len(before))
    assert run.calls[-1] == ("vertex", 200)


@pytest.mark.parametrize("kind", environments_google.CREDENTIALS)
def test_a_token_that_ended_early_is_refused_and_the_sdk_does_not_renew_it(given: Callable[..., Run], kind: str):
    run = given(kind, lifetime_s=60.0, said_s=HOUR)
    run.create()
    run.tunnel.clock.sleep(120)

    with pytest.raises(anthropic.AuthenticationError, match="UNAUTHENTICATED"):
        run.create()

    assert run.calls[-1] == ("vertex", 401)
    judge(run.tunnel.journal.calls, finished=True, re_authenticates=False).check()


@pytest.mark.parametrize("kind", RENEWED)
def test_a_token_taken_back_between_two_calls_is_refused(given: Callable[..., Run], kind: str):
    run = given(kind)
    run.create()
    run.google.revoke_all()

    with pytest.raises(anthropic.AuthenticationError):
        run.create()

    # Found anew: whoever stands in for an account holds a token of his own besides, which is gone as well.
    run.client.credentials = None
    assert run.create().type == "message"


@pytest.mark.parametrize("kind", RENEWED)
def test_a_program_that_renews_after_a_401_passes(given: Callable[..., Run], kind: str):
    run = given(kind)
    run.create()
    run.google.expire_all()

    with pytest.raises(anthropic.AuthenticationError):
        run.create()
    run.client.credentials = None
    run.create()

    judge(run.tunnel.journal.calls, finished=True, re_authenticates=True).check()


@pytest.mark.parametrize("kind", RENEWED)
def test_a_program_that_renews_twice_after_a_401_does_not(given: Callable[..., Run], kind: str):
    run = given(kind)
    run.create()
    run.google.expire_all()

    with pytest.raises(anthropic.AuthenticationError):
        run.create()
    run.client.credentials = None
    run.client._ensure_access_token()
    run.client.credentials = None
    run.create()

    assert judge(run.tunnel.journal.calls, finished=True, re_authenticates=True).value == "fail"


@pytest.mark.parametrize("way", ["sync", "async"])
@pytest.mark.parametrize("kind", ["service_account", "authorized_user", "metadata"])
def test_a_token_endpoint_in_trouble_is_asked_again(given: Callable[..., Run], kind: str, way: str):
    policy = {"metadata": "google_auth_metadata"}.get(kind, "google_auth")
    run = given(kind, way=way, steps=(fail("unavailable", on="token", times=2),))
    if kind == "authorized_user":
        # Exchanges and renewals at the security token service are tried once (google-auth 2.62.2, oauth2/sts.py).
        with pytest.raises(exceptions.OAuthError, match="temporarily_unavailable"):
            run.create()
        return

    run.create()

    assert [status for _, status in run.calls] == [503, 503, 200, 200]
    found = backoff.judge(run.tunnel.journal.calls, find(policy))
    assert found.value == "pass", found


def test_a_token_endpoint_that_throttles_for_good_is_given_up_on(given: Callable[..., Run]):
    run = given("service_account", steps=(fail("rate_limited", on="token", times="forever"),))

    with pytest.raises(exceptions.RefreshError, match="rate_limit_exceeded"):
        run.create()

    assert run.calls == [("google_token", 429)] * 3
    assert backoff.judge(run.tunnel.journal.calls, find("google_auth")).value == "pass"


def test_a_slow_token_endpoint_is_waited_for(given: Callable[..., Run]):
    run = given("service_account", steps=(Step(on="token", faults=(fault("slow_first_byte", for_s=90),)),))

    run.create()

    assert run.tunnel.clock.now() == pytest.approx(90)
    assert run.calls == [("google_token", 200), ("vertex", 200)]


def test_a_metadata_server_that_says_nothing_is_asked_again(given: Callable[..., Run]):
    run = given("metadata", steps=(Step(on="token", faults=(fault("stall_before_headers", for_s=1000),)),))

    run.create()

    # google-auth waits for 3 s.
    assert run.calls == [("google_metadata", None), ("google_metadata", 200), ("vertex", 200)]


def test_a_token_request_whose_connection_breaks_fails_the_call(given: Callable[..., Run]):
    run = given("service_account", steps=(Step(on="token", faults=(fault("reset_before_headers"),)),))

    with pytest.raises(exceptions.TransportError):
        run.create()

    assert run.tunnel.core.failures == []


@pytest.mark.parametrize("skew_s", [-2 * HOUR, 2 * HOUR])
def test_clocks_that_are_too_far_apart_are_told(given: Callable[..., Run], skew_s: float):
    run = given("service_account", skew_s=skew_s)

    with pytest.raises(exceptions.RefreshError, match="Check your iat and exp values"):
        run.create()

    assert run.calls == [("google_token", 400)]


def _break_key(run: Run) -> None:
    file = run.folder / "google-credentials.json"
    said = json.loads(file.read_text(encoding="utf-8"))
    other = Google(run.tunnel.clock, seed=99).service_account(said["token_uri"])
    file.write_text(json.dumps(said | {"private_key": other["private_key"]}), encoding="utf-8")


def test_an_assertion_of_another_key_is_refused(given: Callable[..., Run]):
    run = given("service_account")
    _break_key(run)

    with pytest.raises(exceptions.RefreshError, match="Invalid JWT Signature"):
        run.create()


def test_an_account_that_is_gone_is_refused(given: Callable[..., Run]):
    run = given("service_account")
    run.google.email = "somebody-else@windtunnel.invalid"

    with pytest.raises(exceptions.RefreshError, match="account not found"):
        run.create()


@pytest.mark.parametrize("kind", ["external_account", "impersonation"])
def test_an_outside_token_past_its_end_is_refused(given: Callable[..., Run], kind: str):
    run = given(kind)
    expired = run.google.subject_token(iat=1, exp=2)
    (run.folder / "subject-token").write_text(expired, encoding="utf-8")

    with pytest.raises(exceptions.OAuthError, match="expired"):
        run.create()


def test_an_outside_token_of_another_provider_is_refused(given: Callable[..., Run]):
    run = given("external_account")
    claims = jwt.read(run.google.subject_token())
    assert claims is not None
    forged = jwt.signed(claims, run.google.key("service account"))
    (run.folder / "subject-token").write_text(forged, encoding="utf-8")

    with pytest.raises(exceptions.OAuthError, match="signature"):
        run.create()


def test_who_may_not_stand_in_for_the_account_is_refused(given: Callable[..., Run]):
    run = given("impersonation")
    run.google.target_email = "another@windtunnel.invalid"

    with pytest.raises(exceptions.RefreshError, match="PERMISSION_DENIED"):
        run.create()


def test_a_login_that_was_revoked_is_refused(given: Callable[..., Run]):
    run = given("authorized_user")
    run.google.revoke(run.google.refresh_token)

    with pytest.raises(exceptions.OAuthError, match="expired or revoked"):
        run.create()


@pytest.mark.parametrize("provider", ["vertex", "google-cloud"])
def test_an_account_without_the_right_is_forbidden(given: Callable[..., Run], provider: str):
    run = given("service_account", provider=provider)
    run.google.denied.add(run.google.email)

    with pytest.raises(anthropic.PermissionDeniedError, match=r"aiplatform\.endpoints\.predict"):
        run.create()

    assert run.tunnel.journal.calls[-1].error_type == "PERMISSION_DENIED"


@pytest.mark.parametrize("kind", environments_google.CREDENTIALS)
def test_no_secret_is_in_the_journal(given: Callable[..., Run], kind: str):
    run = given(kind)
    run.create()

    written = json.dumps([entry.to_json() for entry in run.tunnel.journal.calls])

    assert "ya29." not in written and "eyJ" not in written and "not-a-real" not in written


def test_google_auth_lets_the_login_of_a_person_be_led_nowhere_else():
    """If this turns red, google-auth has begun to honour `token_uri`, and a plain login can be handed out."""
    from google.oauth2.credentials import Credentials

    said = {"client_id": "a", "client_secret": "b", "refresh_token": "c", "token_uri": "http://127.0.0.1:1/token"}

    assert Credentials.from_authorized_user_info(said).token_uri == "https://oauth2.googleapis.com/token"


def test_google_auth_leads_who_stands_in_for_an_account_nowhere_else():
    """The same for `impersonated_service_account`."""
    from google.auth.impersonated_credentials import Credentials

    source = {"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c"}
    there = "http://127.0.0.1:1/v1/projects/-/serviceAccounts/a@b.invalid:generateAccessToken"
    made = Credentials.from_impersonated_service_account_info(
        {"service_account_impersonation_url": there, "source_credentials": source}
    )

    assert made.service_account_email == "a@b.invalid"
    assert made._iam_endpoint_override is None


def test_a_login_that_a_program_makes_itself_can_be_led_here(given: Callable[..., Run]):
    from google.oauth2.credentials import Credentials

    from windtunnel_server.identity.google import CLIENT_ID, CLIENT_SECRET
    from windtunnel_server.identity.google.token import PATH

    run = given("service_account")
    address = run.tunnel.url.removesuffix("/vertex")
    made = Credentials(
        None,
        refresh_token=run.google.refresh_token,
        token_uri=address + PATH,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
    )
    run.client.credentials = made

    assert run.create().type == "message"
    assert run.calls == [("google_token", 200), ("vertex", 200)]
