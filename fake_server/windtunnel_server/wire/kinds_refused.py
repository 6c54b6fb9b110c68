"""401 to 431: who may ask, for what, how much, and how often (texts: wire.md 6.3)."""

from __future__ import annotations

from functools import partial
from typing import Final

from windtunnel_server.wire.kind import ErrorKind

# 401 never names the organisation, whoever asked is not known (FACTS, 12 of 12).
_unknown = partial(ErrorKind, status=401, type="authentication_error", should_retry=False, organization_header=False)
_forbidden = partial(ErrorKind, status=403, type="permission_error", should_retry=False)
# `true` was recorded on a rate limit (2026-02); that the money limits carry it too is unverified.
_too_much = partial(ErrorKind, status=429, type="rate_limit_error", should_retry=True, examples={"limit": 30_000})

_REFERENCE: Final = (
    "For details, refer to: https://docs.claude.com/en/api/rate-limits. You can see the response headers for current "
    "usage. Please reduce the prompt length or the maximum tokens requested, or try again later. You may also contact "
    "sales at https://claude.com/contact-sales to discuss your options for a rate limit increase."
)

AUTHENTICATION: Final = (
    _unknown(name="invalid_api_key", message="invalid x-api-key", about="a wrong key in x-api-key"),
    _unknown(
        name="invalid_bearer_key",
        message="API key is invalid.",
        body_id="null",
        about="a wrong key in the Authorization header (one report, 2026-08)",
    ),
    _unknown(name="missing_api_key", message="x-api-key header is required", about="no credential at all"),
    _unknown(name="invalid_bearer_token", message="Invalid bearer token", about="a token that is none"),
    _unknown(
        name="invalid_credentials",
        message="Invalid authentication credentials",
        about="a credential that is not known",
    ),
    _unknown(
        name="oauth_expired",
        message="OAuth access token has expired. Re-authenticate to continue.",
        body_id="null",
        about="an OAuth token past its time",
    ),
    _unknown(
        name="oauth_expired_classic",
        message="OAuth token has expired. Please obtain a new token or refresh your existing token.",
        about="the same in its older wording",
    ),
    _unknown(
        name="oauth_unsupported",
        message="OAuth authentication is currently not supported.",
        about="an OAuth token where only keys are taken",
    ),
    _unknown(
        name="cors_not_allowed",
        message="CORS requests are not allowed for this Organization because of {reason}",
        about="a request from a browser (end of the text unverified)",
    ),
)

PERMISSION: Final = (
    ErrorKind(
        name="billing",
        status=402,
        type="billing_error",
        message="Billing error",
        should_retry=False,
        about="the documented default text of a 402",
    ),
    _forbidden(name="permission_denied", message="Permission denied", about="the documented default text of a 403"),
    _forbidden(
        name="oauth_revoked",
        message="OAuth token has been revoked. Please obtain a new token.",
        about="a token taken back (second sentence unverified)",
    ),
    _forbidden(
        name="api_key_disabled",
        message="API key authentication is disabled for this organization.",
        about="an organisation that wants no keys (end of the text unverified)",
    ),
    # Bodies quoted in public logs of 2024 to 2026 have the type `forbidden` and nothing around it.
    _forbidden(
        name="request_not_allowed",
        type="forbidden",
        message="Request not allowed",
        should_retry=None,
        body="edge_json",
        body_id="absent",
        organization_header=False,
        about="the edge turns the address away",
    ),
)

MISSING: Final = (
    ErrorKind(
        name="not_found",
        status=404,
        type="not_found_error",
        message="Not found",
        should_retry=False,
        about="the documented default text of a 404",
    ),
    ErrorKind(
        name="model_not_found",
        status=404,
        type="not_found_error",
        message="model: {model}",
        should_retry=False,
        about="a model that is not there, or no more",
    ),
)

