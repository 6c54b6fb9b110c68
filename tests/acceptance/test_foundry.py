"""Claude in Microsoft Foundry, met by the official SDK with keys and with azure-identity's credentials."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anthropic
import pytest

pytest.importorskip("trustme")
pytest.importorskip("azure.identity")
if not hasattr(anthropic, "AnthropicFoundry"):
    pytest.skip("this generation of the SDK has no client for Foundry", allow_module_level=True)

from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import (
    ClientSecretCredential,
    CredentialUnavailableError,
    DefaultAzureCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
    get_bearer_token_provider,
)

from windtunnel import fail, fault, reply
from windtunnel.environments import azure as environments_azure
from windtunnel.environments import trust
from windtunnel.verdicts.sent import read
from windtunnel_server import certificates
from windtunnel_server.certificates import Certificates
from windtunnel_server.clock import VirtualClock
from windtunnel_server.core import Core
from windtunnel_server.identity.api_keys import ApiKeys
from windtunnel_server.identity.entra import Entra
from windtunnel_server.identity.entra.authority import EntraAuthority
from windtunnel_server.identity.entra.metadata import ManagedIdentity
from windtunnel_server.inprocess import InProcess
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.providers.foundry import Foundry
from windtunnel_server.server import Server
from windtunnel_server.settings import RateLimits, Settings
from windtunnel_server.site import Site
from windtunnel_server.threaded import ThreadedServer

SCOPE = "https://ai.azure.com/.default"
KEY = "windtunnel-not-a-real-key-0000"
ASKED: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 1000,
    "messages": [{"role": "user", "content": "Hello, tunnel."}],
}
TOOL: dict[str, Any] = {"name": "look", "description": "Look.", "input_schema": {"type": "object", "properties": {}}}
#: Kinds of credential that renew themselves.
TOKENS = [kind for kind in environments_azure.CREDENTIALS if kind != "api_key"]


@dataclass
class Resource:
    """A Foundry resource of the fake, and what its clients do."""

    core: Core
    server: Server
    entra: Entra
    folder: Path
    trusting: dict[str, str]
    patch: pytest.MonkeyPatch
    closing: ExitStack = field(default_factory=ExitStack)

    @property
    def now(self) -> float:
        return self.core.clock.now()

    def script(self, *steps: Any) -> None:
        self.core.extend_script(steps)

    def enter(self, kind: str) -> None:
        """Set the environment of a client with that kind of credential, and of no other."""
        env = environments_azure.azure(kind, self.server.url, api_key=KEY, entra=self.entra, folder=self.folder)
        for name in environments_azure.misleading(env, os.environ):
            self.patch.delenv(name)
        for name, value in (env | self.trusting).items():
            self.patch.setenv(name, value)

    def calls(self, part: str = "/messages") -> list[Any]:
        self.server.settle()
        return [call for call in self.core.journal.calls if part in call.path]

    def statuses(self, part: str = "/messages") -> list[int | None]:
        return [call.status for call in self.calls(part)]

    def provider(self, credential: Any) -> Callable[[], str]:
        self.closing.callback(credential.close)
        return get_bearer_token_provider(credential, SCOPE)


@pytest.fixture(scope="module")
def made() -> Certificates:
    return certificates.make()


@pytest.fixture
def resource(made: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Resource]]:
    """Open one: `resource(*steps, settings=…, foundry={…}, entra={…})`, on virtual time and over TLS."""
    with ExitStack() as stack:

        def opened(*steps: Any, foundry: Any = None, entra: Any = None) -> Resource:
            clock = VirtualClock()
            directory = Entra(clock, **entra or {})
            door = Foundry(clock, entra=directory, **foundry or {})
            issuers = (EntraAuthority(directory), ManagedIdentity(directory))
            site = Site({"": lambda: (Anthropic(clock), ()), "/foundry": lambda: (door, issuers)})
            site.open("/foundry")
            core = Core(site, clock)
            core.extend_script(steps)
            inprocess = InProcess(clock)
            server = Server(core, inprocess=inprocess, tls=made.context)
            inprocess.enter()
            stack.callback(inprocess.exit)
            threaded = ThreadedServer(server, inprocess)
            threaded.start()
            stack.callback(threaded.stop)
            trusting = trust.variables(made.authority, tmp_path)
            found = Resource(core, server, directory, tmp_path, trusting, monkeypatch)
            stack.callback(found.closing.close)
            return found

        yield opened


@dataclass
class Client:
    """The SDK's client for Foundry, sync or async, called in one way."""

    resource: Resource
    way: str
    options: dict[str, Any]
    runner: asyncio.Runner | None = None

    def __enter__(self) -> Client:
        if self.way == "async":
            self.runner = asyncio.Runner()
            self.inner: Any = self.run(lambda: anthropic.AsyncAnthropicFoundry(**self.options))
        else:
            self.inner = anthropic.AnthropicFoundry(**self.options)
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self.inner.close)
        if self.runner is not None:
            self.runner.close()

    def run(self, ask: Callable[[], Any]) -> Any:
        if self.runner is None:
            return ask()

        async def waited() -> Any:
            given = ask()
            return await given if hasattr(given, "__await__") else given

        return self.runner.run(waited())

    def create(self, **changes: Any) -> Any:
        return self.run(lambda: self.inner.messages.create(**ASKED | changes))

    def count(self) -> int:
        asked = {name: value for name, value in ASKED.items() if name != "max_tokens"}
        return int(self.run(lambda: self.inner.messages.count_tokens(**asked)).input_tokens)

    def streamed(self, **changes: Any) -> Any:
        """The message that a stream adds up to."""

        async def streaming() -> Any:
            async with self.inner.messages.stream(**ASKED | changes) as stream:
                return await stream.get_final_message()

        if self.runner is not None:
            return self.runner.run(streaming())
        with self.inner.messages.stream(**ASKED | changes) as stream:
            return stream.get_final_message()


