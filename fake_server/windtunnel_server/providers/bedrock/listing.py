"""What Bedrock lists: its models and their inference profiles, from the control plane's API.

Shapes: the service model of `bedrock`. Names, descriptions and dates of profiles are unverified.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from windtunnel_server.providers.bedrock.models import ACCOUNT, NAMED, Named

_PLACES: Final = {
    "global": "GLOBAL",
    "us": "US",
    "eu": "EU",
    "jp": "JP",
    "apac": "APAC",
    "au": "AU",
}
#: When profiles were made, for want of a date.
_MADE_AT: Final = "2025-01-01T00:00:00Z"


def profiles(query: Mapping[str, list[str]], region: str) -> dict[str, Any]:
    """Answer ListInferenceProfiles: `type`, `maxResults` and `nextToken` of the query count."""
    wanted = (query.get("type") or ["SYSTEM_DEFINED"])[0]
    listed = [_profile(named, prefix, region) for named in NAMED for prefix in named.profiles]
    return _page("inferenceProfileSummaries", listed if wanted == "SYSTEM_DEFINED" else [], query)


def profile(name: str, region: str) -> dict[str, Any] | None:
    """Answer GetInferenceProfile for an id or an ARN; None for no such profile."""
    id = name.rpartition("/")[2]
    listed = (_profile(named, prefix, region) for named in NAMED for prefix in named.profiles)
    return next((one for one in listed if one["inferenceProfileId"] == id), None)


def foundation_models(query: Mapping[str, list[str]], region: str) -> dict[str, Any]:
    """Answer ListFoundationModels: the models of Anthropic's there are."""
    makers = [name.lower() for name in query.get("byProvider", ["anthropic"])]
    kinds = query.get("byInferenceType", [])
    listed = [_model(named, region) for named in NAMED if "anthropic" in makers]
    return {"modelSummaries": [one for one in listed if not kinds or kinds[0] in one["inferenceTypesSupported"]]}


def foundation_model(name: str, region: str) -> dict[str, Any] | None:
    """Answer GetFoundationModel for an id or an ARN; None for no such model."""
    id = name.rpartition("/")[2]
    named = next((one for one in NAMED if one.id == id), None)
    return None if named is None else {"modelDetails": _model(named, region)}


def _profile(named: Named, prefix: str, region: str) -> dict[str, Any]:
    id = named.profile(prefix)
    return {
        "inferenceProfileName": f"{_PLACES[prefix]} Anthropic {named.model.display_name}",
        "description": f"Routes requests to Anthropic {named.model.display_name} in {_PLACES[prefix]}.",
        "createdAt": _MADE_AT,
        "updatedAt": _MADE_AT,
        "inferenceProfileArn": f"arn:aws:bedrock:{region}:{ACCOUNT}:inference-profile/{id}",
        "models": [{"modelArn": _arn(named, region)}],
        "inferenceProfileId": id,
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    }


def _model(named: Named, region: str) -> dict[str, Any]:
    return {
        "modelArn": _arn(named, region),
        "modelId": named.id,
        "modelName": named.model.display_name,
        "providerName": "Anthropic",
        "inputModalities": ["TEXT", "IMAGE"],
        "outputModalities": ["TEXT"],
        "responseStreamingSupported": True,
        "customizationsSupported": [],
        # For models that only a profile reaches, the real value is INFERENCE_PROFILE (unverified).
        "inferenceTypesSupported": ["ON_DEMAND"] if named.on_demand else ["INFERENCE_PROFILE"],
        "modelLifecycle": {"status": "ACTIVE" if named.model.lifecycle == "active" else "LEGACY"},
    }


def _arn(named: Named, region: str) -> str:
    return f"arn:aws:bedrock:{region}::foundation-model/{named.id}"


def _page(key: str, listed: list[dict[str, Any]], query: Mapping[str, list[str]]) -> dict[str, Any]:
    start, size = _number(query, "nextToken", 0), _number(query, "maxResults", len(listed))
    out: dict[str, Any] = {key: listed[start : start + size]}
    return out | ({"nextToken": str(start + size)} if start + size < len(listed) else {})


def _number(query: Mapping[str, list[str]], name: str, usual: int) -> int:
    given = (query.get(name) or [""])[0]
    return int(given) if given.isdecimal() else usual
