"""Response headers of Claude on Google Cloud's own platform, as recorded in 2025-11 (24 answers).

The recordings keep neither the order nor the case of the names: both are unverified here.
"""

from __future__ import annotations

from typing import Final

from windtunnel_server.wire.headers import EVENT_STREAM, JSON, Headers, Stamp, http_date

#: The platform's own answers name the character set; those of the model do not.
PLATFORM_JSON: Final = "application/json; charset=UTF-8"

_GUARDS: Final = (
    ("x-xss-protection", "0"),
    ("x-frame-options", "SAMEORIGIN"),
    ("x-content-type-options", "nosniff"),
    ("alt-svc", 'h3=":443"; ma=2592000,h3-29=":443"; ma=2592000'),
    ("transfer-encoding", "chunked"),
)
_VARY: Final = tuple(("vary", name) for name in ("Origin", "X-Origin", "Referer"))
_FRONT: Final = ("server", "scaffolding on HTTPServer2")


def message_json(stamp: Stamp, *, input_tokens: int, output_tokens: int) -> Headers:
    """Headers of an answer in one piece. `input_tokens` is what its usage says, without what the cache had."""
    return (
        ("x-vertex-ai-internal-prediction-backend", "harpoon"),
        ("stream-reported-http-code", "200"),
        ("pinnacle-error-category", "no_error"),
        ("internal-input-tokens", str(input_tokens)),
        ("internal-output-tokens", str(output_tokens)),
        ("request-id", stamp.request_id),
        *_whole(JSON, stamp),
    )


def message_stream(stamp: Stamp, *, received_request_id: str) -> Headers:
    """Headers of a streamed answer; `received_request_id` is the platform's own id of the call, a UUID."""
    return (
        ("content-type", EVENT_STREAM),
        ("cache-control", "no-cache"),
        ("request-id", stamp.request_id),
        ("x-vertex-ai-received-request-id", received_request_id),
        ("x-accel-buffering", "no"),
        ("accept-ranges", "none"),
        ("vary", "Origin,Accept-Encoding"),
        ("date", http_date(stamp.at)),
        ("server", "hypercorn-h11"),
        *_GUARDS,
    )


def model_error(stamp: Stamp) -> Headers:
    """Headers of an error of the model's side (unverified: none is in the recordings)."""
    return (("request-id", stamp.request_id), *_whole(JSON, stamp))


def count(stamp: Stamp) -> Headers:
    """Headers of a token count (unverified: none is in the recordings)."""
    return (("request-id", stamp.request_id), *_whole(JSON, stamp))


def platform_error(stamp: Stamp, *, challenge: str | None = None) -> Headers:
    """Headers of an error of the platform (names from one public log of 2025); `challenge` is `www-authenticate`."""
    asked = () if challenge is None else (("www-authenticate", challenge),)
    return (*asked, *_whole(PLATFORM_JSON, stamp))


def page(stamp: Stamp, *, content_length: int) -> Headers:
    """Headers of a page of Google's front end (unverified)."""
    return (
        ("content-type", "text/html; charset=UTF-8"),
        ("referrer-policy", "no-referrer"),
        ("content-length", str(content_length)),
        ("date", http_date(stamp.at)),
        ("alt-svc", 'h3=":443"; ma=2592000,h3-29=":443"; ma=2592000'),
    )


def _whole(content_type: str, stamp: Stamp) -> Headers:
    return (("content-type", content_type), *_VARY, ("date", http_date(stamp.at)), _FRONT, *_GUARDS)