@pytest.fixture(params=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[..., Client]]:
    """`connect(resource, **options)`: a client with a key, unless options say otherwise."""
    with ExitStack() as stack:

        def connected(resource: Resource, **options: Any) -> Client:
            if "azure_ad_token_provider" not in options:
                resource.enter("api_key")
            return stack.enter_context(Client(resource, request.param, options))

        yield connected


def text(message: Any) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


# --- the door, with a key --------------------------------------------------------------------------------------------


def test_an_answer_whole_and_streamed(resource: Any, connect: Any) -> None:
    found = resource(reply("Hello"), reply("Hello again"))
    client = connect(found)

    whole, streamed = client.create(), client.streamed()

    assert (text(whole), whole.model) == ("Hello", "claude-haiku-4-5-20251001")
    assert (text(streamed), streamed.usage.input_tokens) == ("Hello again", whole.usage.input_tokens)
    sent = found.calls()[0]
    assert sent.path == "/foundry/anthropic/v1/messages"
    assert {name.lower() for name, _ in sent.headers} >= {"x-api-key", "api-key", "anthropic-version"}
    assert KEY not in repr(sent.headers)
    assert [read(call).text for call in found.calls()] == ["Hello", "Hello again"]


def test_a_tool_is_called_and_its_result_taken(resource: Any, connect: Any) -> None:
    found = resource(reply(tool_use={"name": "look", "input": {}}), reply("Seen."))
    client = connect(found)

    first = client.create(tools=[TOOL])
    use = first.content[-1]
    result = {"type": "tool_result", "tool_use_id": use.id, "content": "a tunnel"}
    turns = [
        *ASKED["messages"],
        {"role": "assistant", "content": [use.model_dump(include={"type", "id", "name", "input"})]},
    ]
    second = client.create(tools=[TOOL], messages=[*turns, {"role": "user", "content": [result]}])

    assert (first.stop_reason, use.id[:8], text(second)) == ("tool_use", "toolu_01", "Seen.")


def test_counting_tokens_agrees_with_the_answer(resource: Any, connect: Any) -> None:
    client = connect(resource())

    assert client.count() == client.create().usage.input_tokens


def test_any_name_is_a_deployment_unless_they_are_given(resource: Any, connect: Any) -> None:
    client = connect(resource(foundry={"deployments": {"mine": "claude-opus-4-8"}}), max_retries=0)

    assert client.create(model="mine").model == "claude-opus-4-8"
    with pytest.raises(anthropic.NotFoundError, match="API deployment for this resource does not exist") as raised:
        client.create()
    assert raised.value.body["error"]["code"] == "DeploymentNotFound"


