"""Errors as Google's platform writes them: `{"error": {"code", "message", "status", "details"}}`.

Which kinds it answers itself, and which pass through as the model's side wrote them, is in the tables; the words are
Google's documented ones (AIP-193, `google.rpc.Code`, `google.api.ErrorReason`) or those of public reports, and which
the platform would choose for Claude is unverified except for quotas and models (wire.md 6.5).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from windtunnel_server.wire.kind import ErrorKind

_SIGN_IN: Final = (
    "Expected OAuth 2 access token, login cookie or other valid authentication credential. "
    "See https://developers.google.com/identity/sign-in/web/devconsole-project."
)
_QUOTA: Final = (
    "Quota exceeded for aiplatform.googleapis.com/{scope}online_prediction_{what}_per_base_model with base model: "
    "anthropic-{base}. Please submit a quota increase request. "
    "https://cloud.google.com/vertex-ai/docs/generative-ai/quotas-genai."
)
#: What the 401s come with.
CHALLENGE: Final = 'Bearer realm="https://accounts.google.com/"'


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformError:
    """One way the platform says no. `code` is a name of `google.rpc.Code`; `message` may have `{placeholders}`."""

    status: int
    code: str
    message: str
    #: Of `google.rpc.ErrorInfo`; None: there are no details.
    reason: str | None = None
    #: A page of the front end comes in the place of JSON.
    is_page: bool = False

    def text(self, values: Mapping[str, object]) -> str:
        return self.message.format_map(_Known(values))


class _Known(dict[str, object]):
    def __missing__(self, name: str) -> str:
        return "…"


def _unknown(reason: str, start: str = "Request had invalid authentication credentials.") -> PlatformError:
    return PlatformError(status=401, code="UNAUTHENTICATED", message=f"{start} {_SIGN_IN}", reason=reason)


def _quota(message: str = _QUOTA) -> PlatformError:
    return PlatformError(status=429, code="RESOURCE_EXHAUSTED", message=message)


def _page(status: int) -> PlatformError:
    return PlatformError(status=status, code="", message=f"Error {status}", is_page=True)


_DENIED: Final = PlatformError(
    status=403,
    code="PERMISSION_DENIED",
    message="Permission 'aiplatform.endpoints.predict' denied on resource '//aiplatform.googleapis.com/{resource}' "
    "(or it may not exist).",
    reason="IAM_PERMISSION_DENIED",
)
UNSCOPED: Final = PlatformError(
    status=403,
    code="PERMISSION_DENIED",
    message="Request had insufficient authentication scopes.",
    reason="ACCESS_TOKEN_SCOPE_INSUFFICIENT",
)
NOT_SERVED: Final = PlatformError(
    status=400,
    code="FAILED_PRECONDITION",
    message="Publisher Model {resource} is not servable in region {location}.",
)

#: By name of the kind, where its status does not say enough.
_BY_KIND: Final[Mapping[str, PlatformError]] = {
    "missing_api_key": _unknown("CREDENTIALS_MISSING", "Request is missing required authentication credential."),
    "oauth_expired": _unknown("ACCESS_TOKEN_EXPIRED"),
    "oauth_expired_classic": _unknown("ACCESS_TOKEN_EXPIRED"),
    "oauth_revoked": _unknown("ACCESS_TOKEN_EXPIRED"),
    "model_not_found": PlatformError(
        status=404,
        code="NOT_FOUND",
        message="Publisher Model `{resource}` was not found or your project does not have access to it. Please ensure "
        "you are using a valid model version. For more information, see: "
        "https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions",
    ),
    "concurrency_limited": _quota(_QUOTA.replace("{what}", "concurrent_requests")),
    "api_key_scope_missing": UNSCOPED,
    "edge_bad_request": _page(400),
}

#: By the first-party status. What is in neither table the platform hands through.
_BY_STATUS: Final[Mapping[int, PlatformError]] = {
    401: _unknown("ACCESS_TOKEN_TYPE_UNSUPPORTED"),
    402: PlatformError(
        status=403,
        code="PERMISSION_DENIED",
        message="This API method requires billing to be enabled. Please enable billing on project #{project} by visiting "
        "https://console.developers.google.com/billing/enable?project={project} then retry.",
        reason="BILLING_DISABLED",
    ),
    403: _DENIED,
    404: PlatformError(status=404, code="NOT_FOUND", message="Requested entity was not found."),
    413: PlatformError(
        status=400, code="INVALID_ARGUMENT", message="Request payload size exceeds the limit: 31457280 bytes."
    ),
    429: _quota(),
    431: _page(431),
    499: PlatformError(status=499, code="CANCELLED", message="The operation was cancelled."),
    500: PlatformError(status=500, code="INTERNAL", message="Internal error encountered."),
    501: PlatformError(
        status=501,
        code="UNIMPLEMENTED",
        message="Operation is not implemented, or supported, or enabled.",
    ),
    502: _page(502),
    503: PlatformError(status=503, code="UNAVAILABLE", message="The service is currently unavailable."),
    504: PlatformError(
        status=504, code="DEADLINE_EXCEEDED", message="Deadline expired before operation could complete."
    ),
    # No Cloudflare stands before Google: its own front end says 502 for all of them.
    **{status: _page(502) for status in range(520, 525)},
}

#: Names of `google.rpc.Code`, for a script that asks for one.
CODES: Final = frozenset(
    {error.code for error in (*_BY_KIND.values(), *_BY_STATUS.values())}
    | {"INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE", "ABORTED", "ALREADY_EXISTS", "DATA_LOSS", "UNKNOWN"}
) - {""}


def platform_error(kind: ErrorKind) -> PlatformError | None:
    """Return how the platform says it; None for what the model's side says, which passes through as it is."""
    named = _BY_KIND.get(kind.name)
    if named is not None or (kind.error_code is not None and kind.status != 429):
        return named
    return _BY_STATUS.get(kind.status)


def body(
    status: int,
    code: str,
    message: str,
    *,
    details: Mapping[str, Any] | None = None,
    reason: str | None = None,
    metadata: Mapping[str, str] | None = None,
    in_array: bool = False,
) -> bytes:
    """Write the body: indented, as the platform does; `in_array` is the form of its streaming routes."""
    error: dict[str, Any] = {"code": status, "message": message, "status": code}
    if details is not None:
        error["details"] = [dict(details)]
    elif reason is not None:
        domain = "aiplatform.googleapis.com" if reason.startswith("IAM_") else "googleapis.com"
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": domain}
        error["details"] = [info | ({"metadata": dict(metadata)} if metadata else {})]
    text = json.dumps({"error": error}, indent=2, ensure_ascii=False)
    return (f"[{text}\n]\n" if in_array else f"{text}\n").encode()


def page(status: int) -> bytes:
    """Write a page as Google's front end does (shortened; the words are unverified)."""
    return (
        f"<!DOCTYPE html>\n<html lang=en>\n  <title>Error {status}</title>\n"
        f"  <p><b>{status}.</b> <ins>That’s an error.</ins>\n  <p> <ins>That’s all we know.</ins>\n"
    ).encode()