# Clients retry 408 and 409 by themselves; whether the API sends x-should-retry with them is unverified, so it is left out.
OTHER: Final = (
    ErrorKind(
        name="request_timeout",
        status=408,
        type="timeout_error",
        message="Request timeout",
        should_retry=None,
        about="the request took too long (type unverified)",
    ),
    ErrorKind(
        name="conflict",
        status=409,
        type="conflict_error",
        message="Conflict",
        should_retry=None,
        about="another request is changing the same thing (text unverified)",
    ),
    ErrorKind(
        name="precondition_failed",
        status=412,
        type="memory_precondition_failed_error",
        message="Precondition failed",
        should_retry=False,
        about="a memory changed in the meantime (text unverified)",
    ),
    ErrorKind(
        name="request_too_large",
        status=413,
        type="request_too_large",
        message="Request exceeds the maximum size",
        should_retry=None,
        body="edge_json",
        body_id="absent",
        organization_header=False,
        about="more bytes than the edge lets through",
    ),
    ErrorKind(
        name="unprocessable",
        status=422,
        type="invalid_request_error",
        message="Invalid request",
        should_retry=False,
        about="well-formed and still not doable (text unverified)",
    ),
    ErrorKind(
        name="headers_too_large",
        status=431,
        type=None,
        message="Request Header Fields Too Large",
        should_retry=None,
        body="html",
        body_id="absent",
        organization_header=False,
        about="too many bytes of headers (body unverified)",
    ),
    ErrorKind(
        name="client_closed_request",
        status=499,
        type="invalid_request_error",
        message="Client closed request",
        should_retry=None,
        about="the client was thought to be gone (body unverified)",
    ),
)

LIMITED: Final = (
    _too_much(
        name="rate_limited",
        message="This request would exceed your organization's rate limit of {limit:,} {unit} (org: {org}, "
        "model: {model}). " + _REFERENCE,
        retry_after=True,
        about="more requests or tokens than a minute allows",
    ),
    _too_much(
        name="rate_limited_classic",
        message="This request would exceed the rate limit for your organization ({org}) of {limit:,} {unit}. "
        + _REFERENCE.replace("docs.claude.com", "docs.anthropic.com").replace("claude.com/", "www.anthropic.com/"),
        retry_after=True,
        about="the same in the wording of 2025",
    ),
    _too_much(
        name="rate_limited_oldest",
        message="Number of request tokens has exceeded your per-minute rate limit "
        "(https://docs.anthropic.com/en/api/rate-limits).",
        retry_after=True,
        about="the same in the wording of 2024 (in brackets: unverified)",
    ),
    _too_much(
        name="rate_limited_bytes",
        message="This request would exceed your organization's rate limit of {limit:,} prompt bytes per hour (org: {org}, "
        "model: {model}). " + _REFERENCE.replace("claude.com/contact", "www.anthropic.com/contact"),
        # Recorded twice, in 2026-02; of the headers the recorder kept x-should-retry and neither hint nor limits.
        retry_after=True,
        examples={"limit": 20_000_000},
        about="more bytes of prompts than an hour allows",
    ),
    _too_much(
        name="acceleration_limited",
        message="This request would exceed your organization's maximum usage increase rate for {unit} (org: {org}, "
        "model: {model}). Your current limit is {current:,} {unit}, and will increase to {next:,} at the next minute "
        "boundary. Please scale up your input tokens usage more gradually to stay within the acceleration limit.",
        retry_after=True,
        about="use grew too fast (what follows in the real text is unverified)",
    ),
    _too_much(
        name="concurrency_limited",
        message="Number of concurrent connections has exceeded your rate limit. Please try again later or contact sales "
        "at https://claude.com/contact-sales to discuss your options for a rate limit increase.",
        retry_after=True,
        about="too many requests at once",
    ),
    _too_much(
        name="spend_limited",
        message="You have reached your API usage limits: your organization has crossed its monthly API usage threshold, "
        "set based on your organization's API tier. You will regain access on {date}.",
        error_code="enforced_spend_limit_reached",
        about="the month's money is spent; there is no retry-after",
    ),
    _too_much(
        name="long_context_limited",
        message="Extra usage is required for long context requests.",
        about="a subscription without long context",
    ),
)

REFUSED: Final[tuple[ErrorKind, ...]] = AUTHENTICATION + PERMISSION + MISSING + OTHER + LIMITED
