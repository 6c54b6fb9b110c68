"""Backoff policies of real clients, as data: what they retry, how often, and how long they wait before.

A policy turns a failure into an envelope, the shortest and the longest wait it allows before the next attempt.
`POLICIES` has those of real clients, each with its source; `custom(…)` makes one, `policy.changed(…)` alters one, and
`resolve(…)` reads one from the words of a scenario file. All times are seconds.
"""

from __future__ import annotations

from windtunnel._hints import Envelope, Failure, RetryAfter
from windtunnel.policies._clients import POLICIES, find
from windtunnel.policies._errors import PolicyError
from windtunnel.policies._extras import Budget, Patience, Throttling
from windtunnel.policies._jitter import Jitter
from windtunnel.policies._json import policy_from_json
from windtunnel.policies._policy import Counts, Decision, Policy, custom
from windtunnel.policies._written import policy_from_mapping, resolve, to_mapping

__all__ = [
    "POLICIES",
    "Budget",
    "Counts",
    "Decision",
    "Envelope",
    "Failure",
    "Jitter",
    "Patience",
    "Policy",
    "PolicyError",
    "RetryAfter",
    "Throttling",
    "custom",
    "find",
    "policy_from_json",
    "policy_from_mapping",
    "resolve",
    "to_mapping",
]
