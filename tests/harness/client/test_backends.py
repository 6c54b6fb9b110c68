"""The four backends against the fake: every kind of credential it hands out, and renewal of each that can be renewed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anthropic
import pytest

from windtunnel import Windtunnel, fail, reply
from windtunnel.client import backends, packages
from windtunnel.client.core import AsyncClient
from windtunnel.client.events import Answer, Reauthenticated
from windtunnel.client.failures import ConfigurationError, DeadlineExceeded, NotAuthenticated, RequestError
from windtunnel.client.options import Options
from windtunnel.client.request import Request
from windtunnel.client.selection import choose
from windtunnel.client.sync import Client
from windtunnel.fake import pointed_at
from windtunnel.verdicts.failures import asks_the_api
from windtunnel_server.settings import CREDENTIALS, Settings

Asking = Callable[..., Request]

KINDS = [(provider, kind) for provider, kinds in CREDENTIALS.items() for kind in kinds]
_OVER_TLS = ("entra_secret", "workload_identity")
#: Refused with a word of each provider's own.
_REFUSALS = {
    "anthropic": "oauth_expired",
    "bedrock": "expired_token",
    "vertex": "invalid_bearer_token",
    "foundry": "invalid_bearer_token",
}
OTHER_KEY = "sk-ant-api03-windtunnel-another-key-000000000000000000-BB"


@contextmanager
def tunnel(provider: str, kind: str, *steps: Any, **settings: Any) -> Iterator[Windtunnel]:
    """A fake that hands out that kind, with this process pointed at it."""
    with (
        Windtunnel(
            *steps, provider=provider, tls=kind in _OVER_TLS, settings=Settings(credential=kind, **settings)
        ) as opened,
        pointed_at(opened.env),
    ):
        yield opened


def answers(request: Request, *, at_once: int = 1, rounds: int = 1, pause: float = 0.0, **given: Any) -> list[Any]:
    """What requests of one client come to, so many at once and so many times."""

    async def ask() -> list[Any]:
        out: list[Any] = []
        async with AsyncClient.from_env(**given) as client:
            for number in range(rounds):
                await asyncio.sleep(pause if number else 0)
                asked = (client.send(request) for _ in range(at_once))
                out += await asyncio.gather(*asked, return_exceptions=True)
        return out

    return asyncio.run(ask())


def of_the_api(opened: Windtunnel) -> list[int | None]:
    return [call.status for call in opened.journal.calls if asks_the_api(call)]


@pytest.mark.parametrize(("provider", "kind"), KINDS)
def test_every_kind_of_credential_leads_to_an_answer(provider: str, kind: str, asking: Asking) -> None:
    if kind in _OVER_TLS:
        pytest.importorskip("trustme")

    with tunnel(provider, kind, reply("Let in.")) as opened:
        (answer,) = answers(asking())

        assert isinstance(answer, Answer) and answer.text == "Let in."
        assert of_the_api(opened) == [200]
        assert choose().backend == provider


#: Kinds that a refusal is the end of: nothing else is to be had, or the machine's service gives the same again.
_FINAL = {"environment", "session", "profile", "process", "bearer", "access_token", "auth_token", "api_key"}
_FINAL |= {"instance", "metadata"}


@pytest.mark.parametrize(("provider", "kind"), [pair for pair in KINDS if pair[1] not in _OVER_TLS])
def test_a_refused_credential_is_renewed_once_or_the_request_is_over(provider: str, kind: str, asking: Asking) -> None:
    refusal = "invalid_aws_api_key" if kind == "bearer" else _REFUSALS[provider]
    if provider in ("anthropic", "foundry") and kind == "api_key":
        refusal = "invalid_api_key"

    with tunnel(provider, kind, fail(refusal, times=6)) as opened:
        (came,) = answers(asking())

        assert isinstance(came, Exception)
        assert len(of_the_api(opened)) == (1 if kind in _FINAL else 2)
        assert opened.verdict.auth().value != "fail"


@pytest.mark.parametrize("provider", CREDENTIALS)
def test_a_credential_that_expires_is_renewed_before_anyone_notices(provider: str, asking: Asking) -> None:
    with tunnel(provider, "expiring", token_lifetime=1800) as opened:
        came = answers(asking(), rounds=5, pause=700)

        assert all(isinstance(answer, Answer) for answer in came)
        assert of_the_api(opened) == [200] * 5
        assert opened.clock.now() == 2800.0


# --- one renewal for many ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("provider", "kind"), [("anthropic", "oauth"), ("vertex", "service_account")])
def test_many_calls_that_are_refused_share_one_renewal(provider: str, kind: str, asking: Asking) -> None:
    with tunnel(provider, kind, fail(_REFUSALS[provider], times=6)) as opened:
        came = answers(asking(), at_once=6)

        issued = [call for call in opened.journal.calls if call.path.endswith(("/oauth/token", "/oauth2/token"))]
        assert all(isinstance(answer, Answer) for answer in came)
        assert of_the_api(opened) == [*[401] * 6, *[200] * 6]
        assert len(issued) == (1 if kind == "oauth" else 2)
        assert opened.verdict.auth().value == "pass"


def test_many_clients_of_one_login_exchange_its_token_once(asking: Asking) -> None:
    async def ask() -> list[Any]:
        clients = [AsyncClient.from_env() for _ in range(6)]
        came = await asyncio.gather(*(client.send(asking()) for client in clients), return_exceptions=True)
        for client in clients:
            await client.aclose()
        return came

    with tunnel("anthropic", "oauth", fail("oauth_expired", times=6)) as opened:
        came = asyncio.run(ask())

        assert all(isinstance(answer, Answer) for answer in came)
        assert sum(call.path == "/v1/oauth/token" for call in opened.journal.calls) == 1


def test_a_failure_of_the_token_endpoint_is_waited_for_like_any_other(asking: Asking) -> None:
    down = fail("internal_error", on="token", times=2)
    with tunnel("anthropic", "oauth", fail("oauth_expired"), down) as opened:
        (answer,) = answers(asking(), options=Options(jitter=0.0))

        calls = [(call.arrived_at, call.path, call.status) for call in opened.journal.calls]
        assert isinstance(answer, Answer)
        assert [(round(at, 3), status) for at, path, status in calls if path == "/v1/oauth/token"] == [
            (0.0, 500),
            (1.0, 500),
            (3.0, 200),
        ]


def test_a_login_that_is_taken_back_ends_in_an_error_without_a_loop(asking: Asking) -> None:
    with tunnel("anthropic", "oauth") as opened:
        folder = opened.env["ANTHROPIC_CONFIG_DIR"]
        tokens = _tokens(folder)
        opened.fake.oauth.revoke(tokens["refresh_token"])

        came = answers(asking(), rounds=3)

        assert all(isinstance(error, NotAuthenticated) for error in came)
        # What is revoked cannot be exchanged either: nobody asks.
        assert not any(call.path == "/v1/oauth/token" for call in opened.journal.calls)


def _tokens(folder: str) -> dict[str, Any]:
    from pathlib import Path

    from windtunnel.environments import profile

    return profile.read_tokens(Path(folder))


# --- keys ----------------------------------------------------------------------------------------------------------------


def test_a_new_key_is_asked_for_once_and_used_from_then_on(asking: Asking) -> None:
    asked: list[str] = []

    async def ask(why: str) -> str:
        asked.append(why)
        return OTHER_KEY

    with tunnel("anthropic", "api_key", fail("invalid_api_key", times=3)) as opened:
        came = answers(asking(), at_once=3, rounds=2, ask_key=ask)

        assert all(isinstance(answer, Answer) for answer in came)
        assert asked == ["invalid x-api-key"]
        assert opened.verdict.auth().value == "pass"


def test_a_key_that_is_not_given_ends_the_request(asking: Asking) -> None:
    asked: list[str] = []

    with tunnel("anthropic", "api_key", fail("invalid_api_key")):
        (error,) = answers(asking(), ask_key=asked.append)

    assert isinstance(error, NotAuthenticated)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("provider", "kind", "said"),
    [
        (
            "bedrock",
            "instance",
            "is expired. Refused is the AWS key of this machine's role, from the metadata service of EC2; asked again, it "
            "handed out the same, as it may until shortly before its end. To do: see that the clocks agree",
        ),
        ("bedrock", "session", "in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; those variables still have the same"),
        ("bedrock", "assume_role", "of a role that was assumed; another was obtained, and is refused too"),
        ("bedrock", "bearer", "the API key in AWS_BEARER_TOKEN_BEDROCK; nobody is there to give another"),
        (
            "vertex",
            "metadata",
            "Refused is the Google token of this machine's service account, from the metadata server; asked again, it "
            "handed out the same, as it may until shortly before its end. To do: see that the clocks agree",
        ),
        ("vertex", "service_account", "of the service account in GOOGLE_APPLICATION_CREDENTIALS; another was obtained"),
        ("vertex", "access_token", "what ANTHROPIC_CUSTOM_HEADERS has; the client has none of its own"),
        ("foundry", "managed_identity", "the token of Entra ID that DefaultAzureCredential found"),
        ("anthropic", "auth_token", "the token in ANTHROPIC_AUTH_TOKEN; nothing says how to renew it"),
        ("anthropic", "federation", "the token that this workload's assertion was exchanged for"),
    ],
)
def test_a_refusal_for_good_says_where_the_credential_came_from_and_what_to_do(
    provider: str, kind: str, said: str, asking: Asking
) -> None:
    with tunnel(provider, kind, fail(_REFUSALS[provider], times="forever")):
        (error,) = answers(asking())

    assert isinstance(error, NotAuthenticated)
    assert said in str(error)
    assert ". To do: " in str(error)


def test_a_bedrock_key_is_asked_for_like_any_other(asking: Asking) -> None:
    asked: list[str] = []

    def ask(why: str) -> str:
        asked.append(why)
        return another

    with tunnel("bedrock", "bearer", fail("expired_token")) as opened:
        another = opened.fake.aws.keys.bearer("bedrock") + "-2"
        (error,) = answers(asking(), ask_key=ask)
        keys = [call.header("authorization") for call in opened.journal.calls]

    assert asked == ["The security token included in the request is expired"]
    assert len(set(keys)) == 2
    assert isinstance(error, RequestError)


def test_a_helper_prints_the_key_and_the_next_one(asking: Asking) -> None:
    with tunnel("anthropic", "api_key", fail("invalid_api_key"), reply("Welcome back.")) as opened:
        environ = opened.env | {"ANTHROPIC_API_KEY_HELPER": f"echo {OTHER_KEY}"}

        (answer,) = answers(asking(), environ=environ)

        assert answer.text == "Welcome back."
        assert [call.header("authorization") for call in opened.journal.calls] == ["Bearer ***0-AA", "Bearer ***0-BB"]


def test_a_key_is_asked_for_where_none_is_set(asking: Asking, tmp_path: Any) -> None:
    with Windtunnel(reply("Hello")) as opened:
        environ = {"ANTHROPIC_BASE_URL": opened.url, "HOME": str(tmp_path)}

        (answer,) = answers(asking(), environ=environ, ask_key=lambda why: OTHER_KEY)

    assert answer.text == "Hello"


def test_a_helper_that_prints_two_lines_is_told_and_its_key_is_not(asking: Asking) -> None:
    heard: list[Any] = []
    with tunnel("anthropic", "api_key") as opened:
        environ = {"HOME": "/nowhere", "ANTHROPIC_BASE_URL": opened.url}
        environ["ANTHROPIC_API_KEY_HELPER"] = f"echo {OTHER_KEY}; echo {OTHER_KEY}"

        (error,) = answers(asking(), environ=environ, on_event=heard.append)

        assert isinstance(error, NotAuthenticated)
        assert "what the API-key helper printed cannot be sent" in str(error) and "a line break" in str(error)
        assert "sk-ant" not in str(error)
        assert heard == [] and len(opened.journal.calls) == 0


# --- those who leave -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("close", [False, True])
def test_a_login_outlives_the_request_that_had_no_time_for_its_renewal(close: bool, asking: Asking) -> None:
    slow = fail("slow_first_byte", on="token", for_s=1.5)

    async def ask() -> list[Any]:
        came: list[Any] = []
        client = AsyncClient.from_env(options=Options(deadline_s=1.0))
        for _ in range(2):
            came += await asyncio.gather(client.send(asking()), return_exceptions=True)
            if close:
                await client.aclose()
        await client.aclose()
        return came

    with tunnel("anthropic", "oauth", fail("oauth_expired"), slow, reply("Known again.")) as opened:
        late, answer = asyncio.run(ask())

        assert isinstance(late, DeadlineExceeded)
        assert isinstance(answer, Answer) and answer.text == "Known again."
        assert sum(call.path == "/v1/oauth/token" for call in opened.journal.calls) == 1
        assert opened.clock.now() == 1.5


# --- the client around it ----------------------------------------------------------------------------------------------


def test_a_renewal_is_told(asking: Asking) -> None:
    heard: list[Any] = []

    with tunnel("anthropic", "oauth", fail("oauth_expired"), reply("Known again.")):
        answers(asking(), on_event=heard.append)

    assert [event.failure.status for event in heard if isinstance(event, Reauthenticated)] == [401]


def test_tokens_are_counted_where_the_cloud_can(asking: Asking) -> None:
    for provider in CREDENTIALS:
        with tunnel(provider, CREDENTIALS[provider][0]):
            with Client.from_env() as client:
                counted = client.count(asking())

            assert (counted is None) == (provider == "bedrock")


def test_the_client_describes_itself_without_a_secret() -> None:
    with Windtunnel() as opened, Client.from_env(opened.env) as client:
        said = client.describe()

    assert said == {"backend": "anthropic", "base_url": opened.fake.url(said["base_url"]), "credential": "API key"}


def test_retries_of_the_sdk_are_off_and_its_time_out_is_ours(asking: Asking) -> None:
    async def made() -> Any:
        async with AsyncClient.from_env({"ANTHROPIC_API_KEY": "k"}, options=Options(connect_timeout_s=12.5)) as client:
            return await client.backend.sdk()

    sdk = asyncio.run(made())

    # All but the connection is timed by the client itself.
    assert (sdk.max_retries, sdk.timeout) == (0, anthropic.Timeout(None, connect=12.5))


def test_no_secret_is_in_what_a_backend_shows_of_itself() -> None:
    async def held() -> str:
        backend = backends.make(choose(environ), environ)
        shown = [repr(await backend.credentials.current()), repr(backend), repr(vars(backend)["choice"])]
        await backend.aclose()
        return " ".join(shown)

    environ = {"ANTHROPIC_API_KEY": OTHER_KEY}

    assert OTHER_KEY not in asyncio.run(held())


@pytest.mark.parametrize("lacking", ["anthropic", "boto3"])
def test_a_package_that_is_missing_is_named_with_the_extra_that_brings_it(
    lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "is_there", lambda module: module != lacking)
    environ = {"CLAUDE_CODE_USE_BEDROCK": "1", "AWS_REGION": "us-east-1"}

    with pytest.raises(ConfigurationError, match=rf"{lacking}: pip install 'windtunnel\[client\]'"):
        backends.make(choose(environ), environ)


@pytest.mark.parametrize(("location", "regional"), [("global", False), ("us-east5", True), ("eu", True)])
def test_a_location_of_google_that_is_not_global_is_regional(location: str, regional: bool) -> None:
    environ = {
        "CLAUDE_CODE_USE_VERTEX": "1",
        "CLOUD_ML_REGION": location,
        "ANTHROPIC_VERTEX_PROJECT_ID": "a-project",
    }

    assert backends.make(choose(environ), environ).regional is regional
