"""Errors of Entra's token endpoint: codes that begin with AADSTS, in the envelope of OAuth (RFC 6749, 5.2).

Codes, and the words that go with them, are documented under "Microsoft Entra authentication and authorization error
codes" (2026) and quoted in public threads; statuses are those of the threads. What is unverified says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from windtunnel_server.script import ErrorSpec


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no token: the status, OAuth's word for it, Entra's code and words."""

    status: int
    error: str
    code: int
    words: str


def no_such_tenant(tenant: str) -> Refusal:
    return Refusal(
        400,
        "invalid_request",
        90002,
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct "
        "cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the "
        "tenant.",
    )


def no_such_client(client: str, tenant: str) -> Refusal:
    return Refusal(
        400,
        "unauthorized_client",
        700016,
        f"Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the tenant. "
        "You may have sent your authentication request to the wrong tenant.",
    )


def disabled_client(client: str) -> Refusal:
    return Refusal(400, "unauthorized_client", 7000112, f"Application '{client}' is disabled.")


def wrong_secret(client: str) -> Refusal:
    return Refusal(
        401,
        "invalid_client",
        7000215,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the "
        f"client secret ID, for a secret added to app '{client}'.",
    )


def expired_secret(client: str) -> Refusal:
    return Refusal(
        401,
        "invalid_client",
        7000222,
        f"The provided client secret keys for app '{client}' are expired. Visit the Azure portal to create new keys for "
        "your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: "
        "https://aka.ms/certCreds.",
    )


def missing(parameter: str) -> Refusal:
    words = f"The request body must contain the following parameter: '{parameter}'."
    return Refusal(400, "invalid_request", 900144, words)


def no_proof() -> Refusal:
    words = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
    return Refusal(401, "invalid_client", 7000218, words)


def unsupported_grant(grant: str) -> Refusal:
    return Refusal(400, "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant}'.")


def scope_without_default(scope: str) -> Refusal:
    return Refusal(
        400,
        "invalid_scope",
        1002012,
        f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
        "/.default suffixed to the resource identifier (application ID URI).",
    )


def no_such_resource(resource: str, tenant: str) -> Refusal:
    return Refusal(
        400,
        "invalid_resource",
        500011,
        f"The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the "
        "application has not been installed by the administrator of the tenant or consented to by any user in the tenant. "
        "You might have sent your authentication request to the wrong tenant.",
    )


def assertion_unsigned() -> Refusal:
    return Refusal(401, "invalid_client", 50013, "Assertion failed signature validation.")


def assertion_untimely() -> Refusal:
    return Refusal(401, "invalid_client", 700024, "Client assertion is not within its valid time range.")


def assertion_unknown(issuer: object, subject: object, audience: object) -> Refusal:
    return Refusal(
        401,
        "invalid_client",
        700213,
        "No matching federated identity record found for presented assertion. "
        f"Assertion Issuer: '{issuer}'. Assertion Subject: '{subject}'. Assertion Audience: '{audience}'.",
    )


#: What a script asks for by status. Which code goes with which status is unverified.
_SCRIPTED: Final[Mapping[int, Refusal]] = {
    401: wrong_secret("the application"),
    403: Refusal(403, "access_denied", 53003, "Access has been blocked by Conditional Access policies."),
    408: Refusal(408, "temporarily_unavailable", 90033, "A transient error has occurred. Please try again."),
    429: Refusal(
        429, "temporarily_unavailable", 90055, "There are too many incoming requests. Please try again later."
    ),
    504: Refusal(504, "temporarily_unavailable", 90025, "An internal service has hit its retry allowance."),
}


def scripted(spec: ErrorSpec, status: int) -> Refusal:
    """Return what a script asks for, in Entra's words where it gives none."""
    usual = _SCRIPTED.get(status)
    if usual is None and status >= 500:
        usual = Refusal(status, "temporarily_unavailable", 90033, "A transient error has occurred. Please try again.")
    if usual is None:
        usual = Refusal(status, "invalid_request", 90014, "The request is not valid.")
    return Refusal(status, spec.type or usual.error, usual.code, spec.message or usual.words)


def told(refusal: Refusal, *, at: float, correlation_id: str, trace_id: str) -> dict[str, Any]:
    """Write the answer. `at`: POSIX seconds by the issuer's clock; the correlation id is the client's, if it sent one."""
    stamp = datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    marks = f"Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {stamp}"
    return {
        "error": refusal.error,
        "error_description": f"AADSTS{refusal.code}: {refusal.words} {marks}",
        "error_codes": [refusal.code],
        "timestamp": stamp,
        "trace_id": trace_id,
        "correlation_id": correlation_id,
        "error_uri": f"https://login.microsoftonline.com/error?code={refusal.code}",
    }
