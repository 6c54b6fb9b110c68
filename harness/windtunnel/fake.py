"""The fake behind its address: its doors, its issuers, and what a client of each is given to find them."""

from __future__ import annotations

import os
import shutil
import ssl
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final
from unittest.mock import patch

from windtunnel.environments import anthropic, aws, azure, google, trust
from windtunnel_server import certificates
from windtunnel_server.clock import Clock
from windtunnel_server.core import Core, Provider
from windtunnel_server.identity.api_keys import ApiKeys
from windtunnel_server.identity.oauth import OAuth
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.script import unknown_word
from windtunnel_server.settings import CLOUDS, CREDENTIALS, Settings
from windtunnel_server.site import Issuer, Site

if TYPE_CHECKING:
    from windtunnel_server.identity.aws import Aws
    from windtunnel_server.identity.entra import Entra
    from windtunnel_server.identity.google import Google

#: Every provider with the path of its door: the four, then the other doors of two of their clouds.
DOORS: Final[Mapping[str, str]] = {
    "anthropic": "",
    "bedrock": "/bedrock",
    "vertex": "/vertex",
    "foundry": "/foundry",
    "bedrock-mantle": "/bedrock-mantle",
    "aws": "/aws",
    "google-cloud": "/google-cloud",
}
#: The four that scenarios speak of.
PROVIDERS: Final = tuple(name for name in DOORS if name not in CLOUDS)

#: Their clients know no https for a metadata service, whatever address they are given.
_PLAIN_ONLY: Final = frozenset({"metadata", "instance", "container"})

_Built = tuple[Provider, Sequence[Issuer]]


