"""Response headers of Microsoft Foundry, as recorded in 2025-11 (FACTS, "Response headers").

The recorder sorted them by name: their order on the wire is unverified. It saw no `request-id`; the documentation of
2026 promises one beside `apim-request-id`, so it is sent. Instants are POSIX seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from windtunnel_server.wire.headers import EVENT_STREAM, JSON, Headers, http_date

#: No limit is shown: 31 of the 37 recordings have this; the six of 2025-12 have two or four million, of which nothing is used.
_UNLIMITED: Final = (
    ("x-ratelimit-limit-tokens", "-1"),
    ("x-ratelimit-remaining-tokens", "-1"),
    ("x-ratelimit-reset-tokens", "0"),
)
_STS: Final = ("strict-transport-security", "max-age=31536000; includeSubDomains; preload")


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureStamp:
    """What marks one answer: when, under which ids, and where it was made."""

    at: float
    request_id: str
    apim_request_id: str
    #: As in `eastus2`: part of the cluster's name.
    region: str
    #: As in `East US 2`.
    region_shown: str


def message_json(stamp: AzureStamp) -> Headers:
    """Headers of an answer by the model's side, whole."""
    return _model(stamp, JSON)


def message_stream(stamp: AzureStamp) -> Headers:
    """Headers of a streamed answer."""
    return _model(stamp, EVENT_STREAM)


def gateway(stamp: AzureStamp, *, content_length: int) -> Headers:
    """Headers of an answer the gateway gives by itself, as public traces of its 401 have them (2024)."""
    return (
        ("Content-Length", str(content_length)),
        ("Content-Type", JSON),
        ("apim-request-id", stamp.apim_request_id),
        ("Date", http_date(stamp.at)),
    )


def _model(stamp: AzureStamp, content_type: str) -> Headers:
    return (
        ("Transfer-Encoding", "chunked"),
        ("Content-Type", content_type),
        ("request-id", stamp.request_id),
        ("apim-request-id", stamp.apim_request_id),
        _STS,
        ("x-content-type-options", "nosniff"),
        ("azureai-requested-tier", "default"),
        ("azureai-processed-tier", "default"),
        ("azureml-served-by-cluster", f"hyena-{stamp.region}-01"),
        ("request-context", "appId="),
        ("x-ms-region", stamp.region_shown),
        *_UNLIMITED,
        ("Date", http_date(stamp.at)),
    )
