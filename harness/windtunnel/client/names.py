"""What a model of the direct API is called on the clouds (wire.md 11.2).

A model that is not in the table is passed on as it is: the caller may name an inference profile, an ARN or a model that
is newer than this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

#: On Bedrock behind `anthropic.`, with the prefixes of its inference profiles, the widest first. Unverified: the
#: profiles of the models without a date beyond `global`.
_WIDE: Final = ("global", "us", "eu")
_US: Final = ("us",)
_BEDROCK: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "claude-opus-5-5": ("claude-opus-5-5", _WIDE),
    "claude-fable-5-1": ("claude-fable-5-1", _WIDE),
    "claude-opus-5": ("claude-opus-5", _WIDE),
    "claude-sonnet-5": ("claude-sonnet-5", _WIDE),
    "claude-fable-5": ("claude-fable-5", _WIDE),
    "claude-opus-4-8": ("claude-opus-4-8", _WIDE),
    "claude-opus-4-7": ("claude-opus-4-7", _WIDE),
    "claude-opus-4-6": ("claude-opus-4-6-v1", _WIDE),
    "claude-sonnet-4-6": ("claude-sonnet-4-6", _WIDE),
    "claude-opus-4-5-20251101": ("claude-opus-4-5-20251101-v1:0", _WIDE),
    "claude-haiku-4-5-20251001": ("claude-haiku-4-5-20251001-v1:0", _WIDE),
    "claude-sonnet-4-5-20250929": ("claude-sonnet-4-5-20250929-v1:0", _WIDE),
    "claude-opus-4-1-20250805": ("claude-opus-4-1-20250805-v1:0", _US),
    "claude-opus-4-20250514": ("claude-opus-4-20250514-v1:0", _US),
    "claude-sonnet-4-20250514": ("claude-sonnet-4-20250514-v1:0", _WIDE),
    "claude-3-5-haiku-20241022": ("claude-3-5-haiku-20241022-v1:0", _US),
}
#: Short names of models whose full one has a date.
_DATED: Final[Mapping[str, str]] = {
    "claude-opus-4-5": "claude-opus-4-5-20251101",
    "claude-haiku-4-5": "claude-haiku-4-5-20251001",
    "claude-sonnet-4-5": "claude-sonnet-4-5-20250929",
    "claude-opus-4-1": "claude-opus-4-1-20250805",
}


def on_bedrock(model: str) -> str:
    """Return the id of a model's widest inference profile: newer models are asked for by nothing else."""
    known = _BEDROCK.get(_DATED.get(model, model))
    return model if known is None else f"{known[1][0]}.anthropic.{known[0]}"


def on_vertex(model: str) -> str:
    """Return a model's name on Vertex: its date stands behind an `@`."""
    return re.sub(r"^(claude-.+)-(\d{8})$", r"\1@\2", _DATED.get(model, model))


def as_it_is(model: str) -> str:
    """Return the name that the direct API and Foundry share."""
    return model
