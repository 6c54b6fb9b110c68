"""Response headers of the direct API, names and order as recorded in 2026-07 and 2026-08.

Sets differ a little between recordings behind `vary`; this is the commonest one. Instants are POSIX seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache
from typing import Final, TypeAlias

from windtunnel_server.wire.kind import ErrorKind

Headers: TypeAlias = tuple[tuple[str, str], ...]

JSON: Final = "application/json"
JSON_LINES: Final = "application/x-jsonl"
EVENT_STREAM: Final = "text/event-stream; charset=utf-8"
HTML: Final = "text/html; charset=UTF-8"

_STS: Final = ("strict-transport-security", "max-age=31536000; includeSubDomains; preload")
_SERVER: Final = ("Server", "cloudflare")
_VARY: Final = ("vary", "Accept-Encoding")
_CACHE: Final = ("cf-cache-status", "DYNAMIC")
_ROBOTS: Final = ("X-Robots-Tag", "none")
_POLICY: Final = ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What marks one answer: when, for whom, under which ids. `at` is the instant of the `Date` header."""

    at: float
    request_id: str
    organization_id: str
    cf_ray: str
    #: None: not sent (before 2026-08-10).
    workspace_id: str | None = None
    traceresponse: str | None = None
    #: `server-timing`, milliseconds the service took; None: not sent.
    origin_ms: int | None = None


@dataclass(frozen=True, slots=True)
class RateLimit:
    """One limit: what a minute allows, what is left, and when it is whole again."""

    limit: int
    remaining: int
    reset_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """The limits an answer reports; None: that family is not sent.

    `tokens` is input and output together on the real API (FACTS, 1,857 of 1,857). Answers of fast mode have two more
    (platform.claude.com/docs/en/build-with-claude/fast-mode; whether the others stand beside them is unverified).
    """

    requests: RateLimit | None = None
    tokens: RateLimit | None = None
    input_tokens: RateLimit | None = None
    output_tokens: RateLimit | None = None
    fast_input_tokens: RateLimit | None = None
    fast_output_tokens: RateLimit | None = None


def message_json(stamp: Stamp, limits: RateLimits | None = None, *, retry_after: str | None = None) -> Headers:
    """Headers of a Messages answer in one piece. It is sent chunked, as every JSON answer of 2026-07 on.

    `retry_after` stands on about one in ten answers of status 200 too (FACTS); it means nothing there.
    """
    return (*_opening(stamp, JSON), *rate_limits(limits, retry_after=retry_after), *_marks(stamp), *_closing(stamp))


def message_stream(stamp: Stamp, limits: RateLimits | None = None, *, retry_after: str | None = None) -> Headers:
    """Headers of a streamed Messages answer."""
    opening = (*_opening(stamp, EVENT_STREAM), ("Cache-Control", "no-cache"))
    return (*opening, *rate_limits(limits, retry_after=retry_after), *_marks(stamp), *_closing(stamp))


def other_json(stamp: Stamp, *, content_type: str = JSON) -> Headers:
    """Headers of any other answer (count_tokens, models, batches, files): no limits, no trace."""
    edge = (_SERVER, _VARY, _POLICY, *_timing(stamp), _CACHE, _ROBOTS, ("CF-RAY", stamp.cf_ray))
    return (*_opening(stamp, content_type), *_marks(stamp, trace=False), *edge)


def error(
    kind: ErrorKind,
    stamp: Stamp,
    *,
    content_length: int,
    limits: RateLimits | None = None,
    retry_after: str | None = None,
    should_retry: bool | None = None,
) -> Headers:
    """Headers of an error answer of any kind.

    `limits` stand on 429 only; `should_retry` replaces what the kind says. Answers of the edge (413, HTML pages) have
    a length, which the API's own do not.
    """
    if kind.body != "api":
        return edge(kind, stamp, content_length=content_length, retry_after=retry_after, should_retry=should_retry)
    return api_error(kind, stamp, limits=limits, retry_after=retry_after, should_retry=should_retry)


