"""How the service behind the door is set up: what a scenario says under `server:`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType, NoneType
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
class Acceleration:
    """How fast the use of input tokens may grow, for each model class, by the minutes of the wall clock."""

    #: What a minute allows at first, and again after a minute without use.
    input_tokens_per_minute: int
    #: What the next minute allows beyond the use of this one (10,000 in public reports).
    growth: int = 10_000

    def __post_init__(self) -> None:
        for name in self.__slots__:
            _at_least(f"rate_limit.acceleration.{name}", getattr(self, name), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """Limits of one organisation; None for what is not limited. The first four are for each model class apart."""

    requests_per_minute: int | None = None
    input_tokens_per_minute: int | None = None
    output_tokens_per_minute: int | None = None
    #: Bytes of the bodies of requests.
    prompt_bytes_per_hour: int | None = None
    acceleration: Acceleration | None = None
    #: Calls that may be under way at once, over all models.
    concurrent: int | None = None
    #: Requests to count tokens, over all models.
    count_tokens_per_minute: int | None = None
    #: Calls of the batch endpoints, and the requests in batches that are not through yet.
    batch_calls_per_minute: int | None = None
    batch_queue: int | None = None
    #: Of fast mode, for each model class apart, beside the usual ones; 0: the organisation has none.
    fast_input_tokens_per_minute: int | None = None
    fast_output_tokens_per_minute: int | None = None
    #: Of prompts above 200 K tokens where a beta opens the window; None: they share the usual ones.
    long_context_input_tokens_per_minute: int | None = None
    long_context_output_tokens_per_minute: int | None = None

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if name != "acceleration":
                _at_least(f"rate_limit.{name}", getattr(self, name), 0 if name.startswith("fast_") else 1)
        if not isinstance(self.acceleration, (Acceleration, NoneType)):
            raise ScriptError(f"server: rate_limit.acceleration is {self.acceleration!r}, and must be an Acceleration")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overload:
    """The load from which calls are shed with a 529. Above any limit that is given, it is too high."""

    #: Calls under way at once.
    concurrent: int | None = None
    #: Calls that came within the last second, those that were shed too.
    requests_per_second: int | None = None
    #: The chance that a call is shed while the load is too high.
    share: float = 1.0

    def __post_init__(self) -> None:
        for name in ("concurrent", "requests_per_second"):
            _at_least(f"overload.{name}", getattr(self, name), 1)
        if self.concurrent is None and self.requests_per_second is None:
            raise ScriptError("server: overload says no load; give concurrent, requests_per_second or both")
        if isinstance(self.share, bool) or not 0 < self.share <= 1:
            raise ScriptError(f"server: overload.share is {self.share!r}, and must be above 0 and at most 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What differs from the service as it usually is."""

    #: Tokens; None: the window of each model.
    context_window: int | None = None
    #: None: nothing is limited.
    rate_limit: RateLimits | None = None
    #: None: there is room for all.
    overload: Overload | None = None
    #: US dollars that a calendar month (UTC) may cost where Anthropic bills; None: no end.
    spend_limit_usd: float | None = None
    #: Whether `cache_control` has an effect.
    prompt_cache: bool = True
    #: What a client is given to prove who it is: a kind of `CREDENTIALS`, or "expiring"; None: the provider's usual one.
    credential: str | None = None
    #: Seconds that what expires lives: access tokens, session keys.
    token_lifetime: float = 3600.0
    #: Whether requests that the API refuses are refused; False: whatever can be answered at all is answered.
    strict: bool = True
    #: Single rules turned on or off by name (docs/reference/validation.md).
    rules: Mapping[str, bool] = field(default_factory=dict)
    #: Models retired by that day, `YYYY-MM-DD`, are not found; None: every model answers.
    models_as_of: str | None = None

    def __post_init__(self) -> None:
        _at_least("context_window", self.context_window, 1)
        known = {"expiring": None} | {kind: None for kinds in CREDENTIALS.values() for kind in kinds}
        if self.credential is not None and self.credential not in known:
            raise ScriptError(unknown_word("server: credential", self.credential, known))
        if self.spend_limit_usd is not None and (
            isinstance(self.spend_limit_usd, bool) or not self.spend_limit_usd > 0
        ):
            raise ScriptError(f"server: spend_limit_usd is {self.spend_limit_usd!r}, and must be dollars above 0")
        if self.models_as_of is not None:
            _day("models_as_of", self.models_as_of)
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


def _day(name: str, value: str) -> None:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", value):
        raise ScriptError(f"server: {name} is {value!r}, and must be a day such as 2026-11-22")
