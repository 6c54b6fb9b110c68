"""The policies of real clients, each read in the client's own source or measured on the wire."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from windtunnel._hints import RetryAfter
from windtunnel.policies._errors import PolicyError
from windtunnel.policies._extras import Budget, Patience, Throttling
from windtunnel.policies._jitter import Jitter
from windtunnel.policies._policy import Policy

# Our own definition. The hint is the least wait, and chance comes on top: never sooner, and not all at once. A long one
# is the caller's to wait for.
_UNIFIED_CLIENT = Policy(
    name="unified_client",
    source="windtunnel.client, our own",
    max_retries=3,
    base_s=1.0,
    cap_s=4.0,
    jitter=Jitter("spread", 0.25),
    cut_body="connection error",
    retry_after=RetryAfter(ceiling_s=60.0, beyond="final", jitter_share=0.25, zero_ms="falls through"),
    true_unheeded=frozenset({401}),
    after_a_stream="counts on",
    counts="ignore",
)

# Both read in the packages' own source (wire.md 7.1 and 7.2): the same statuses, formula and override; they differ in
# how a hint is read, and in a body that is cut: Python reads the body of a call without a stream inside the attempt
# and takes the cut for a connection error, TypeScript has decided at the head.
_ANTHROPIC_PYTHON = Policy(
    name="anthropic_python",
    source="anthropic 2.12.0 for Python, _base_client.py",
    max_retries=2,
    base_s=0.5,
    cap_s=8.0,
    jitter=Jitter("subtract", 0.25),
    cut_body="connection error",
    retry_after=RetryAfter(ceiling_s=4_294_967.0),
    counts="read",
)

# Read in the package's own source: a hint of more than a minute is passed over, the rest is as in the newer ones.
_ANTHROPIC_PYTHON_0 = replace(
    _ANTHROPIC_PYTHON,
    name="anthropic_python_0",
    source="anthropic 0.125.0 for Python, _base_client.py",
    retry_after=RetryAfter(ceiling_s=60.0, beyond="ignored"),
)

_ANTHROPIC_TYPESCRIPT = replace(
    _ANTHROPIC_PYTHON,
    name="anthropic_typescript",
    source="@anthropic-ai/sdk 1.12.0 for TypeScript, client.js",
    cut_body="by head",
    retry_after=RetryAfter(ceiling_s=(2**31 - 1) / 1000, beyond="ignored", numbers="prefix", zero_ms="falls through"),
)

# Measured (claude-code.md 2 and 7) in print mode with an API key. Its loop runs around the SDK, whose count stays 0.
# Three 529s end a request for the larger models of the first-party API, unless the client thinks it is in a sandbox.
_CLAUDE_CODE = Policy(
    name="claude_code",
    source="Claude Code 2.1.197, measured with an API key",
    max_retries=10,
    base_s=0.5,
    cap_s=32.0,
    jitter=Jitter("add", 0.25),
    retry_statuses=frozenset({401, 408, 409, 429}),
    false_unheeded=frozenset({529}),
    retry_after=RetryAfter(
        ceiling_s=60.0, beyond="final", role="floor", numbers="integer prefix", dates="ignored", ms_header=""
    ),
    patience=Patience(
        statuses=frozenset({529}),
        answers=3,
        models=frozenset({"opus", "fable"}),
        providers=frozenset({"anthropic"}),
    ),
    counts="ignore",
)

# Read in the packages' own source (wire.md 7.3). A hint counts below a minute, or below the backoff.
_VERCEL_AI = Policy(
    name="vercel_ai",
    source="ai 6.0.326, dist/index.mjs",
    max_retries=2,
    base_s=2.0,
    should_retry_header="ignored",
    retry_after=RetryAfter(
        ceiling_s=60.0,
        beyond="ignored",
        at_ceiling="beyond",
        ceiling_rises="to the backoff",
        numbers="prefix",
        zero="at once",
    ),
    counts="ignore",
)

# Read in the package's own source (wire.md 7.4), bodies that are cut tried on a socket: after a 2xx never retried, an
# error to InvokeModel or Converse retried by its head, one to InvokeModelWithResponseStream after 429 but not 500.
# ModelNotReadyException is a 429 that the service model marks as retryable and not as throttling.
_BOTOCORE_STANDARD = Policy(
    name="botocore_standard",
    source="botocore 1.44.5, retries/standard.py",
    max_retries=2,
    base_s=0.05,
    cap_s=20.0,
    jitter=Jitter("full"),
    throttling=Throttling(base_s=1.0, but_not=frozenset({"ModelNotReadyException"})),
    retry_statuses=frozenset({429, 500, 502, 503, 504}),
    retry_from_status=None,
    cut_body="by head, unsure in streams",
    should_retry_header="ignored",
    retry_after=RetryAfter(
        role="floor", adds_at_most_s=5.0, numbers="integer", ms_header="x-amz-retry-after", s_header=""
    ),
    budget=Budget(capacity=500, cost=14, throttling_cost=5),
    counts="ignore",
)

# Read in the package's own source: a token endpoint is asked three times, the metadata server five times, and only
# there a lost connection is tried again. A token endpoint's 400 whose body says server_error, internal_failure or
# temporarily_unavailable is retried too; no journal shows that to a policy.
_GOOGLE_AUTH = Policy(
    name="google_auth",
    source="google-auth 2.62.2, _exponential_backoff.py",
    max_retries=2,
    base_s=1.0,
    jitter=Jitter("spread", 0.1),
    retry_statuses=frozenset({408, 429, 500, 503, 504}),
    retry_from_status=None,
    connection_errors="final",
    cut_body="connection error",
    should_retry_header="ignored",
    retry_after=None,
    counts="ignore",
    calls="credentials",
)

_GOOGLE_AUTH_METADATA = replace(
    _GOOGLE_AUTH,
    name="google_auth_metadata",
    source="google-auth 2.62.2, compute_engine/_metadata.py",
    max_retries=4,
    connection_errors="retried",
)

_ALL = (
    _UNIFIED_CLIENT,
    _ANTHROPIC_PYTHON,
    _ANTHROPIC_PYTHON_0,
    _ANTHROPIC_TYPESCRIPT,
    _CLAUDE_CODE,
    _VERCEL_AI,
    _BOTOCORE_STANDARD,
    _GOOGLE_AUTH,
    _GOOGLE_AUTH_METADATA,
)
POLICIES: Mapping[str, Policy] = MappingProxyType({policy.name: policy for policy in _ALL})


def find(name: str) -> Policy:
    """Return the policy of that name."""
    if name in POLICIES:
        return POLICIES[name]
    offer = sorted(POLICIES, key=lambda known: -difflib.SequenceMatcher(None, name.lower(), known).ratio())
    raise PolicyError(
        f"No policy is called {name!r}.\n  on offer, nearest first: {', '.join(offer)}\n"
        f"  for one of your own: windtunnel.policies.custom(base_s=…, factor=…, cap_s=…, max_retries=…)"
    )
