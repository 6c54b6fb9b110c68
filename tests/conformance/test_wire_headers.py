"""Our response headers against the newest recordings that kept names and order."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from windtunnel_server.wire import headers
from windtunnel_server.wire.errors import KINDS
from windtunnel_server.wire.headers import RateLimit, RateLimits, Stamp

#: Recorders that kept the order of the headers; one of them spells their names in its own case.
KEEP_ORDER = ("dd-test-agent", "ruby-vcr")
#: First month in which nothing we send was still missing but the workspace (since 2026-08-10).
SINCE = "2026-07"

#: Names that come and go between recordings of one month, and why they do.
COME_AND_GO = {
    "content-encoding": "there where the client offered gzip; a fault's business here",
    "transfer-encoding": "not there over HTTP/2, which one recorder spoke",
    "connection": "not there over HTTP/2, which one recorder spoke",
    "anthropic-workspace-id": "since 2026-08-10, and not for every key",
    "retry-after": "now and then on a success",
    "content-disposition": "on the results of a batch, which are a file",
    "server-timing": "now and then",
    "set-cookie": "until 2026-06",
    "traceresponse": "not on answers that run no model",
    "strict-transport-security": "missing on some count_tokens answers",
}
#: The edge adds these in no fixed order.
EDGE = {"server", "vary", "server-timing", "cf-cache-status", "x-robots-tag", "content-security-policy"}

LIMIT = RateLimit(10, 9, 0)
STAMP = Stamp(at=0, request_id="r", organization_id="o", workspace_id="w", traceresponse="t", cf_ray="c")
LIMITS = RateLimits(requests=LIMIT, tokens=LIMIT, input_tokens=LIMIT, output_tokens=LIMIT)


@pytest.fixture(scope="module")
def recorded(corpus: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted(corpus.glob("exchanges-*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            found += [record for line in lines if is_recent(record := json.loads(line))]
    return found


def is_recent(record: dict[str, Any]) -> bool:
    kept = record["format"] in KEEP_ORDER and (record["recorded_at"] or "") >= SINCE
    return kept and record["provider"] == "anthropic" and record["response_kind"] in ("json", "sse")


def names(found: Any) -> list[str]:
    return [name.lower() for name, _ in (found.items() if isinstance(found, dict) else found)]


def select(recorded: list[dict[str, Any]], api: str, kind: str, status: int = 200) -> list[list[str]]:
    asked = (api, kind, status)
    return [
        names(one["response_headers"]) for one in recorded if (one["api"], one["response_kind"], one["status"]) == asked
    ]


def fixed(found: list[str]) -> list[str]:
    """The names whose presence and order are settled: neither come-and-go nor of the edge, limits by family aside."""
    return [name for name in found if name not in COME_AND_GO and name not in EDGE]


MESSAGES = [
    ("json", headers.message_json(STAMP, LIMITS), 100),
    ("sse", headers.message_stream(STAMP, LIMITS), 15),
]


@pytest.mark.parametrize(("kind", "ours", "least"), MESSAGES)
def test_messages_are_answered_with_the_recorded_names(
    recorded: list[dict[str, Any]], kind: str, ours: headers.Headers, least: int
) -> None:
    theirs = select(recorded, "messages", kind)

    different = [set(found) ^ set(names(ours)) for found in theirs]

    assert len(theirs) >= least
    assert set().union(*different) <= set(COME_AND_GO)


@pytest.mark.parametrize(("kind", "ours", "least"), MESSAGES)
def test_messages_are_answered_in_the_recorded_order(
    recorded: list[dict[str, Any]], kind: str, ours: headers.Headers, least: int
) -> None:
    theirs = Counter(tuple(fixed(found)) for found in select(recorded, "messages", kind))

    # Nine streams of one recorder have the families of limits in another order: the only difference there is.
    assert sorted(theirs, key=lambda order: order != tuple(fixed(names(ours))))[0] == tuple(fixed(names(ours)))
    assert all(sorted(order) == sorted(fixed(names(ours))) for order in theirs)
    assert all(without_limits(order) == without_limits(fixed(names(ours))) for order in theirs)
    assert theirs.total() >= least


def without_limits(found: Any) -> list[str]:
    return [name for name in found if not name.startswith("anthropic-ratelimit-")]


def test_the_whole_order_of_a_json_answer_is_the_commonest_one(recorded: list[dict[str, Any]]) -> None:
    ours = [name for name in names(headers.message_json(STAMP, LIMITS)) if name != "anthropic-workspace-id"]

    ((theirs, _),) = Counter(map(tuple, select(recorded, "messages", "json"))).most_common(1)

    assert list(theirs) == ours


def test_a_refusal_is_answered_as_recorded(recorded: list[dict[str, Any]]) -> None:
    (theirs,) = select(recorded, "messages", "json", 400)

    ours = names(headers.api_error(KINDS["prefill_unsupported"], STAMP))

    assert theirs == [name for name in ours if name != "anthropic-workspace-id"]


@pytest.mark.parametrize("api", ["batches", "count_tokens", "files"])
def test_other_answers_have_the_recorded_names(recorded: list[dict[str, Any]], api: str) -> None:
    theirs = select(recorded, api, "json")

    different = [set(found) ^ set(names(headers.other_json(STAMP))) for found in theirs]

    assert theirs
    assert set().union(*different) <= set(COME_AND_GO)


def test_batches_are_answered_in_the_recorded_order(recorded: list[dict[str, Any]]) -> None:
    timed = Stamp(at=0, request_id="r", organization_id="o", workspace_id="w", cf_ray="c", origin_ms=1)

    ((theirs, _),) = Counter(map(tuple, select(recorded, "batches", "json"))).most_common(1)

    assert list(theirs) == names(headers.other_json(timed))


def test_our_spelling_is_that_of_the_recorder_that_kept_it(recorded: list[dict[str, Any]]) -> None:
    spelt = [
        one["response_headers"] for one in recorded if one["format"] == "dd-test-agent" and one["api"] == "messages"
    ]

    ours = {name for name, _ in headers.message_stream(STAMP, LIMITS)}

    assert spelt
    assert all(ours <= set(found) for found in spelt)


def test_recorded_token_limits_are_in_thousands_as_ours(recorded: list[dict[str, Any]]) -> None:
    said = [dict(one["response_headers"]) for one in recorded]
    left = [int(v) for found in said for k, v in found.items() if k.lower().endswith("tokens-remaining")]

    assert len(left) > 300
    assert all(count % 1000 == 0 for count in left)
