"""The models by their names on Bedrock: ids, inference profiles, ARNs.

Ids and profiles: wire.md 11.2. Unverified: the profiles of 4.7 and later beyond `us.`, `eu.` (met) and `global.`, of
3.x, and which models before 4 still take their plain id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from windtunnel_server.model import models
from windtunnel_server.model.models import Model

#: The account that profiles belong to, for want of one.
ACCOUNT: Final = "111122223333"
REGION: Final = "us-east-1"

_NEW: Final = ("global", "us", "eu", "jp")
_WORLD: Final = ("global", "us", "eu")


@dataclass(frozen=True, slots=True)
class Named:
    """A model under its Bedrock id. `profiles` are the prefixes of its inference profiles."""

    id: str
    model: Model
    profiles: tuple[str, ...]
    #: The plain id is taken too, without a profile.
    on_demand: bool = False
    counts_tokens: bool = True

    def profile(self, prefix: str) -> str:
        return f"{prefix}.{self.id}"


@dataclass(frozen=True, slots=True)
class Found:
    """What a path names: a model, and the prefix of the profile it was asked through; None for the plain id."""

    named: Named
    prefix: str | None


def _named(id: str, first_party: str, *profiles: str, on_demand: bool = False, counts: bool = True) -> Named:
    model = models.find(first_party)
    assert model is not None, first_party
    return Named(f"anthropic.{id}", model, profiles, on_demand, counts)


def _new(id: str) -> Named:
    return _named(id, id, *_NEW)


#: Newest first.
NAMED: Final[tuple[Named, ...]] = (
    _new("claude-opus-5-5"),
    _new("claude-fable-5-1"),
    _new("claude-opus-5"),
    _new("claude-sonnet-5"),
    _new("claude-fable-5"),
    _new("claude-opus-4-8"),
    _new("claude-opus-4-7"),
    _named("claude-sonnet-4-6", "claude-sonnet-4-6", *_WORLD, "jp"),
    _named("claude-opus-4-6-v1", "claude-opus-4-6", *_WORLD, "jp", "apac"),
    _named("claude-opus-4-5-20251101-v1:0", "claude-opus-4-5", *_WORLD),
    # `au.` is seen in the wild (unverified).
    _named("claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5", *_WORLD, "au"),
    _named("claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5", *_WORLD, "jp", "au"),
    _named("claude-opus-4-1-20250805-v1:0", "claude-opus-4-1", "us"),
    _named("claude-opus-4-20250514-v1:0", "claude-opus-4-20250514", "us"),
    _named("claude-sonnet-4-20250514-v1:0", "claude-sonnet-4-20250514", *_WORLD, "apac"),
    _named("claude-3-7-sonnet-20250219-v1:0", "claude-3-7-sonnet-20250219", "us", "eu", "apac"),
    _named("claude-3-5-haiku-20241022-v1:0", "claude-3-5-haiku-20241022", "us", on_demand=True),
    _named("claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-20241022", "us", "eu", "apac"),
    _named(
        "claude-3-5-sonnet-20240620-v1:0",
        "claude-3-5-sonnet-20240620",
        *("us", "eu", "apac"),
        on_demand=True,
        counts=False,
    ),
    _named("claude-3-haiku-20240307-v1:0", "claude-3-haiku-20240307", "us", "eu", on_demand=True, counts=False),
    _named("claude-3-opus-20240229-v1:0", "claude-3-opus-20240229", "us", counts=False),
    _named("claude-3-sonnet-20240229-v1:0", "claude-3-sonnet-20240229", "us", "eu", on_demand=True, counts=False),
    _named("claude-v2:1", "claude-2.1", on_demand=True, counts=False),
    _named("claude-v2", "claude-2.0", on_demand=True, counts=False),
)

_BY_NAME: Final[Mapping[str, Found]] = {
    **{named.id: Found(named, None) for named in NAMED},
    **{named.profile(prefix): Found(named, prefix) for named in NAMED for prefix in named.profiles},
}
#: Of a profile, with the account it belongs to, or of a model, which belongs to none.
_ARN: Final = re.compile(r"arn:aws[\w-]*:bedrock:[a-z0-9-]{1,20}:(?:\d{12}:inference-profile|:foundation-model)/(.+)")


def find(name: str) -> Found | None:
    """Find what an id, a profile's id or the ARN of either names; None for what Bedrock does not know.

    An application inference profile has an id that says nothing of its model, so there are none here.
    """
    arn = _ARN.fullmatch(name)
    return _BY_NAME.get(arn[1] if arn else name)


def profile_of(model: str, prefix: str = "us") -> str | None:
    """Return the id by which a model, named as the direct API names it, is asked for on Bedrock.

    That of its profile with that prefix, else of the first it has, else its plain id; None where Bedrock has no such
    model.
    """
    wanted = models.find(model)
    named = next((one for one in NAMED if one.model is wanted), None)
    if named is None or not named.profiles:
        return named.id if named is not None else None
    return named.profile(prefix if prefix in named.profiles else named.profiles[0])