def test_a_429_is_waited_out_and_shows_no_limits(resource: Any, connect: Any) -> None:
    found = resource(fail("rate_limited", retry_after=7), reply("Hello"))
    client = connect(found)

    assert text(client.create()) == "Hello"

    limited = found.calls()[0]
    assert (limited.status, limited.error_type, found.now) == (429, "RateLimitReached", 7.0)
    names = {name.lower() for call in found.calls() for name, _ in call.response_headers}
    assert not any(name.startswith("anthropic-") for name in names)
    assert {"request-id", "apim-request-id"} <= names


def test_a_limit_of_the_settings_is_met_in_azures_words(resource: Any, connect: Any) -> None:
    found = resource(foundry={"settings": Settings(rate_limit=RateLimits(requests_per_minute=1))})
    client = connect(found, max_retries=0)
    client.create()

    with pytest.raises(anthropic.RateLimitError, match="exceeded the rate limit") as raised:
        client.create()

    assert raised.value.body["error"]["code"] == "RateLimitReached"
    assert int(raised.value.response.headers["retry-after"]) > 0


def test_an_error_of_the_model_is_in_first_party_shape(resource: Any, connect: Any) -> None:
    found = resource(fail("overloaded"), fail("internal_error"), fail("prompt_too_long"))
    client = connect(found, max_retries=0)
    met: list[tuple[int, str | None]] = []

    for _ in range(3):
        with pytest.raises(anthropic.APIStatusError) as raised:
            client.create()
        met.append((raised.value.status_code, raised.value.type))
        assert raised.value.body["request_id"] == raised.value.request_id

    assert met == [(529, "overloaded_error"), (500, "api_error"), (400, "invalid_request_error")]


def test_an_overflow_says_by_how_much(resource: Any, connect: Any) -> None:
    client = connect(resource(foundry={"settings": Settings(context_window=20)}), max_retries=0)

    with pytest.raises(anthropic.BadRequestError, match=r"prompt is too long: \d+ tokens > 20 maximum"):
        client.create(messages=[{"role": "user", "content": "many words " * 50}])


def test_a_stream_that_turns_into_an_error(resource: Any, connect: Any) -> None:
    found = resource(fail("error_event", after_events=3, text="Hello there, client."))
    client = connect(found, max_retries=0)

    with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
        client.streamed()

    assert found.calls()[0].error_type == "overloaded_error"


@pytest.mark.parametrize("name", ["reset_mid_body", "close_mid_stream", "reset_before_headers"])
def test_a_broken_stream_is_met_over_tls(resource: Any, connect: Any, name: str) -> None:
    found = resource(reply("Hello there.", faults=[fault(name)]))
    client = connect(found, max_retries=0)

    with pytest.raises(Exception) as raised:  # noqa: PT011 - whatever its class is
        client.streamed()

    assert not isinstance(raised.value, anthropic.APIStatusError)
    assert found.calls()[0].faults == (name,)


def test_a_stall_ends_at_the_clients_own_timeout(resource: Any, connect: Any) -> None:
    found = resource(reply("Hello", faults=[fault("stall", for_s=7200.0, after_events=1)]))
    client = connect(found, max_retries=0, timeout=30.0)

    with pytest.raises((anthropic.APITimeoutError, Exception)):
        client.streamed()

    assert found.now == pytest.approx(30.0, abs=1.0)


def test_a_wrong_key_is_refused_in_azures_words(resource: Any, connect: Any) -> None:
    found = resource(foundry={"keys": ApiKeys(frozenset({"another-key"}))})
    client = connect(found)

    with pytest.raises(anthropic.AuthenticationError, match="invalid subscription key or wrong API endpoint") as raised:
        client.create()

    assert (raised.value.body["error"]["code"], found.statuses()) == ("401", [401])


def test_what_is_not_offered_is_refused(resource: Any, connect: Any) -> None:
    client = connect(resource(), max_retries=0)

    with pytest.raises(anthropic.NotFoundError, match="Requested API is currently not supported"):
        client.run(lambda: client.inner.get("/v1/models", cast_to=object))
    with pytest.raises(anthropic.BadRequestError, match="fallbacks"):
        client.create(extra_body={"fallbacks": []})


# --- tokens by Entra -------------------------------------------------------------------------------------------------


