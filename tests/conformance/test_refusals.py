"""Recorded refusals at our doors: the same status, type and words; and nothing refused that was answered.

What a credential, a limit or a load refused cannot be told from a request: such a call is asked again under what its
answer tells of the circumstances. `pytest tests/conformance/test_refusals.py -s -k table` prints the table.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest
from tests.conformance.exchanges import Exchange, ask

from windtunnel_server.clock import Clock, VirtualClock
from windtunnel_server.core import Core, Provider
from windtunnel_server.identity.api_keys import ApiKeys
from windtunnel_server.identity.aws import Aws
from windtunnel_server.plan import Plan
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.providers.bedrock import Bedrock
from windtunnel_server.settings import Settings
from windtunnel_server.words import fail

#: Answered by endpoints that we have not: files, completions; and by hosts that are none of these providers.
APIS: Final = ("messages", "converse", "converse-stream", "invoke", "invoke-stream", "vertex-predict", "count_tokens")
_STAMP: Final = "%Y%m%dT%H%M%SZ"
_ASIDE: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\d,]+(?= prompt bytes)")

Said = tuple[int, str | None, str | None]


@pytest.fixture(scope="module")
def recorded(corpus: Path) -> list[Exchange]:
    """Every exchange with one of our endpoints whose request is there whole enough to ask again."""
    return [found for path in sorted(corpus.glob("exchanges-*.jsonl.gz")) for found in _read(path)]


def _read(path: Path) -> Iterator[Exchange]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            found = Exchange(row)
            whole = row["request_body"] and not (row.get("request_elided") and row["status"] == 200)
            if found.provider != "other" and found.api in APIS and whole and "prompt" not in found.request:
                yield found


@dataclass(frozen=True)
class Judged:
    """An exchange, what we say to the same request, and whether it took more than the request."""

    exchange: Exchange
    ours: Said
    by_request: bool

    @property
    def verdict(self) -> str:
        if self.exchange.row["status"] == 200:
            return "answered" if self.ours[0] == 200 else "falsely refused"
        if self.ours != was_said(self.exchange):
            return "missed"
        return "matched" if self.by_request else "under circumstances"


@pytest.fixture(scope="module")
def judged(recorded: list[Exchange]) -> list[Judged]:
    return [_judge(exchange) for exchange in recorded]


def _judge(exchange: Exchange) -> Judged:
    ours = said(ask(exchange))
    again = circumstance(exchange) if exchange.row["status"] != 200 and ours != was_said(exchange) else None
    return Judged(exchange, ours if again is None else said(again(exchange)), again is None)


def test_nothing_that_was_answered_is_refused(judged: list[Judged]) -> None:
    answered = [one for one in judged if one.exchange.row["status"] == 200]

    assert len(answered) > 1_900
    assert {one.exchange.id: one.ours for one in answered if one.verdict != "answered"} == {}


def test_what_was_refused_is_refused_with_the_same_status_type_and_words(judged: list[Judged]) -> None:
    refused = [one for one in judged if one.exchange.row["status"] >= 400]

    missed = {one.exchange.id: (one.ours, was_said(one.exchange)) for one in refused if one.verdict == "missed"}

    assert missed == {}
    verdicts = Counter(one.verdict for one in refused)
    assert verdicts["matched"] >= 51
    assert verdicts["under circumstances"] >= 19


def test_table(judged: list[Judged]) -> None:
    table: dict[str, Counter[str]] = {}
    for one in judged:
        table.setdefault(one.exchange.provider, Counter())[one.verdict] += 1

    columns = ("answered", "falsely refused", "matched", "under circumstances", "missed")
    print("\n" + "".join(f"{name:>20}" for name in ("provider", *columns)))
    for provider, row in sorted(table.items()):
        print("".join(f"{cell:>20}" for cell in (provider, *(row[name] for name in columns))))
    assert set(table) == {"anthropic", "bedrock", "foundry", "vertex"}


# --- what was said -------------------------------------------------------------------------------------------------


def was_said(exchange: Exchange) -> Said:
    return _told(int(exchange.row["status"]), exchange.row["response_body"])


def said(plan: Plan) -> Said:
    body = plan.body
    assert plan.status is not None
    return _told(plan.status, json.loads(body) if body.startswith(b"{") else {})


def _told(status: int, body: Mapping[str, Any]) -> Said:
    """Status, type and words; ids and limits aside. Bedrock's type is in a header, which many recorders dropped."""
    error = body.get("error", body)
    words = error.get("message")
    return status, error.get("type"), None if words is None else _ASIDE.sub("…", words)


# --- circumstances -------------------------------------------------------------------------------------------------


def circumstance(exchange: Exchange) -> Callable[[Exchange], Plan] | None:
    """How to ask again what was refused for a reason that is not in the request; None where it has to be there."""
    return _BY_STATUS.get(int(exchange.row["status"]))


def _with_a_wrong_key(exchange: Exchange) -> Plan:
    """A key in its own header, or as a bearer: that decides the words."""
    bearer = exchange.row["response_body"]["error"]["message"] == "API key is invalid."
    sent = ("authorization", "Bearer wrong") if bearer else ("x-api-key", "wrong")
    return _asked(lambda clock: Anthropic(clock, keys=ApiKeys(frozenset({"good"}))), exchange, sent)


def _after_its_retirement(exchange: Exchange) -> Plan:
    settings = Settings(models_as_of=exchange.day)
    return _asked(lambda clock: Anthropic(clock, settings=settings), exchange, ("x-api-key", "key"))


def _signed(exchange: Exchange) -> Plan:
    """Sign with a key of ours, at the time the recorded refusal names, or with a token that has ended."""
    words = exchange.row["response_body"]["message"]
    stamps = re.findall(r"\d{8}T\d{6}Z", words) or ["20250303T005703Z"] * 3
    now = dt.datetime.strptime(stamps[2], _STAMP).replace(tzinfo=dt.UTC).timestamp()
    clock = VirtualClock(now)
    aws = Aws(clock)
    key = aws.keys.session()
    if words.endswith("is expired"):
        aws.keys.expire(key)
    scope = f"{key.id}/{stamps[0][:8]}/us-east-1/bedrock/aws4_request"
    signature = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature=0"
    sent = (("authorization", signature), ("x-amz-date", stamps[0]), ("x-amz-security-token", key.token or ""))
    return _asked(lambda clock: Bedrock(clock, gate=aws.gate("bedrock")), exchange, *sent, clock=clock)


def _beyond_a_limit(exchange: Exchange) -> Plan:
    return _scripted("rate_limited_bytes", exchange)


def _under_load(exchange: Exchange) -> Plan:
    return _scripted("overloaded", exchange)


def _scripted(kind: str, exchange: Exchange) -> Plan:
    door = {"anthropic": Anthropic, "bedrock": Bedrock}[exchange.provider]
    return _asked(door, exchange, ("x-api-key", "key"), script=kind)


def _asked(
    door: Callable[[Clock], Provider],
    exchange: Exchange,
    *credential: tuple[str, str],
    clock: VirtualClock | None = None,
    script: str | None = None,
) -> Plan:
    clock = clock or VirtualClock()
    core = Core(door(clock), clock)
    if script is not None:
        core.extend_script([fail(script)])
    call = exchange.call()
    kept = tuple(pair for pair in call.headers if pair[0] not in ("x-api-key", "authorization", "x-none"))
    return core.answer(replace(call, headers=(*kept, *credential)))[0]


_BY_STATUS: Final = {
    401: _with_a_wrong_key,
    403: _signed,
    404: _after_its_retirement,
    429: _beyond_a_limit,
    503: _under_load,
}
