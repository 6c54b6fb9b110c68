"""The four backends: the official SDK's class of each, with a credential of ours and its own retries turned off.

The clouds' own libraries (botocore, google-auth, azure-identity) look for credentials in the environment of the process,
whatever other variables a backend is chosen by.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from windtunnel.client import names, packages
from windtunnel.client.credentials.keys import AskKey
from windtunnel.client.credentials.login import OpenPage
from windtunnel.client.credentials.single import Shared
from windtunnel.client.credentials.source import NoCredential, Source
from windtunnel.client.failures import ConfigurationError, Failure
from windtunnel.client.options import Options
from windtunnel.client.request import betas_of
from windtunnel.client.selection import Choice, Name
from windtunnel.client.variables import Environ, custom_headers


@dataclass(frozen=True, slots=True)
class Cloud:
    """What is particular to a backend."""

    #: The SDK's class.
    sdk: str
    model: Callable[[str], str]
    counts_tokens: bool
    #: What has to be there besides the SDK.
    package: str | None = None


CLOUDS: Final[Mapping[Name, Cloud]] = {
    "anthropic": Cloud("AsyncAnthropic", names.as_it_is, counts_tokens=True),
    # The SDK has no way to Bedrock's own counting (wire.md 1.2).
    "bedrock": Cloud("AsyncAnthropicBedrock", names.on_bedrock, counts_tokens=False, package="boto3"),
    "vertex": Cloud("AsyncAnthropicVertex", names.on_vertex, counts_tokens=True, package="google.auth"),
    "foundry": Cloud("AsyncAnthropicFoundry", names.as_it_is, counts_tokens=True),
}


class SdkBackend:
    """A backend as the environment has chosen it."""

    def __init__(self, choice: Choice, environ: Environ, options: Options) -> None:
        self.choice = choice
        self.name: str = choice.backend
        self._cloud = CLOUDS[choice.backend]
        self._options = options
        self._headers = custom_headers(environ)
        self._http: Any = None
        self._sdk: tuple[object, Any] | None = None
        #: Given by `make`.
        self.credentials: Shared

    async def sdk(self) -> Any:
        """Return the SDK's client, with the credential of the hour; another one for another credential."""
        credential = await self.credentials.current()
        if self._sdk is None or self._sdk[0] is not credential:
            self._sdk = (credential, self._made(credential.arguments))
        return self._sdk[1]

    def model(self, name: str) -> str:
        """Return what a model, by its id on the direct API, is called here; an unknown one keeps its name."""
        return self._cloud.model(name)

    @property
    def counts_tokens(self) -> bool:
        return self._cloud.counts_tokens

    @property
    def regional(self) -> bool:
        """Whether the endpoint is one of a region, which costs more (wire.md 8.4). Bedrock is asked by global profiles."""
        return self.name == "vertex" and self.choice.region != "global"

    @property
    def betas(self) -> frozenset[str]:
        """The betas that every request asks for: some have a price."""
        return betas_of(self._headers)

    async def renew(self, failure: Failure) -> bool:
        """Obtain another credential after one was refused: once, however many requests were."""
        return await self.credentials.renew(failure.message)

    def explained(self) -> str:
        """Say where a credential that was refused came from, and what to do."""
        return self.credentials.explained()

    def describe(self) -> dict[str, str]:
        """Say which backend this is, where, and what it proves itself by: no secret."""
        return self.choice.describe()

    async def aclose(self) -> None:
        """Let go of the connections. The next request opens others."""
        try:
            await self.credentials.aclose()  # it may still be using the connections
        finally:
            http, self._http, self._sdk = self._http, None, None
            if http is not None:
                await http.aclose()

    def http(self) -> Any:
        """Return the HTTP library's client: one for the SDK's clients, token endpoints and pages of the account."""
        if self._http is None:
            import anthropic

            self._http = anthropic.DefaultAsyncHttpxClient(verify=_authorities())
        return self._http

    def _made(self, arguments: Mapping[str, Any]) -> Any:
        import anthropic

        made = getattr(anthropic, self._cloud.sdk)
        return made(
            **_place(self.choice),
            **{name: value for name, value in arguments.items() if name != "default_headers"},
            default_headers=self._headers | arguments.get("default_headers", {}),
            http_client=self.http(),
            max_retries=0,
            # The client looks at its clock itself: at heads, whole answers, and streams that say nothing.
            timeout=anthropic.Timeout(None, connect=self._options.connect_timeout_s),
        )


def make(
    choice: Choice,
    environ: Environ | None = None,
    *,
    options: Options | None = None,
    ask_key: AskKey | None = None,
    open_page: OpenPage | None = None,
) -> SdkBackend:
    """Make the backend that was chosen. Nothing is sent before it is used.

    `environ` holds the secrets that `choice` does not (None: that of the process). `ask_key` is asked for a key when
    one is refused, or missing; `open_page` shows a person the page to log in. Raises ConfigurationError where a package
    is missing.
    """
    from windtunnel.client.sources import source_of

    of_entra = "azure.identity" if choice.kind == "entra" else None
    packages.check(f"the backend {choice.backend}", "anthropic", CLOUDS[choice.backend].package, of_entra)
    env = os.environ if environ is None else environ
    backend = SdkBackend(choice, env, options or Options())
    try:
        source: Source = source_of(choice, env, http=backend.http, ask_key=ask_key, open_page=open_page)
    except NoCredential as error:
        raise ConfigurationError(str(error)) from None
    backend.credentials = Shared(source)
    return backend


def _place(choice: Choice) -> dict[str, Any]:
    """Return where the SDK's class is told to go; what is not said is its own to know."""
    said = {
        "anthropic": {"base_url": choice.base_url},
        "bedrock": {"aws_region": choice.region, "base_url": choice.base_url},
        "vertex": {"region": choice.region, "project_id": choice.project, "base_url": choice.base_url},
        "foundry": {"resource": choice.resource, "base_url": choice.base_url},
    }[choice.backend]
    return {name: value for name, value in said.items() if value is not None}


def _authorities() -> ssl.SSLContext:
    return _loaded(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@lru_cache(maxsize=4)
def _loaded(file: str | None, folder: str | None) -> ssl.SSLContext:
    """The authorities that are trusted, loaded once for all clients: that takes 50 ms. The variables are the library's."""
    import httpx2

    return httpx2.create_ssl_context()