def credential(kind: str) -> Any:
    """What a program makes of the environment it finds; instance discovery would ask Microsoft itself."""
    if kind in ("managed_identity", "machine_identity"):
        return ManagedIdentityCredential()
    if kind == "workload_identity":
        return WorkloadIdentityCredential()
    names = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
    return ClientSecretCredential(*(os.environ[name] for name in names), disable_instance_discovery=True)


@pytest.mark.parametrize("default", [False, True], ids=["named", "default"])
@pytest.mark.parametrize("kind", TOKENS)
def test_a_credential_gets_in_and_is_renewed_when_its_time_is_up(resource: Any, kind: str, default: bool) -> None:
    found = resource(entra={"lifetime_s": 3600.0})
    found.enter(kind)
    asked = DefaultAzureCredential(disable_instance_discovery=True) if default else credential(kind)
    provider = found.provider(asked)

    with anthropic.AnthropicFoundry(azure_ad_token_provider=provider) as client:
        client.messages.create(**ASKED)
        client.messages.create(**ASKED)
        time.sleep(3601)
        client.messages.create(**ASKED)

    assert found.statuses() == [200] * 3
    assert found.statuses("token") == [200] * 2
    shown = [call.header("authorization") for call in found.calls()]
    assert shown[0] == shown[1] != shown[2]
    assert all(call.confidential and not call.sent for call in found.calls("token"))


@pytest.mark.parametrize("kind", TOKENS)
def test_the_async_credentials_get_in_as_well(resource: Any, kind: str) -> None:
    from azure.core.pipeline.transport import AsyncioRequestsTransport
    from azure.identity import aio

    found = resource()
    found.enter(kind)

    async def ask() -> Any:
        made = aio.DefaultAzureCredential(transport=AsyncioRequestsTransport())
        async with (
            made,
            anthropic.AsyncAnthropicFoundry(
                azure_ad_token_provider=aio.get_bearer_token_provider(made, SCOPE)
            ) as client,
        ):
            await client.messages.create(**ASKED)
            await asyncio.sleep(3601)
            return await client.messages.create(**ASKED)

    assert asyncio.run(ask()).model == "claude-haiku-4-5-20251001"
    assert (found.statuses(), found.statuses("token")) == ([200, 200], [200, 200])


def test_an_hour_that_ends_early_is_a_401_which_the_sdk_does_not_cure(resource: Any) -> None:
    """The provider is asked each time and gives its token on until the time it was told of."""
    found = resource(entra={"lifetime_s": 60.0, "said_s": 3600.0})
    found.enter("managed_identity")
    provider = found.provider(ManagedIdentityCredential())

    with anthropic.AnthropicFoundry(azure_ad_token_provider=provider) as client:
        client.messages.create(**ASKED)
        time.sleep(61)
        with pytest.raises(anthropic.AuthenticationError, match="Access token is missing, invalid"):
            client.messages.create(**ASKED)

    assert (found.statuses(), found.statuses("token")) == ([200, 401], [200])


def test_a_token_taken_back_between_two_calls_is_refused(resource: Any) -> None:
    found = resource()
    found.enter("workload_identity")
    provider = found.provider(WorkloadIdentityCredential())

    with anthropic.AnthropicFoundry(azure_ad_token_provider=provider) as client:
        client.messages.create(**ASKED)
        found.entra.revoke_all()
        with pytest.raises(anthropic.AuthenticationError):
            client.messages.create(**ASKED)

    assert found.statuses() == [200, 401]


def test_a_flipped_bit_of_a_token_is_refused(resource: Any) -> None:
    found = resource()
    found.enter("managed_identity")
    good = found.provider(ManagedIdentityCredential())()
    flipped = good[:-10] + ("A" if good[-10] != "A" else "B") + good[-9:]

    with (
        anthropic.AnthropicFoundry(azure_ad_token_provider=lambda: flipped) as client,
        pytest.raises(anthropic.AuthenticationError),
    ):
        client.messages.create(**ASKED)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"AZURE_CLIENT_SECRET": "wrong"}, "AADSTS7000215"),
        ({"AZURE_TENANT_ID": "00000000-0000-0000-0000-000000000000"}, "authority configuration"),
        ({"AZURE_CLIENT_ID": "00000000-0000-0000-0000-000000000000"}, "AADSTS700016"),
    ],
)
def test_a_wrong_name_or_secret_is_refused_in_entras_words(resource: Any, change: dict[str, str], code: str) -> None:
    found = resource()
    found.enter("entra_secret")
    for name, value in change.items():
        found.patch.setenv(name, value)
    provider = found.provider(credential("entra_secret"))

    with pytest.raises((ClientAuthenticationError, ValueError), match=code):
        provider()


