"""Amazon's credential chain under the official SDK: every kind of credential, handed out, used, ended and renewed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anthropic
import pytest

from windtunnel import Windtunnel, fail
from windtunnel.environments import aws as environments_aws
from windtunnel.fake import pointed_at
from windtunnel_server.identity.aws import Aws
from windtunnel_server.settings import Settings

boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
if not hasattr(anthropic, "AnthropicAWS"):
    pytest.skip("this generation of the SDK has not all of Amazon's clients", allow_module_level=True)

CLIENTS = {
    ("bedrock", "sync"): "AnthropicBedrock",
    ("bedrock", "async"): "AsyncAnthropicBedrock",
    ("bedrock-mantle", "sync"): "AnthropicBedrockMantle",
    ("bedrock-mantle", "async"): "AsyncAnthropicBedrockMantle",
    ("aws", "sync"): "AnthropicAWS",
    ("aws", "async"): "AsyncAnthropicAWS",
}
MODELS = {
    "bedrock": "us.anthropic.claude-sonnet-4-6",
    "bedrock-mantle": "anthropic.claude-sonnet-4-6",
    "aws": "claude-sonnet-4-6",
}
#: Who is asked on the way to a credential.
ISSUERS = {
    "assume_role": ["aws_sts"],
    "web_identity": ["aws_sts"],
    "sso": ["aws_sso"],
    "container": ["aws_container"],
    "instance": ["aws_instance", "aws_instance", "aws_instance"],
}
HOUR = 3600.0


@dataclass
class Run:
    """A tunnel with Amazon's doors, and a client of one of them."""

    tunnel: Windtunnel
    aws: Aws
    env: dict[str, str]
    folder: Path
    provider: str
    way: str

    def client(self, **options: Any) -> Any:
        kind = getattr(anthropic, CLIENTS[self.provider, self.way])
        http = anthropic.DefaultHttpxClient if self.way == "sync" else anthropic.DefaultAsyncHttpxClient
        return kind(**{"http_client": http(verify=False)} | options)

    def ask(self, *, times: int = 1, between: Callable[[], None] = lambda: None, **options: Any) -> Any:
        """Ask so many times with one client; give the last message."""
        asked = {"model": MODELS[self.provider], "max_tokens": 20, "messages": [{"role": "user", "content": "Hello"}]}
        if self.way == "async":
            return asyncio.run(self._ask(asked, times, between, options))
        with self.client(**options) as client:
            for number in range(times):
                if number:
                    between()
                message = client.messages.create(**asked)
        return message

    async def _ask(self, asked: dict[str, Any], times: int, between: Callable[[], None], options: Any) -> Any:
        async with self.client(**options) as client:
            for number in range(times):
                if number:
                    between()
                message = await client.messages.create(**asked)
        return message

    @property
    def went(self) -> list[tuple[str, int | None]]:
        return [(entry.provider, entry.status) for entry in self.tunnel.journal.calls]


@pytest.fixture
def given() -> Iterator[Callable[..., Run]]:
    """Open a tunnel, and hand the environment of one kind of credential to this process."""
    with ExitStack() as stack:

        def hand(kind: str, provider: str = "bedrock", way: str = "sync", **options: Any) -> Run:
            tunnel = Windtunnel(provider=provider, settings=Settings(credential=kind))
            tunnel.fake.aws = Aws(tunnel.clock, **options)
            stack.enter_context(tunnel)
            env = tunnel.env
            stack.enter_context(pointed_at(env))
            return Run(tunnel, tunnel.fake.aws, env, Path(env["AWS_CONFIG_FILE"]).parents[1], provider, way)

        yield hand


