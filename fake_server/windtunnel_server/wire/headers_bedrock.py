"""Response headers of Bedrock's runtime, names and order as recorded in 2025 and 2026 (FACTS, "Response headers")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from windtunnel_server.wire.eventstream import CONTENT_TYPE
from windtunnel_server.wire.headers import JSON, Headers, http_date

_COUNTS: Final = (
    ("Invocation-Latency", ""),
    ("Input-Token-Count", "input_tokens"),
    ("Output-Token-Count", "output_tokens"),
    ("Cache-Read-Input-Token-Count", "cache_read_input_tokens"),
    ("Cache-Write-Input-Token-Count", "cache_creation_input_tokens"),
)


def whole(at: float, request_id: str, length: int, *, content_type: str = JSON) -> Headers:
    """Headers of an answer in one piece. `at`: POSIX seconds."""
    return (
        ("Date", http_date(at)),
        ("Content-Type", content_type),
        ("Content-Length", str(length)),
        ("Connection", "keep-alive"),
        ("x-amzn-RequestId", request_id),
    )


def streamed(at: float, request_id: str, *, invoke: bool) -> Headers:
    """Headers of a stream of frames. InvokeModel's names what its chunks hold."""
    inner = (("X-Amzn-Bedrock-Content-Type", JSON),) if invoke else ()
    return (
        ("Date", http_date(at)),
        ("Content-Type", CONTENT_TYPE),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "keep-alive"),
        ("x-amzn-RequestId", request_id),
        *inner,
    )


def counts(usage: Mapping[str, Any], *, latency_s: float) -> Headers:
    """Headers of InvokeModel that tell the usage: its counts as far as `usage` (first-party keys) has them."""
    said = {"": round(latency_s * 1000), **usage}
    return tuple((f"X-Amzn-Bedrock-{name}", str(said[key])) for name, key in _COUNTS if key in said)


def error_type(code: str, spoken_by: str) -> Headers:
    """The header that names an exception."""
    return (("x-amzn-ErrorType", f"{code}:{spoken_by}"),)