def api_error(
    kind: ErrorKind,
    stamp: Stamp,
    *,
    limits: RateLimits | None = None,
    retry_after: str | None = None,
    should_retry: bool | None = None,
) -> Headers:
    """Headers of an error answer of the API itself; limits are left out of all but 429 (FACTS, "Errors")."""
    shown = rate_limits(limits if kind.status == 429 else None, retry_after=retry_after)
    marks = _marks(stamp, organization=kind.organization_header)
    return (*_opening(stamp, JSON), *_retry(kind, should_retry), *shown, *marks, *_closing(stamp))


def edge(
    kind: ErrorKind,
    stamp: Stamp,
    *,
    content_length: int,
    retry_after: str | None = None,
    should_retry: bool | None = None,
) -> Headers:
    """Headers of an answer the edge gives before or in place of the API: no request id (set and order unverified)."""
    return (
        ("Date", http_date(stamp.at)),
        ("Content-Type", HTML if kind.body == "html" else JSON),
        ("Content-Length", str(content_length)),
        ("Connection", "keep-alive"),
        *_retry(kind, should_retry),
        *(() if retry_after is None else (("retry-after", retry_after),)),
        _SERVER,
        ("CF-RAY", stamp.cf_ray),
    )


def rate_limits(limits: RateLimits | None, *, retry_after: str | None = None) -> Headers:
    """Write the limits, with `retry-after` where the recordings have it: behind the requests, before the tokens."""
    hint = () if retry_after is None else (("retry-after", retry_after),)
    if limits is None:
        return hint
    return (
        *_limit("input-tokens", limits.input_tokens, step=1000),
        *_limit("output-tokens", limits.output_tokens, step=1000),
        *_limit("requests", limits.requests, step=1),
        *hint,
        *_limit("tokens", limits.tokens, step=1000),
        *_limit("fast-input-tokens", limits.fast_input_tokens, step=1000, of="anthropic"),
        *_limit("fast-output-tokens", limits.fast_output_tokens, step=1000, of="anthropic"),
    )


def http_date(at: float) -> str:
    """Write an instant as in `Date` and `retry-after`: `Wed, 19 Aug 2026 14:34:20 GMT`, whole seconds."""
    return _http_date(int(at))


def rfc3339(at: float) -> str:
    """Write an instant as in the reset headers: `2026-08-19T14:34:19Z`, whole seconds."""
    return _rfc3339(int(at))


# An answer says its second up to five times, and the answers of one second say the same.
@lru_cache(maxsize=64)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)


@lru_cache(maxsize=64)
def _rfc3339(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _limit(name: str, limit: RateLimit | None, *, step: int, of: str = "anthropic-ratelimit") -> Headers:
    if limit is None:
        return ()
    prefix = f"{of}-{name}"
    return (
        (f"{prefix}-limit", str(limit.limit)),
        (f"{prefix}-remaining", str(_rounded(limit.remaining, step))),
        (f"{prefix}-reset", rfc3339(limit.reset_at)),
    )


def _rounded(count: int, step: int) -> int:
    return (max(count, 0) + step // 2) // step * step


def _opening(stamp: Stamp, content_type: str) -> Headers:
    return (
        ("Date", http_date(stamp.at)),
        ("Content-Type", content_type),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "keep-alive"),
    )


def _marks(stamp: Stamp, *, organization: bool = True, trace: bool = True) -> Headers:
    named = (
        ("anthropic-organization-id", stamp.organization_id if organization else None),
        ("anthropic-workspace-id", stamp.workspace_id if organization else None),
        ("traceresponse", stamp.traceresponse if trace else None),
    )
    known = tuple((name, value) for name, value in named if value is not None)
    return (("request-id", stamp.request_id), _STS, *known)


def _closing(stamp: Stamp) -> Headers:
    return (_SERVER, _VARY, *_timing(stamp), _CACHE, _ROBOTS, _POLICY, ("CF-RAY", stamp.cf_ray))


def _timing(stamp: Stamp) -> Headers:
    return () if stamp.origin_ms is None else (("server-timing", f"x-originResponse;dur={stamp.origin_ms}"),)


def _retry(kind: ErrorKind, should_retry: bool | None) -> Headers:
    said = kind.should_retry if should_retry is None else should_retry
    return () if said is None else (("x-should-retry", "true" if said else "false"),)
