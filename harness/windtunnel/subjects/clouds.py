"""The official SDK's client for each provider, as the environment sets it up; and what a model is called there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any, Final

import anthropic

from windtunnel.subjects.ask import Ask
from windtunnel.subjects.subject import MissingPackageError, Place

#: The class of each provider's client, without the `Async` of its twin.
CLASSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "anthropic": "Anthropic",
        "bedrock": "AnthropicBedrock",
        "vertex": "AnthropicVertex",
        "foundry": "AnthropicFoundry",
        "bedrock-mantle": "AnthropicBedrockMantle",
        "aws": "AnthropicAWS",
        "google-cloud": "AnthropicGoogleCloud",
    }
)

#: What the SDK imports for it, and what brings that.
_PACKAGES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "bedrock": ("botocore", "anthropic[bedrock]"),
        "bedrock-mantle": ("botocore", "anthropic[bedrock]"),
        "aws": ("botocore", "anthropic[aws]"),
        "vertex": ("google.auth", "anthropic[vertex]"),
        "google-cloud": ("google.auth", "anthropic[vertex]"),
    }
)

#: What a token of Entra's is for, where Foundry's clients have no key (wire.md 2.5).
_ENTRA_SCOPE: Final = "https://ai.azure.com/.default"


def providers() -> tuple[str, ...]:
    """Return the providers that the installed generation of the SDK has a client for."""
    return tuple(provider for provider, name in CLASSES.items() if hasattr(anthropic, name))


def check(place: Place) -> None:
    """Raise MissingPackageError, with the remedy, where the SDK's client lacks a package that this place needs."""
    needed = _PACKAGES.get(place.provider)
    if place.provider == "foundry" and "ANTHROPIC_FOUNDRY_API_KEY" not in place.env:
        needed = ("azure.identity", "azure-identity")
    if needed is not None and not _is_there(needed[0]):
        raise MissingPackageError(f"the SDK's client for {place.provider} needs a package: pip install {needed[1]!r}")


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of its parent
        return False


def client(place: Place, *, asynchronous: bool) -> Any:
    """Return a client as an application would make it: all it needs is in the environment.

    The HTTP client is the SDK's own, but for the certificates: they take 50 ms to load, and the fake has none of the
    public ones.
    """
    name = CLASSES[place.provider]
    made = getattr(anthropic, f"Async{name}" if asynchronous else name)
    http = anthropic.DefaultAsyncHttpxClient if asynchronous else anthropic.DefaultHttpxClient
    return made(http_client=http(verify=False), **_given(place, asynchronous=asynchronous))


def _given(place: Place, *, asynchronous: bool) -> dict[str, Any]:
    """Return what the SDK does not find in the environment by itself."""
    if place.provider == "anthropic":
        options = {"base_url": place.env.get("ANTHROPIC_BASE_URL", place.url)}
        key = place.env.get("ANTHROPIC_API_KEY")
        return options | ({"api_key": key} if key else {})
    if place.provider == "foundry" and "ANTHROPIC_FOUNDRY_API_KEY" not in place.env:
        return {"azure_ad_token_provider": _entra(asynchronous=asynchronous)}
    return {}


def _entra(*, asynchronous: bool) -> Any:
    if asynchronous:
        if not _is_there("aiohttp"):
            raise MissingPackageError("the async classes of azure-identity need a package: pip install 'aiohttp'")
        from azure.identity.aio import DefaultAzureCredential as AsyncCredential
        from azure.identity.aio import get_bearer_token_provider as async_provider

        return async_provider(AsyncCredential(), _ENTRA_SCOPE)
    from azure.identity import DefaultAzureCredential, get_bearer_token_provider

    return get_bearer_token_provider(DefaultAzureCredential(), _ENTRA_SCOPE)


def asked_at(place: Place, ask: Ask) -> Ask:
    """Return what is asked, with the model's name as the provider has it; one it does not know stays as it is."""
    return replace(ask, model=_named(place.provider, ask.model))


def _named(provider: str, model: str) -> str:
    from windtunnel_server.model import models

    known = models.find(model)
    if known is None:
        return model
    if provider == "bedrock":
        from windtunnel_server.providers.bedrock.models import profile_of

        return profile_of(known.id, "global") or profile_of(known.id) or model
    if provider == "bedrock-mantle":
        return f"anthropic.{known.id}"
    if provider == "vertex":
        from windtunnel_server.providers.vertex.request import name_of

        return name_of(known)
    return model
