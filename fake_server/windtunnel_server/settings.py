"""How the service behind the door is set up: what a scenario says under `server:`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from windtunnel_server.script import ScriptError, unknown_word

#: What a client of each provider can be given to prove who it is; the first is the usual one.
CREDENTIALS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "anthropic": ("api_key", "oauth", "federation", "auth_token"),
        "bedrock": (
            "environment",
            "session",
            "profile",
            "assume_role",
            "web_identity",
            "sso",
            "container",
            "instance",
            "process",
            "bearer",
        ),
        "vertex": (
            "service_account",
            "metadata",
            "external_account",
            "impersonation",
            "access_token",
            "authorized_user",
        ),
        "foundry": ("api_key", "managed_identity", "machine_identity", "entra_secret", "workload_identity"),
    }
)

#: The kind that `credential: expiring` means: one that lives for `token_lifetime` and that clients renew by themselves.
EXPIRING: Final[Mapping[str, str]] = MappingProxyType(
    {"anthropic": "oauth", "bedrock": "web_identity", "vertex": "service_account", "foundry": "managed_identity"}
)

#: Whose credentials a door takes, where it is not one of the four itself.
CLOUDS: Final[Mapping[str, str]] = MappingProxyType(
    {"bedrock-mantle": "bedrock", "aws": "bedrock", "google-cloud": "vertex"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """Limits of one organisation and model class; None for what is not limited."""

    requests_per_minute: int | None = None
    input_tokens_per_minute: int | None = None
    output_tokens_per_minute: int | None = None
    #: Calls that may be under way at once.
    concurrent: int | None = None

    def __post_init__(self) -> None:
        for name in self.__slots__:
            _at_least(f"rate_limit.{name}", getattr(self, name), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What differs from the service as it usually is."""

    #: Tokens; None: the window of each model.
    context_window: int | None = None
    #: None: nothing is limited.
    rate_limit: RateLimits | None = None
    #: Whether `cache_control` has an effect.
    prompt_cache: bool = True
    #: What a client is given to prove who it is: a kind of `CREDENTIALS`, or "expiring"; None: the provider's usual one.
    credential: str | None = None
    #: Seconds that what expires lives: access tokens, session keys.
    token_lifetime: float = 3600.0

    def __post_init__(self) -> None:
        _at_least("context_window", self.context_window, 1)
        known = {"expiring": None} | {kind: None for kinds in CREDENTIALS.values() for kind in kinds}
        if self.credential is not None and self.credential not in known:
            raise ScriptError(unknown_word("server: credential", self.credential, known))
        if not self.token_lifetime > 0:
            raise ScriptError(f"server: token_lifetime is {self.token_lifetime!r}, and must be seconds above 0")

    def with_credential(self, kind: str, provider: str) -> Settings:
        """Return the settings with that kind of credential; ScriptError where the provider has none of it."""
        changed = replace(self, credential=kind)
        if changed.credential_on(provider) is None:
            known = ("expiring", *CREDENTIALS[CLOUDS.get(provider, provider)])
            raise ScriptError(unknown_word(f"credential on {provider}", kind, known))
        return changed

    def credential_on(self, provider: str) -> str | None:
        """Return the kind of credential for a provider's clients; None where it has none of that kind."""
        cloud = CLOUDS.get(provider, provider)
        if self.credential is None:
            return CREDENTIALS[cloud][0]
        if self.credential == "expiring":
            return EXPIRING[cloud]
        return self.credential if self.credential in CREDENTIALS[cloud] else None


def _at_least(name: str, value: int | None, least: int) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
        raise ScriptError(f"server: {name} is {value!r}, and must be a whole number from {least} up")
