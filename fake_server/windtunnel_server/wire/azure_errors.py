"""Errors that Azure's gateway gives by itself; the model's side answers in first-party shape (wire.md 6.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from windtunnel_server.wire.compact import encode
from windtunnel_server.wire.kind import ErrorKind

#: "error": `{"error": {"code", "message"}}`; "status": `{"statusCode", "message"}`, of the part that checks tokens.
Shape: TypeAlias = Literal["error", "status"]


@dataclass(frozen=True, slots=True)
class GatewayError:
    """A status, a code, and words; None for the words of the kind it stands for."""

    status: int
    code: str
    message: str | None
    shape: Shape = "error"


WRONG_KEY: Final = GatewayError(
    401,
    "401",
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active "
    "subscription and use a correct regional API endpoint for your resource.",
)
#: Quoted in public threads of 2023 to 2026 for other services at the same gateway; unverified for Claude, and so is
#: that a token which was taken back reads the same.
WRONG_TOKEN: Final = GatewayError(
    401,
    "401",
    "Unauthorized. Access token is missing, invalid, audience is incorrect (https://ai.azure.com), or have expired.",
    "status",
)
DEPLOYMENT_NOT_FOUND: Final = GatewayError(
    404,
    "DeploymentNotFound",
    "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please "
    "wait a moment and try again.",
)
API_NOT_SUPPORTED: Final = GatewayError(404, "api_not_supported", "Requested API is currently not supported")
#: For addresses that are none of Claude's (public threads on other services).
RESOURCE_NOT_FOUND: Final = GatewayError(404, "404", "Resource not found")

_BY_KIND: Final[Mapping[str, GatewayError]] = {
    "invalid_api_key": WRONG_KEY,
    "missing_api_key": WRONG_KEY,
    "invalid_bearer_key": WRONG_KEY,
    "invalid_credentials": WRONG_KEY,
    "api_key_disabled": GatewayError(
        403, "AuthenticationTypeDisabled", "Key based authentication is disabled for this resource."
    ),
    "invalid_bearer_token": WRONG_TOKEN,
    "oauth_expired": WRONG_TOKEN,
    "oauth_expired_classic": WRONG_TOKEN,
    "oauth_unsupported": WRONG_TOKEN,
    "oauth_revoked": WRONG_TOKEN,
    "model_not_found": DEPLOYMENT_NOT_FOUND,
    "not_found": API_NOT_SUPPORTED,
}

#: What has no entry of its own. Codes and words are unverified but for `RateLimitReached`'s code (public threads).
_BY_STATUS: Final[Mapping[int, GatewayError]] = {
    401: WRONG_KEY,
    403: GatewayError(403, "403", "Access denied due to Virtual Network/Firewall rules."),
    404: API_NOT_SUPPORTED,
    408: GatewayError(408, "Timeout", "The operation was timeout."),
    413: GatewayError(413, "RequestEntityTooLarge", "The request body is too large."),
    429: GatewayError(429, "RateLimitReached", None),
    502: GatewayError(502, "BadGateway", "The gateway got no valid answer from the service behind it."),
    503: GatewayError(503, "ServiceUnavailable", "The service is temporarily unavailable. Please try again later."),
    504: GatewayError(504, "GatewayTimeout", "The service behind the gateway did not answer in time."),
}


def of(kind: ErrorKind, status: int) -> GatewayError | None:
    """Return what the gateway says for a kind of error; None: the model's side says it. `status` is the one to send."""
    if kind.name in _BY_KIND:
        return _BY_KIND[kind.name]
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    # What an edge of its own does for the direct API, the gateway does here.
    return None if kind.body == "api" else GatewayError(status, str(status), None)


def body(error: GatewayError, *, status: int, code: str, message: str) -> bytes:
    """Write the body."""
    if error.shape == "status":
        return encode({"statusCode": status, "message": message})
    said: dict[str, Any] = {"code": code, "message": message}
    return encode({"error": said})
