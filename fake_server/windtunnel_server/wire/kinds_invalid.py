"""The 400s: what the API says of a request it will not take (texts: wire.md 6.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from windtunnel_server.wire.kind import ErrorKind

#: name, message, about
_ROWS: Final[tuple[tuple[str, str, str], ...]] = (
    ("invalid_request", "Invalid request", "the documented default text of a 400"),
    # size and limits
    (
        "prompt_too_long",
        "prompt is too long: {tokens} tokens > {limit} maximum",
        "the input alone overflows the window",
    ),
    (
        "input_plus_max_tokens_too_long",
        "input length and `max_tokens` exceed context limit: {input} + {max_tokens} > {limit}, decrease input length or "
        "`max_tokens` and try again",
        "input and max_tokens together overflow the window (models before 4.5)",
    ),
    (
        "max_tokens_too_large",
        "max_tokens: {max_tokens} > {limit}, which is the maximum allowed number of output tokens for {model}",
        "max_tokens is above what the model can write",
    ),
    (
        "too_many_cache_breakpoints",
        "A maximum of 4 blocks with cache_control may be provided. Found {count}.",
        "a fifth cache breakpoint",
    ),
    (
        "image_too_large",
        "{path}.source.base64: image exceeds {limit_mb} MB maximum: {bytes} bytes > {limit_bytes} bytes",
        "an image of too many bytes",
    ),
    (
        "image_dimensions_too_large",
        "{path}.source.base64.data: At least one of the image dimensions exceed max allowed size for many-image "
        "requests: 2000 pixels",
        "an image of too many pixels among many (start of the text unverified)",
    ),
    ("image_unreadable", "Could not process image", "bytes that are no image"),
    ("pdf_invalid", "The PDF specified was not valid.", "bytes that are no PDF"),
    ("pdf_password_protected", "The PDF specified is password protected.", "a PDF that needs a password"),
    # conversation structure
    (
        "tool_result_missing",
        "{path}: `tool_use` ids were found without `tool_result` blocks immediately after: {ids}. Each `tool_use` block "
        "must have a corresponding `tool_result` block in the next message.",
        "a tool call without its result",
    ),
    (
        "tool_result_unexpected",
        "{path}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a "
        "corresponding `tool_use` block in the previous message.",
        "a tool result without its call",
    ),
    ("tool_use_ids_not_unique", "messages: `tool_use` ids must be unique", "one tool call id twice"),
    ("messages_empty", "messages: at least one message is required", "no message at all"),
    (
        "message_content_empty",
        "{path}: all messages must have non-empty content except for the optional final assistant message",
        "a message that says nothing",
    ),
    ("text_block_empty", "messages: text content blocks must be non-empty", "a text block that says nothing"),
    (
        "trailing_whitespace",
        "messages: final assistant content cannot end with trailing whitespace",
        "a prefill that ends in a blank",
    ),
    (
        "first_message_not_user",
        'messages: first message must use the "user" role',
        "a conversation begun by the assistant",
    ),
    (
        "roles_not_alternating",
        'messages: roles must alternate between "user" and "assistant", but found multiple "user" roles in a row',
        "legacy: such turns are merged nowadays",
    ),
    (
        "system_role_unsupported",
        "role 'system' is not supported on this model",
        "a system message amid the conversation",
    ),
    (
        "prefill_unsupported",
        "This model does not support assistant message prefill. The conversation must end with a user message.",
        "the last turn is the assistant's (4.6 and later)",
    ),
    ("tool_names_not_unique", "tools: Tool names must be unique.", "two tools of one name"),
    # thinking
    (
        "max_tokens_below_thinking_budget",
        "`max_tokens` must be greater than `thinking.budget_tokens`.",
        "no room left to answer (what follows in the real text is unverified)",
    ),
    (
        "thinking_budget_too_small",
        "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
        "a thinking budget under 1024",
    ),
    (
        "thinking_block_expected",
        "{path}.type: Expected `thinking` or `redacted_thinking`, but found `{found}`. When `thinking` is enabled, a final "
        "`assistant` message must start with a thinking block (preceding the lastmost set of `tool_use` and "
        "`tool_result` blocks).",
        "the thinking before a tool call was dropped (what follows in the real text is unverified)",
    ),
    ("thinking_signature_invalid", "{path}: Invalid `signature` in `thinking` block", "a signature that does not hold"),
    (
        "thinking_block_modified",
        "{path}: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. These "
        "blocks must remain as they were in the original response.",
        "a thinking block that came back changed",
    ),
    (
        "thinking_enabled_unsupported",
        '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" '
        "to control thinking behavior.",
        "a thinking budget on 4.7 and later",
    ),
    (
        "adaptive_thinking_unsupported",
        "adaptive thinking is not supported on this model",
        "adaptive thinking up to 4.5",
    ),
    (
        "thinking_disabled_unsupported",
        '"thinking.type.disabled" is not supported for this model.',
        "thinking switched off on Fable, Mythos, Opus 5.5 (what follows in the real text is unverified)",
    ),
    (
        "forced_tool_choice_unsupported",
        'tool_choice: type "tool" and "any" are not supported for this model.',
        "a forced tool call on Opus 5.5, Fable and Mythos 5.1",
    ),
    # schema and headers
    ("field_required", "{path}: Field required", "a key that must be there"),
    ("extra_inputs", "{path}: Extra inputs are not permitted", "a key that must not be there"),
    ("input_should_be", "{path}: Input should be {expected}", "a value of the wrong kind"),
    (
        "tool_use_id_invalid",
        "{path}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
        "a tool call id with foreign characters",
    ),
    (
        "tool_name_invalid",
        "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'",
        "a tool name with foreign characters",
    ),
    (
        "beta_unknown",
        "Unexpected value(s) `{beta}` for the `anthropic-beta` header. Please consult our documentation at "
        "platform.claude.com/docs or try again without the header.",
        "a beta the API does not know",
    ),
    ("version_header_missing", "anthropic-version: header is required", "no anthropic-version header"),
    ("invalid_json", "The request body is not valid JSON: {parser}", "a body that does not parse"),
    (
        "tool_type_unsupported",
        "'{model}' does not support tool types: {tool_type}. Did you mean one of {offered}?",
        "a tool version the model does not have (end of the text unverified)",
    ),
    # money and account
    (
        "credit_balance_too_low",
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase "
        "credits.",
        "the prepaid money is spent",
    ),
    (
        "usage_limit_reached",
        "You have reached your specified API usage limits. You will regain access on {date}.",
        "the limit the organisation set itself is reached",
    ),
    ("organization_disabled", "This organization has been disabled.", "the account was closed"),
)

#: `error_code` of those that have one (wire.md 6.2).
_CODES: Final = {"image_dimensions_too_large": "image_dimensions_too_large"}

_EXAMPLES: Final[Mapping[str, Mapping[str, object]]] = {
    "max_tokens_too_large": {"max_tokens": 21_333, "limit": 4096, "model": "claude-3-opus-20240229"},
    "image_too_large": {"path": "messages.0.content.1.image"},
    "image_dimensions_too_large": {"path": "messages.0.content.1.image"},
    "tool_result_unexpected": {"path": "messages.2.content.0"},
    "thinking_block_expected": {"path": "messages.1.content.0"},
    "thinking_signature_invalid": {"path": "messages.1.content.0"},
    "thinking_block_modified": {"path": "messages.1.content.0"},
    "field_required": {"path": "max_tokens"},
    "extra_inputs": {"path": "messages.0.cache"},
    "input_should_be": {"path": "max_tokens", "expected": "a valid integer"},
    "tool_use_id_invalid": {"path": "messages.1.content.0"},
    "tool_type_unsupported": {"model": "claude-opus-5-5"},
}

INVALID: Final[tuple[ErrorKind, ...]] = tuple(
    ErrorKind(
        name=name,
        status=400,
        type="invalid_request_error",
        message=message,
        error_code=_CODES.get(name),
        should_retry=False,
        examples=_EXAMPLES.get(name),
        about=about,
    )
    for name, message, about in _ROWS
)