@pytest.fixture(params=["sync", "async"])
def way(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.parametrize("provider", environments_aws.PROVIDERS)
@pytest.mark.parametrize("kind", environments_aws.CREDENTIALS)
def test_every_kind_of_credential_gets_in_at_every_door(given: Callable[..., Run], kind: str, provider: str, way: str):
    run = given(kind, provider, way)

    message = run.ask()

    assert message.type == "message" and message.content[0].text
    assert run.went == [*((issuer, 200) for issuer in ISSUERS.get(kind, [])), (provider, 200)]


#: Signed with a key that ends; the SDK's own chain renews all but the first, which nobody can.
@pytest.mark.parametrize("kind", ["assume_role", "web_identity", "sso", "container", "instance"])
def test_a_credential_is_renewed_before_it_ends(given: Callable[..., Run], kind: str, way: str):
    run = given(kind, way=way)

    run.ask(times=2, between=lambda: run.tunnel.clock.sleep(HOUR - 60))

    statuses = [status for provider, status in run.went if provider == "bedrock"]
    tokens = {e.header("x-amz-security-token") for e in run.tunnel.journal.calls if e.provider == "bedrock"}
    assert statuses == [200, 200]
    assert len(tokens) == 2


@pytest.mark.parametrize(
    ("provider", "error", "code"),
    [
        ("bedrock", anthropic.PermissionDeniedError, "ExpiredTokenException"),
        ("bedrock-mantle", anthropic.AuthenticationError, "authentication_error"),
        ("aws", anthropic.PermissionDeniedError, "ExpiredTokenException"),
    ],
)
def test_a_session_in_the_environment_ends_and_nobody_renews_it(
    given: Callable[..., Run], provider: str, error: type[Exception], code: str, way: str
):
    run = given("session", provider, way)

    with pytest.raises(error, match="The security token included in the request is expired"):
        run.ask(times=2, between=lambda: run.tunnel.clock.sleep(HOUR))

    assert run.went == [(provider, 200), (provider, error.status_code)]  # type: ignore[attr-defined]
    assert run.tunnel.journal.calls[-1].error_type == code


def test_a_key_that_ends_sooner_than_its_holder_was_told_is_refused(given: Callable[..., Run], way: str):
    run = given("container", way=way, lifetime_s=60.0, said_s=HOUR)

    with pytest.raises(anthropic.PermissionDeniedError, match="expired"):
        run.ask(times=2, between=lambda: run.tunnel.clock.sleep(61.0))


@pytest.mark.parametrize("kind", ["environment", "assume_role", "bearer"])
def test_a_key_that_was_taken_back_between_two_calls_is_refused(given: Callable[..., Run], kind: str):
    run = given(kind)

    def take_back() -> None:
        keys = run.aws.keys
        for known in (*keys._known, *keys._bearers):
            keys.revoke(known)

    words = (
        "make sure your API Key is valid" if kind == "bearer" else "security token included in the request is invalid"
    )
    with pytest.raises(anthropic.PermissionDeniedError, match=words):
        run.ask(times=2, between=take_back)


def test_a_service_whose_clock_is_ahead_takes_no_signature(given: Callable[..., Run], way: str):
    run = given("environment", way=way)
    run.aws.keys.skew_s = 600.0

    with pytest.raises(anthropic.PermissionDeniedError, match="Signature expired: .* is now earlier than"):
        run.ask()


@pytest.mark.parametrize("provider", environments_aws.PROVIDERS)
def test_a_client_with_the_wrong_secret_is_refused(given: Callable[..., Run], provider: str):
    run = given("environment", provider)
    wrong = {"aws_access_key": run.aws.keys.user.id, "aws_secret_key": "wrong"}

    with pytest.raises(anthropic.APIStatusError, match="does not match the signature you provided") as raised:
        run.ask(**wrong)

    assert raised.value.status_code == (401 if provider == "bedrock-mantle" else 403)


@pytest.mark.parametrize("provider", environments_aws.PROVIDERS)
def test_a_client_in_the_wrong_region_is_refused(given: Callable[..., Run], provider: str):
    run = given("environment", provider)

    with pytest.raises(anthropic.APIStatusError, match="should be scoped to a valid region, not 'eu-central-1'"):
        run.ask(aws_region="eu-central-1")


@pytest.mark.parametrize("provider", environments_aws.PROVIDERS)
def test_a_wrong_bearer_key_is_refused(given: Callable[..., Run], provider: str):
    run = given("bearer", provider)
    words = "Invalid bearer token" if provider == "bedrock-mantle" else "Please make sure your API Key is valid."

    with pytest.raises(anthropic.APIStatusError, match=words):
        run.ask(api_key="ABSKwrong")


def test_the_platforms_key_is_taken_from_either_header(given: Callable[..., Run]):
    run = given("bearer", "aws")
    headers = {"x-api-key": run.env["ANTHROPIC_AWS_API_KEY"], "Authorization": ""}

    assert run.ask(skip_auth=True, workspace_id=run.env["ANTHROPIC_AWS_WORKSPACE_ID"], default_headers=headers)


# --- issuers that fail -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["rate_limited", "internal_error", "unavailable"])
@pytest.mark.parametrize("kind", ["assume_role", "web_identity", "container", "sso", "instance"])
def test_an_issuer_that_fails_once(given: Callable[..., Run], kind: str, what: str):
    run = given(kind)
    run.tunnel.script(fail(what, on="token"))

    if kind == "instance":
        # botocore asks the metadata service once, and takes its failure for having no credentials.
        with pytest.raises(RuntimeError, match="Could not resolve AWS credentials"):
            run.ask()
        return
    message = run.ask()

    assert message.type == "message"
    statuses = [status for provider, status in run.went if provider == f"aws_{ISSUERS[kind][0][4:]}"]
    assert statuses[-1] == 200 and len(statuses) == 2 and (statuses[0] or 0) >= 400


def test_an_issuer_that_is_slow_is_given_up(given: Callable[..., Run]):
    run = given("instance")
    run.tunnel.script(fail("stall_before_headers", for_s=30, on="token"))

    with pytest.raises(RuntimeError, match="Could not resolve AWS credentials"):
        run.ask()

    # botocore waits one second for the metadata service.
    assert run.tunnel.clock.now() == pytest.approx(1.0, abs=0.01)


def test_a_logged_out_person_has_no_credentials(given: Callable[..., Run]):
    run = given("sso")
    run.aws.sso.log_out()

    with pytest.raises(
        Exception, match="Session token not found or invalid|SSO session|expired or is otherwise invalid"
    ):
        run.ask()


def test_a_process_prints_what_it_is_given(given: Callable[..., Run]):
    run = given("process")

    def renew() -> None:
        run.tunnel.clock.sleep(HOUR)
        environments_aws.write_process_credentials(run.folder, run.aws.keys.session(name="process"))

    run.ask(times=2, between=renew)

    assert run.went == [("bedrock", 200)] * 2


# --- the fence -----------------------------------------------------------------------------------------------------

_DECOY = "AKIAIOSFODNN7EXAMPLE"


@pytest.fixture
def decoys(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Credentials of the machine's own, wherever botocore looks for them."""
    home = tmp_path_factory.mktemp("home")
    (home / ".aws").mkdir()
    keys = f"aws_access_key_id = {_DECOY}\naws_secret_access_key = decoy\n"
    (home / ".aws" / "credentials").write_text(f"[default]\n{keys}[decoy]\n{keys}")
    (home / ".aws" / "config").write_text(f"[default]\nregion = eu-west-3\n[profile decoy]\n{keys}")
    (home / ".boto").write_text(f"[Credentials]\n{keys}")
    monkeypatch.setenv("HOME", str(home))
    for name, value in {
        "AWS_ACCESS_KEY_ID": _DECOY,
        "AWS_SECRET_ACCESS_KEY": "decoy",
        "AWS_SESSION_TOKEN": "decoy",
        "AWS_PROFILE": "decoy",
        "AWS_REGION": "eu-west-3",
        "AWS_BEARER_TOKEN_BEDROCK": "decoy",
        "ANTHROPIC_AWS_API_KEY": "decoy",
        "ANTHROPIC_BEDROCK_BASE_URL": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1",
        "AWS_CREDENTIAL_FILE": str(home / ".aws" / "credentials"),
        "BOTO_CONFIG": str(home / ".boto"),
    }.items():
        monkeypatch.setenv(name, value)
    return home


@pytest.mark.usefixtures("decoys")
@pytest.mark.parametrize("provider", environments_aws.PROVIDERS)
@pytest.mark.parametrize("kind", environments_aws.CREDENTIALS)
def test_the_machines_own_credentials_are_passed_over(given: Callable[..., Run], kind: str, provider: str):
    run = given(kind, provider)

    run.ask()

    assert [status for _, status in run.went] == [200] * len(run.went)


@pytest.mark.usefixtures("decoys")
def test_a_client_whose_own_are_gone_does_not_fall_back_on_the_machines(
    given: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
):
    run = given("environment")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(RuntimeError, match="Could not resolve AWS credentials"):
        run.ask()


def test_the_sessions_of_one_tunnel_are_not_those_of_the_next(given: Callable[..., Run]):
    first = given("assume_role", seed=1)
    first.ask()
    first.tunnel.stop()

    second = given("assume_role", seed=2)
    second.ask()

    assert second.went == [("aws_sts", 200), ("bedrock", 200)]


# --- boto3 and the token service -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["environment", "assume_role", "web_identity", "sso", "container", "instance"])
def test_boto3_learns_who_it_is(given: Callable[..., Run], kind: str):
    given(kind)

    said = boto3.client("sts").get_caller_identity()

    assert said["Account"] == "111122223333"
    assert ("assumed-role" in said["Arn"]) == (kind != "environment")


def test_boto3_is_let_in_by_the_chain(given: Callable[..., Run]):
    run = given("assume_role")
    client = boto3.client("bedrock-runtime")

    said = client.converse(
        modelId=MODELS["bedrock"],
        messages=[{"role": "user", "content": [{"text": "Hello"}]}],
        inferenceConfig={"maxTokens": 20},
    )

    assert said["output"]["message"]["content"][0]["text"]
    assert run.went == [("aws_sts", 200), ("bedrock", 200)]


def test_nothing_of_a_credential_stays_in_the_journal(given: Callable[..., Run]):
    run = given("assume_role")
    run.ask()
    key = next(known.key for id, known in run.aws.keys._known.items() if id.startswith("ASIA"))

    kept = repr([entry.to_json() for entry in run.tunnel.journal.calls])

    assert key.secret not in kept and str(key.token) not in kept
    assert "AssumeRole" in kept


@pytest.mark.parametrize("kind", ["instance", "sso", "web_identity"])
def test_nor_does_what_an_issuer_is_asked_with(given: Callable[..., Run], kind: str):
    run = given(kind)
    run.ask()

    kept = [entry.to_json() for entry in run.tunnel.journal.calls]
    headers = {name.lower(): value for entry in kept for name, value in entry["headers"]}

    assert "windtunnel-not-a-real" not in repr(kept)
    for name in ("x-aws-ec2-metadata-token", "x-amz-sso_bearer_token", "x-amz-security-token"):
        assert headers.get(name, "***").startswith("***")


SHORT = ["assume_role", "web_identity", "sso", "container"]


@pytest.mark.parametrize("kind", SHORT)
def test_boto3_fetches_a_key_that_is_too_short_for_its_foresight_for_every_request(
    given: Callable[..., Run], kind: str
):
    run = given(kind, lifetime_s=60.0)
    client = boto3.client("sts")

    for _ in range(3):
        client.get_caller_identity()
        run.tunnel.clock.sleep(61.0)

    assert {status for _, status in run.went} == {200}
    assert len({entry.header("x-amz-security-token") for entry in run.tunnel.journal.calls} - {None}) == 3


@pytest.mark.parametrize("kind", SHORT)
def test_the_sdk_mixes_two_keys_that_are_too_short_for_its_foresight(given: Callable[..., Run], kind: str):
    # It asks botocore for id, secret and token one by one, and each of them is another key's by then.
    run = given(kind, lifetime_s=60.0)

    with pytest.raises(anthropic.PermissionDeniedError, match="The security token included in the request is invalid"):
        run.ask()

    assert [status for _, status in run.went[:-1]] == [200] * (len(run.went) - 1)
    assert len(run.went) > 2


def test_a_key_of_more_than_fifteen_minutes_is_long_enough_for_the_sdk(given: Callable[..., Run]):
    run = given("assume_role", lifetime_s=1000.0)

    run.ask(times=2, between=lambda: run.tunnel.clock.sleep(50.0))

    assert run.went == [("aws_sts", 200), ("bedrock", 200), ("bedrock", 200)]


@pytest.mark.parametrize("kind", ["assume_role", "sso", "container"])
def test_twenty_calls_whose_key_has_ended_fetch_one_between_them(given: Callable[..., Run], kind: str):
    run = given(kind, way="async")
    asked = {"model": MODELS["bedrock"], "max_tokens": 20, "messages": [{"role": "user", "content": "Hello"}]}

    async def together() -> None:
        async with run.client() as client:
            # The first call of all is alone: until the SDK has a session of botocore, each thread makes one of its own.
            await client.messages.create(**asked)
            run.tunnel.clock.sleep(HOUR + 1)
            await asyncio.gather(*(client.messages.create(**asked) for _ in range(20)))

    asyncio.run(together())

    assert run.went.count((ISSUERS[kind][0], 200)) == 2
    assert run.went.count(("bedrock", 200)) == 21
