"""Where traffic belongs: the providers' doors behind a recorder, their real hosts, and whose an address is (wire.md 1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Door:
    """A provider's way in. In the address, `{words}` stand for what its environment or its request says."""

    prefix: str
    #: Where its clients go when nobody says otherwise.
    base_url: str
    #: The variables its clients read their address from, the one that wins first.
    variables: tuple[str, ...]
    #: Variables that must not stand beside those.
    excluded: tuple[str, ...] = ()


#: The paths are those of the fake, so a client that is set up for the one is set up for the other.
DOORS: Final[Mapping[str, Door]] = {
    "anthropic": Door("", "https://api.anthropic.com", ("ANTHROPIC_BASE_URL",)),
    "bedrock": Door(
        "/bedrock",
        "https://{bedrock}.{region}.amazonaws.com",
        ("ANTHROPIC_BEDROCK_BASE_URL", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL_BEDROCK"),
    ),
    "vertex": Door("/vertex", "https://{vertex}/v1", ("ANTHROPIC_VERTEX_BASE_URL",)),
    "foundry": Door(
        "/foundry",
        "https://{ANTHROPIC_FOUNDRY_RESOURCE}.services.ai.azure.com/anthropic",
        ("ANTHROPIC_FOUNDRY_BASE_URL",),
        excluded=("ANTHROPIC_FOUNDRY_RESOURCE",),
    ),
    "bedrock-mantle": Door(
        "/bedrock-mantle",
        "https://bedrock-mantle.{region}.api.aws/anthropic",
        ("ANTHROPIC_BEDROCK_MANTLE_BASE_URL",),
    ),
    "aws": Door("/aws", "https://aws-external-anthropic.{region}.api.aws", ("ANTHROPIC_AWS_BASE_URL",)),
    "google-cloud": Door(
        "/google-cloud",
        "https://claude.googleapis.com/v1/projects/{ANTHROPIC_GOOGLE_CLOUD_PROJECT}"
        "/locations/{ANTHROPIC_GOOGLE_CLOUD_LOCATION}/workspaces/{ANTHROPIC_GOOGLE_CLOUD_WORKSPACE_ID}/invoke",
        ("ANTHROPIC_GOOGLE_CLOUD_BASE_URL",),
    ),
}

_HOSTS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), provider)
    for pattern, provider in (
        (r"api\.anthropic\.com", "anthropic"),
        (r"bedrock(-runtime)?(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?", "bedrock"),
        (r"bedrock-mantle\.[a-z0-9-]+\.api\.aws", "bedrock-mantle"),
        (r"aws-external-anthropic\.[a-z0-9-]+\.api\.aws", "aws"),
        (r"([a-z0-9-]+-)?aiplatform(\.[a-z]+\.rep)?\.googleapis\.com", "vertex"),
        (r"claude\.googleapis\.com", "google-cloud"),
        (r"[a-z0-9-]+\.services\.ai\.azure\.com", "foundry"),
    )
)
#: For a gateway, or a fake: what the path says. The first that fits counts.
_PATHS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), provider)
    for pattern, provider in (
        (r"/(?P<door>bedrock-mantle|bedrock|vertex|foundry|aws|google-cloud)/", ""),
        (r"/model/[^/]+/(invoke|converse|count-tokens)", "bedrock"),
        (r".*/publishers/anthropic/models/", "vertex"),
        (r".*/workspaces/[^/]+/invoke/v1/", "google-cloud"),
        (r"(/[^/]+)*/v1/(messages|models|files|complete)\b", "anthropic"),
    )
)
_TOKENS: Final = re.compile(r".*/oauth/token")


def provider_of(uri: str) -> str:
    """Return the provider an absolute address belongs to; "" for an issuer of credentials or a stranger."""
    parts = urlsplit(uri)
    if _TOKENS.fullmatch(parts.path):
        return ""
    host = (parts.hostname or "").lower()
    by_host = next((provider for pattern, provider in _HOSTS if pattern.fullmatch(host)), None)
    if by_host is not None:
        return by_host
    found = next(
        ((pattern.match(parts.path), provider) for pattern, provider in _PATHS if pattern.match(parts.path)), None
    )
    if found is None or found[0] is None:
        return ""
    return found[0].groupdict().get("door") or found[1]


def door_of(path: str, opened: Mapping[str, object]) -> str | None:
    """Return the provider whose door a path leads to, of those `opened`; None where it leads to none."""
    fitting = [name for name in opened if (path + "/").startswith(DOORS[name].prefix + "/")]
    return max(fitting, key=lambda name: len(DOORS[name].prefix), default=None)