def test_a_secret_that_has_ended_is_told_from_a_wrong_one(resource: Any) -> None:
    found = resource()
    found.enter("entra_secret")
    found.entra.expire_secret()
    provider = found.provider(credential("entra_secret"))

    with pytest.raises(ClientAuthenticationError, match="AADSTS7000222"):
        provider()


def test_a_token_for_another_service_opens_no_door_here(resource: Any) -> None:
    found = resource()
    found.enter("entra_secret")
    made = credential("entra_secret")
    found.closing.callback(made.close)
    provider = get_bearer_token_provider(made, "https://management.azure.com/.default")

    with (
        anthropic.AnthropicFoundry(azure_ad_token_provider=provider) as client,
        pytest.raises(anthropic.AuthenticationError, match="audience is incorrect"),
    ):
        client.messages.create(**ASKED)

    with pytest.raises(ClientAuthenticationError, match="AADSTS500011"):
        made.get_token("https://nobody.example/.default")


def test_a_stale_assertion_is_refused(resource: Any) -> None:
    found = resource()
    found.enter("workload_identity")
    Path(os.environ["AZURE_FEDERATED_TOKEN_FILE"]).write_text(found.entra.assertion(lifetime_s=-1000.0))
    provider = found.provider(WorkloadIdentityCredential())

    with pytest.raises(ClientAuthenticationError, match="AADSTS700024"):
        provider()


def test_an_issuer_whose_clock_is_ahead_refuses_assertions(resource: Any) -> None:
    found = resource(entra={"skew_s": 40 * 86400.0})
    found.enter("workload_identity")
    provider = found.provider(WorkloadIdentityCredential())

    with pytest.raises(ClientAuthenticationError, match="AADSTS700024"):
        provider()


@pytest.mark.parametrize("kind", TOKENS)
def test_an_issuer_that_fails_is_asked_again(resource: Any, kind: str) -> None:
    """azure-identity's own retries, at the instants it asks by the issuer's hint."""
    found = resource(fail(429, on="token", retry_after=5), fail(503, on="token"))
    found.enter(kind)
    provider = found.provider(credential(kind))

    assert provider()

    assert found.statuses("token") == [429, 503, 200]
    assert found.now >= 5.0


@pytest.mark.parametrize("kind", TOKENS)
def test_an_issuer_that_is_slow_is_waited_for(resource: Any, kind: str) -> None:
    found = resource(fail("stall_before_headers", for_s=20.0, on="token"))
    found.enter(kind)
    provider = found.provider(credential(kind))

    provider()

    assert found.now == pytest.approx(20.0)


def test_an_issuer_that_fails_for_good_is_told_of(resource: Any) -> None:
    found = resource(fail(500, on="token", times="forever"))
    found.enter("entra_secret")
    provider = found.provider(credential("entra_secret"))

    with pytest.raises((ClientAuthenticationError, HttpResponseError), match="HTTP Error: 500"):
        provider()
    assert found.calls("token")[-1].error_type == "temporarily_unavailable"


def test_an_identity_that_is_not_assigned_is_no_identity(resource: Any) -> None:
    found = resource()
    found.enter("machine_identity")
    provider = found.provider(ManagedIdentityCredential(client_id="00000000-0000-0000-0000-000000000000"))

    with pytest.raises((ClientAuthenticationError, CredentialUnavailableError), match="Identity not found"):
        provider()


def test_nothing_of_a_secret_is_in_the_journal(resource: Any) -> None:
    found = resource()
    for kind in TOKENS:
        found.enter(kind)
        found.provider(credential(kind))()

    told = repr([call.to_json() for call in found.core.journal.calls])

    for secret in (found.entra.client_secret, found.entra.identity_header, "eyJ"):
        assert secret not in told


def test_the_machines_own_authorities_are_still_trusted(resource: Any) -> None:
    found = resource()
    own = ssl.create_default_context().cert_store_stats()["x509_ca"]

    found.enter("api_key")

    assert ssl.create_default_context().cert_store_stats()["x509_ca"] == own + 1
