"""Errors told apart by `details.error_code` (wire.md 6.2), each a kind named like its code.

Their texts are unknown; they say the documented default of their type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from windtunnel_server.wire.kind import ErrorKind

#: (status, type, message) → codes
_CODES: Final[Mapping[tuple[int, str, str], tuple[str, ...]]] = {
    (400, "invalid_request_error", "Invalid request"): (
        "tool_name_conflict",
        "tool_reference_unresolved",
        "available_tools_limit_exceeded",
        "request_body_encoding_invalid",
        "request_body_encoding_unsupported",
        "request_body_timeout",
        "unsupported_charset",
        "organization_on_hold",
        "organization_not_enrolled_in_beta",
        "organization_type_not_supported",
        "parent_organization_required",
        "user_profile_required",
        "user_profile_not_found",
        "claude_code_version_too_old",
        "claude_code_key_creator_not_member",
        "cmek_key_disabled",
        "cmek_key_network_blocked",
        "workspace_policy_violation",
        "storage_quota_exceeded",
        "file_not_downloadable",
        "compaction_block_ambiguous",
        "compaction_block_misplaced",
        "compaction_content_mismatch",
        "compaction_incomplete_turn",
        "compaction_nothing_to_summarize",
        "compaction_signature_invalid",
        "compaction_too_many_tool_references",
        "compaction_tool_changes_mismatch",
        "thread_already_continued",
        "thread_continue_in_flight",
        "thread_fingerprint_mismatch",
        "thread_unsupported_request",
    ),
    (402, "billing_error", "Billing error"): (
        "linked_organization_billing_unavailable",
        "linked_organization_spend_limit_reached",
    ),
    (403, "permission_error", "Permission denied"): (
        "api_key_scope_missing",
        "sandbox_egress_restricted",
        "user_profile_not_billable",
        "user_profile_billing_not_authorized",
    ),
    (404, "not_found_error", "Not found"): ("thread_not_found", "file_expired"),
    (409, "conflict_error", "Conflict"): ("concurrent_membership_change",),
    (413, "request_too_large", "Request exceeds the maximum size"): ("request_body_too_large_after_decoding",),
    (429, "rate_limit_error", "Rate limited"): ("contract_spend_limit_reached", "ramp_limit_exceeded"),
    (503, "api_error", "Service unavailable"): ("cmek_context_unavailable", "cmek_key_unreachable"),
    (529, "overloaded_error", "Overloaded"): ("compaction_unavailable",),
}

#: As in the other tables; absent where it is unverified.
_SHOULD_RETRY: Final[Mapping[int, bool | None]] = {409: None, 429: True, 503: None, 529: True}

CODED: Final[tuple[ErrorKind, ...]] = tuple(
    ErrorKind(
        name=code,
        status=status,
        type=type_,
        message=message,
        error_code=code,
        should_retry=_SHOULD_RETRY.get(status, False),
        about=f"{code.replace('_', ' ')} (text unverified)",
    )
    for (status, type_, message), codes in _CODES.items()
    for code in codes
)
