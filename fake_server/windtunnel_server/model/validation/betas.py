"""The values of the `anthropic-beta` header."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.rule import Asked, Example, Rule
from windtunnel_server.model.validation.terms import Terms

#: Names without their dates: those of the official SDK 2.12.0, those of Claude Code, those in recorded requests, and
#: some of former years (these unverified). A date is not looked at: nobody has the list of all there were.
_KNOWN: Final = frozenset(
    """
    admin-user-sign-out advanced-tool-use advisor-tool afk-mode agent-memory analytics-usage-cost cache-diagnosis
    ccr-byoc ce-claude-code-managed-settings ce-plugins ce-user-management claude-code cli-internal code-execution compact
    computer-use context-1m context-hint context-management dev-full-thinking dreaming effort environments
    experimental-claude-tag extended-cache-ttl fallback-credit fast-mode files-api fine-grained-tool-streaming inline-tools
    interleaved-thinking managed-agents max-tokens-3-5-sonnet mcp-client mcp-servers mcp-tunnels memory message-batches
    message-threads mid-conversation-output-config mid-conversation-system mid-conversation-system-clear-at
    mid-conversation-tool-changes model-context-window-exceeded oauth oidc-federation output-128k output-300k pdfs
    prompt-caching prompt-caching-scope redact-thinking search-results server-side-fallback skills spend-limit-reads
    structured-outputs task-budgets telemetry-destinations thinking-binding-controls thinking-display-updates
    thinking-token-count token-counting token-efficient-tools tool-examples tool-search-tool tools user-profiles
    user-profiles-billing web-fetch web-search webhooks
    """.split()
)
_DATED: Final = re.compile(r"(.+)-\d{4}-?\d{2}-?\d{2}")


@lru_cache(256)
def unexpected(terms: Terms) -> Problem | None:
    """Refuse betas nobody knows, which the service does before it looks for the model (wire.md 10).

    Bedrock has a list of its own; what the other clouds do is unverified.
    """
    if terms.surface != "anthropic" or not RULES[0].is_on(terms):
        return None
    strange = ", ".join(f"`{beta}`" for beta in sorted(terms.betas) if beta and not _is_known(beta))
    if not strange:
        return None
    advice = "Please consult our documentation at platform.claude.com/docs or try again without the header."
    return invalid("", f"Unexpected value(s) {strange} for the `anthropic-beta` header. {advice}")


def _is_known(beta: str) -> bool:
    dated = _DATED.fullmatch(beta)
    return dated is not None and dated[1] in _KNOWN


def _expected(asked: Asked) -> Iterator[Problem]:
    problem = unexpected(asked.terms)
    if problem is not None:
        yield problem


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="betas_known",
        about="The betas that are asked for are known.",
        source="wire.md 6.3, 9.5; recorded requests",
        passes=Example(terms={"betas": frozenset({"files-api-2025-04-14", "structured-outputs-2025-12-15"})}),
        fails=Example(terms={"betas": frozenset({"files-api-2025-04-14", "wind-tunnel-2026-11-22"})}),
        says=(
            "Unexpected value(s) `wind-tunnel-2026-11-22` for the `anthropic-beta` header. "
            "Please consult our documentation at platform.claude.com/docs or try again without the header."
        ),
        check=_expected,
    ),
)