class Fake:
    """A core with all its doors, on a clock. What serves it, a socket or memory, comes from outside.

    `keys` limits the API keys that are let in (None: any, or none where `settings` want another credential). `tls` makes
    certificates for `host`; it needs the package trustme (`NoTls`).
    """

    def __init__(
        self,
        clock: Clock,
        *,
        seed: int = 0,
        settings: Settings | None = None,
        provider: str = "anthropic",
        keys: frozenset[str] | None = None,
        tls: bool = False,
        host: str = "127.0.0.1",
    ) -> None:
        self.provider = known(provider)
        #: The fake's own certificate authority, made on the spot; None: it speaks plain HTTP.
        self.certificates = certificates.make(host) if tls else None
        self.settings = settings or Settings()
        self._clock, self._seed, self._keys = clock, seed, keys
        #: The API keys of the direct door: they can be disabled, and bound to a workspace, between two calls.
        self.keys = self._gate("anthropic")
        self._folder: Path | None = None
        self.site = Site({DOORS[name]: build for name, build in self._builders.items()})
        self.core = Core(self.site, clock, seed=seed)

    # --- what is behind the doors; each is made when it is first asked for ------------------------------------------

    @property
    def _builders(self) -> Mapping[str, Callable[[], _Built]]:
        return {
            "anthropic": self._anthropic,
            "bedrock": self._bedrock,
            "vertex": self._vertex,
            "foundry": self._foundry,
            "bedrock-mantle": self._mantle,
            "aws": self._aws_platform,
            "google-cloud": self._google_cloud,
        }

    @cached_property
    def oauth(self) -> OAuth:
        """The issuer of Anthropic's tokens."""
        return OAuth(self._clock, seed=self._seed, lifetime_s=self.settings.token_lifetime)

    @cached_property
    def aws(self) -> Aws:
        """Amazon's keys and those who hand them out."""
        from windtunnel_server.identity.aws import Aws

        return Aws(self._clock, seed=self._seed, lifetime_s=self.settings.token_lifetime)

    @cached_property
    def google(self) -> Google:
        """Google's accounts and tokens."""
        from windtunnel_server.identity.google import Google

        return Google(self._clock, seed=self._seed, lifetime_s=self.settings.token_lifetime)

    @cached_property
    def entra(self) -> Entra:
        """Microsoft's directory."""
        from windtunnel_server.identity.entra import Entra

        return Entra(self._clock, seed=self._seed, lifetime_s=self.settings.token_lifetime)

    def _gate(self, provider: str) -> ApiKeys:
        takes_keys = self.settings.credential_on(provider) in ("api_key", None)
        return ApiKeys(self._keys if takes_keys or self._keys is not None else frozenset())

    def _anthropic(self) -> _Built:
        return Anthropic(self._clock, seed=self._seed, keys=self.keys, settings=self.settings, oauth=self.oauth), ()

    def _bedrock(self) -> _Built:
        from windtunnel_server.providers.bedrock import Bedrock

        gate = self.aws.gate("bedrock")
        return Bedrock(self._clock, seed=self._seed, settings=self.settings, gate=gate), self.aws.issuers

    def _mantle(self) -> _Built:
        from windtunnel_server.providers.mantle import Mantle

        return Mantle(self._clock, self.aws, seed=self._seed, settings=self.settings), self.aws.issuers

    def _aws_platform(self) -> _Built:
        from windtunnel_server.providers.aws_platform import AwsPlatform

        return AwsPlatform(self._clock, self.aws, seed=self._seed, settings=self.settings), self.aws.issuers

    def _vertex(self) -> _Built:
        from windtunnel_server.identity.google.issuers import issuers
        from windtunnel_server.providers.vertex import Vertex

        door = Vertex(self._clock, seed=self._seed, settings=self.settings, gate=self.google)
        return door, issuers(self.google)

    def _google_cloud(self) -> _Built:
        from windtunnel_server.identity.google.issuers import issuers
        from windtunnel_server.providers.google_cloud import GoogleCloud

        door = GoogleCloud(self._clock, seed=self._seed, settings=self.settings, gate=self.google)
        return door, issuers(self.google)

    def _foundry(self) -> _Built:
        from windtunnel_server.identity.entra.authority import EntraAuthority
        from windtunnel_server.identity.entra.metadata import ManagedIdentity
        from windtunnel_server.providers.foundry import Foundry

        door = Foundry(
            self._clock, seed=self._seed, keys=self._gate("foundry"), entra=self.entra, settings=self.settings
        )
        return door, (EntraAuthority(self.entra), ManagedIdentity(self.entra))

    # --- what a client is given -------------------------------------------------------------------------------------

    @property
    def tls(self) -> ssl.SSLContext | None:
        """What a server speaks TLS with; None for plain HTTP."""
        return None if self.certificates is None else self.certificates.context

    @property
    def api_key(self) -> str:
        """A key that is let in, where keys are."""
        return min(self._keys) if self._keys else anthropic.API_KEY

    def url(self, address: str, provider: str | None = None) -> str:
        """Return the base address a client of a provider is given; `address` is the server's own."""
        name = known(provider or self.provider)
        # Mantle's clients have a part of the path in their base address (wire.md 1.3).
        return address + DOORS[name] + ("/anthropic" if name == "bedrock-mantle" else "")

    def env(self, address: str, provider: str | None = None) -> dict[str, str]:
        """Return the variables a client of a provider reads. Files that belong to them live until `close`."""
        name = known(provider or self.provider)
        kind = self.settings.credential_on(name)
        if kind is None:
            on_offer = ", ".join(CREDENTIALS[CLOUDS.get(name, name)])
            raise ValueError(f"credential {self.settings.credential!r} is none of {name}'s; on offer: {on_offer}")
        if self.certificates is not None and kind in _PLAIN_ONLY:
            raise ValueError(f"credential {kind!r} asks over plain HTTP, and nothing else: leave out tls")
        self.site.open(DOORS[name])
        found = self._variables(name, kind, address)
        if self.certificates is not None:
            found |= trust.variables(self.certificates.authority, self._files())
        return found

    def _variables(self, name: str, kind: str, address: str) -> dict[str, str]:
        cloud = CLOUDS.get(name, name)
        if cloud == "bedrock":
            workspace = getattr(self.site.open(DOORS["aws"]), "workspace_id", "") if name == "aws" else ""
            return aws.variables(kind, name, address, aws=self.aws, folder=self._files(), workspace_id=workspace)
        if cloud == "vertex":
            return google.variables(kind, address, google=self.google, folder=self._files(), provider=name)  # type: ignore[arg-type]
        if cloud == "foundry":
            found = azure.azure(
                kind, address, api_key=self.api_key, entra=self.entra, folder=self._files(), prefix=DOORS[name]
            )
            return found | anthropic.NO_PROXY
        return anthropic.credentials(kind, address, api_key=self.api_key, oauth=self.oauth, folder=self._files())  # type: ignore[arg-type]

    def _files(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="windtunnel-"))
        return self._folder

    def close(self) -> None:
        """Remove the files that were handed out."""
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def known(provider: str) -> str:
    """Return the provider's name if there is such a door; else ValueError."""
    if provider not in DOORS:
        raise ValueError(f"{unknown_word('provider', provider, DOORS)}")
    return provider


def misleading(env: Mapping[str, str], environ: Mapping[str, str]) -> list[str]:
    """Return the variables of `environ` to take away from a client that is given `env`: of every cloud."""
    found = [name for name in anthropic.misleading(env) if name in environ]
    found += aws.misleading(env, environ)
    found += google.misleading(env, environ)
    found += azure.misleading(env, environ)
    return list(dict.fromkeys(found))


@contextmanager
def pointed_at(env: Mapping[str, str]) -> Iterator[None]:
    """Point this process at a door, for the time of a with statement: its variables, and what libraries keep of them."""
    taken = set(misleading(env, os.environ))
    kept = {name: value for name, value in os.environ.items() if name not in taken}
    with patch.dict(os.environ, {**kept, **env}, clear=True), settled(env):
        yield


@contextmanager
def settled(env: Mapping[str, str]) -> Iterator[None]:
    """Have the libraries of the clouds in this process read their variables afresh, those of `env` only."""
    with ExitStack() as stack:
        if any(name.startswith("AWS_") for name in env):
            stack.enter_context(aws.in_process(env))
        if any(name.startswith(("GOOGLE_", "GCE_")) for name in env):
            stack.enter_context(google.in_process(env))
        yield
