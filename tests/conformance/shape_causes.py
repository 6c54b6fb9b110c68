"""Why a recorded answer and ours differ: rules, each with a reason and a source. What none explains is a fault of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.conformance.exchanges import Exchange
from tests.conformance.shape_diff import Difference

When = Callable[[Exchange], bool]

#: Sources.
FACTS: Final = "recorded traffic"
DOCS: Final = "documentation"


def always(exchange: Exchange) -> bool:
    return True


def before(day: str) -> When:
    """Recorded before a day, or nobody knows when."""
    return lambda exchange: exchange.day < day


def on(provider: str, *apis: str) -> When:
    return lambda exchange: exchange.provider == provider and (not apis or exchange.api in apis)


def asks_with(*words: str) -> When:
    """The request has one of these words in it."""
    return lambda exchange: any(word in json.dumps(exchange.request) for word in words)


def all_of(*tests: When) -> When:
    return lambda exchange: all(test(exchange) for test in tests)


@dataclass(frozen=True)
class Cause:
    """A reason for differences: those whose text is one of `what` (a pattern), in exchanges like `when`."""

    group: str
    reason: str
    source: str
    what: str
    when: When = always

    def explains(self, difference: Difference, exchange: Exchange) -> bool:
        return re.fullmatch(self.what, str(difference)) is not None and self.when(exchange)


def cause(difference: Difference, exchange: Exchange) -> Cause | None:
    """Give the first reason for a difference; None where there is none."""
    return next((one for one in CAUSES if one.explains(difference, exchange)), None)


# --- how it was recorded ---------------------------------------------------------------------------------------------


def _kept_some(exchange: Exchange) -> bool:
    """Every answer has a date, an id and a ray: where one is gone, the recorder left headers out."""
    names = {name.lower() for name, _ in exchange.headers}
    ids = {"cf-ray", "request-id"} if exchange.provider == "anthropic" else set()
    return not names >= {"date", *ids}


def _sorted(exchange: Exchange) -> bool:
    names = [name.lower() for name, _ in exchange.headers]
    return names == sorted(names)


def _rewritten(exchange: Exchange) -> bool:
    return not exchange.raw


def _http2(exchange: Exchange) -> bool:
    names = {name.lower() for name, _ in exchange.headers}
    return "connection" not in names


def _kept_no_betas(exchange: Exchange) -> bool:
    return not any(name.lower().startswith("anthropic-") for name in exchange.row["request_headers"] or {})


_LIMITS: Final = r"anthropic-ratelimit-(requests|tokens|input-tokens|output-tokens)-(limit|remaining|reset)"
_EDGE: Final = r"server|vary|cf-cache-status|x-robots-tag|content-security-policy|cf-ray|server-timing"

RECORDERS: Final = (
    Cause(
        "the recorder",
        "left headers out: every answer has a date, an id and a ray",
        FACTS,
        r"more: headers: .*",
        _kept_some,
    ),
    Cause(
        "the recorder",
        "left headers out, that of the content type and the id among them, or wrote something over them",
        FACTS,
        r"form: (request-id|content-type): (nothing|.* and something else|\*\*REDACTED\*\*) / .*",
    ),
    Cause(
        "the recorder", "wrote placeholders over ids", FACTS, r"form: (\w+ )?id: \w+_ and something else / \w+_01, \w+"
    ),
    Cause(
        "the recorder",
        "wrote a placeholder over the place of inference",
        FACTS,
        r"form: usage\.inference_geo: <\w+> / global",
    ),
    Cause(
        "the recorder",
        "left out the headers of the request, and so the beta that counts rounds",
        FACTS,
        r"missing: message_delta\.usage(: iterations|\.iterations .*)",
        _kept_no_betas,
    ),
    Cause("the recorder", "sorted the headers by name", FACTS, r"order: headers: .*", _sorted),
    Cause(
        "the recorder",
        "read and wrote the events anew, without padding",
        FACTS,
        r"form: padding: 0 blanks / .*",
        _rewritten,
    ),
    Cause(
        "the recorder",
        "unpacked the body: an answer that came in chunks or compressed has a length since",
        FACTS,
        r"(missing: headers: (content-length|content-encoding)|more: headers: transfer-encoding)",
    ),
    Cause(
        "the recorder",
        "left out how long a body is, or in which form it came",
        FACTS,
        r"(more: headers: content-length|missing: headers: transfer-encoding)",
        on("bedrock"),
    ),
    Cause(
        "the recorder",
        "spoke HTTP/2, which has neither",
        FACTS,
        r"more: headers: (transfer-encoding|connection)",
        _http2,
    ),
    Cause(
        "the recorder",
        "left out the headers of the request, and so the beta that adds it",
        FACTS,
        r"(missing|more): (answer: |message_delta: )?context_management.*",
        _kept_no_betas,
    ),
)

# --- what the network adds -------------------------------------------------------------------------------------------

NETWORK: Final = (
    Cause(
        "the network",
        "headers of the edge come and go, and so does a cookie",
        FACTS,
        rf"(missing|more): headers: ({_EDGE}|set-cookie|content-encoding)",
    ),
    Cause("the network", "the edge adds its headers in no fixed order", FACTS, rf"order: headers: .*\b({_EDGE})\b.*"),
    Cause(
        "the network",
        "retry-after is on about one success in ten, by chance",
        FACTS,
        r"(missing|more): headers: retry-after",
    ),
)

# --- when it was recorded --------------------------------------------------------------------------------------------


def _era(reason: str, what: str, day: str = "", when: When = always, source: str = FACTS) -> Cause:
    return Cause("the date", reason, source, what, all_of(before(day), when) if day else when)


_ELSEWHERE: Final = (
    "the other clouds were recorded in 2025-11 and before; that they followed the direct API is unverified"
)


ERAS: Final = (
    _era(
        "no workspace in the headers before 2026-08-10, and later not for every key",
        r"more: headers: anthropic-workspace-id",
    ),
    _era("no trace in the headers before 2026-05", r"more: headers: traceresponse", "2026-05"),
    _era(
        "an organisation id on every answer since about 2026-06", r"more: headers: anthropic-organization-id", "2026-07"
    ),
    _era("strict transport security since 2025-03", r"more: headers: strict-transport-security", "2025-04"),
    _era(
        "counts of tokens came without it for some time",
        r"more: headers: strict-transport-security",
        "",
        on("anthropic", "count_tokens"),
    ),
    _era(
        "headers of a proxy that is gone",
        r"missing: headers: (via|x-envoy-upstream-service-time|x-cloud-trace-context|x-response-tracked)",
        "2026-06",
    ),
    _era("limits of all four families on every answer since 2026-03", rf"more: headers: {_LIMITS}", "2026-03"),
    _era("another order of the limits, which some answers still have", rf"order: headers: {_LIMITS} before .*"),
    _era("another order of headers", r"order: headers: (anthropic-organization-id|cache-control) before .*", "2026-04"),
    _era("request ids were random before 2025-05", r"form: request-id: req_01, random / req_01, UUIDv7", "2025-05-13"),
    _era("message ids were random before 2026-07-07", r"form: id: msg_01, random / msg_01, UUIDv7", "2026-07-07"),
    _era("no msg_bdrk_ in 2024", r"form: id: msg_01, random / msg_bdrk_01, random", "2024-04", on("bedrock")),
    _era(
        "message ids on the other clouds were random",
        r"form: id: msg_vrtx_01, random / msg_vrtx_01, UUIDv7",
        "",
        on("vertex"),
    ),
    _era("no stop_details before 2026-04", r"more: (answer|message_delta\.delta): stop_details", "2026-04"),
    _era(
        "no place of inference before 2026-02-06",
        r"(more: usage: inference_geo|form: usage\.inference_geo: nothing / .*)",
        "2026-02-06",
    ),
    _era(
        "no thinking tokens in the usage before 2026-07-10",
        r"more: (message_delta\.)?usage(: output_tokens_details|\.output_tokens_details: all of it)",
        "2026-07-10",
    ),
    _era(
        "no caller of tools before 2026-02",
        r"more: tool_use (block|start)(: caller|\.caller direct: all of it)",
        "2026-02-26",
    ),
    _era(
        "no caller of results before 2026-08",
        r"more: web_(search|fetch)_tool_result (block|start)(: caller|\.caller direct: all of it)",
        "2026-08",
    ),
    _era(
        "runs of the service named their caller in early 2026, and since do not",
        r"missing: server_tool_use (block|start)(: caller|\.caller direct: all of it)",
        "2026-05",
    ),
    _era(
        "a fetched page says whether it may be cited since 2026-08",
        r"more: web_fetch_tool_result start\.content web_fetch_result\.content document(: citations|\.citations: .*)",
        "2026-08",
    ),
    _era(
        "an answer after a compaction counted the runs of the service too",
        r"missing: usage(: server_tool_use|\.server_tool_use: all of it)",
        "2026-08",
        asks_with('"compact_20260112"'),
    ),
    _era("model behind role until 2025-09", r"order: answer: (role|content) before model", "2025-10"),
    _era(
        "no service tier before 2025-05-29",
        r"(more: usage: service_tier|form: usage\.service_tier: nothing / .*)",
        "2025-05-29",
    ),
    _era(
        "no lifetimes of the cache before 2025-08-18",
        r"more: usage(: cache_creation|\.cache_creation: all of it)",
        "2025-08-18",
    ),
    _era(
        "no counts of the cache before 2025",
        r"more: usage: cache_(creation|read)_input_tokens",
        "2025",
    ),
    _era(
        "the end of a stream counted the output alone before 2025-08-18",
        r"more: message_delta\.usage: (input_tokens|cache_creation_input_tokens|cache_read_input_tokens)",
        "2025-08-18",
    ),
    _era(
        "no count of fetched pages before 2026-02",
        r"more: (message_delta\.)?usage\.server_tool_use: web_fetch_requests",
        "2026-03",
    ),
    _era(
        "no rounds in the usage before 2026-07, but of compactions",
        r"more: message_delta\.usage(: iterations|\.iterations .*)",
        "2026-07",
    ),
    _era("other places of the pings in 2025", r"form: pings: .*", "2026-02"),
    _era("no padding before 2024-04", r"form: padding: 0 blanks / .*", "2024-04"),
    _era(
        "Bedrock's older models have no cache, and say nothing of it",
        r"more: (headers: x-amzn-bedrock-cache-(read|write)-input-token-count|usage: cache_(creation|read)_input_tokens)",
        "2025-10",
        on("bedrock"),
    ),
    _era(
        "Bedrock's answers had no lifetimes of the cache in 2025",
        r"more: usage(: cache_creation|\.cache_creation: all of it)",
        "2025-10",
        on("bedrock"),
    ),
    _era(
        "Converse told nothing of its own tools in 2025",
        r"more: (metadata\.)?usage(: serverToolUsage|\.serverToolUsage: all of it)",
        "2025-12",
        on("bedrock"),
    ),
    _era(
        "a call of Converse has a type since 2026",
        r"(missing|more): toolUse (block|contentBlockStart\.toolUse)( tool_use)?: all of it",
        "2025-12",
        on("bedrock"),
    ),
    _era("no padding of frames in 2024", r"more: chunk: p", "2025", on("bedrock")),
    _era("another name of the model, once", r"form: model: claude-3-sonnet-28k-20240229 / .*", "2024-04"),
    _era("once, an alias was answered by itself", r"form: model: claude-3-5-haiku-latest / .*", "2025-06"),
    _era(
        "Foundry sent no request id in 2025; it is documented since",
        r"(more: headers: request-id|form: request-id: nothing / .*)",
        "2026",
        on("foundry"),
        DOCS,
    ),
)

# --- what the model chose --------------------------------------------------------------------------------------------

_RUN_BY_SERVICE: Final = (
    "web_search_2",
    "web_fetch_2",
    "code_execution_2",
    "tool_search_tool_",
    "mcp_servers",
    "advisor_2",
)


def _may_choose(exchange: Exchange) -> bool:
    """Tell whether tools are offered, and none of them has to be called."""
    asked = exchange.request
    choice = asked.get("tool_choice") or asked.get("toolConfig", {}).get("toolChoice") or {}
    return any(key in asked for key in ("tools", "toolConfig")) and not {"any", "tool"} & {choice.get("type"), *choice}


def _may_speak(exchange: Exchange) -> bool:
    return any(key in exchange.request for key in ("tools", "toolConfig"))


def _may_think(exchange: Exchange) -> bool:
    """Tell whether thinking is left to the model: by the request, or because a turn goes on."""
    asked, last = exchange.request, exchange.request["messages"][-1]
    goes_on = last["role"] == "assistant" or "tool_result" in json.dumps(last)
    return asked.get("thinking", {}).get("type") != "enabled" or goes_on


def _said_nothing(exchange: Exchange) -> bool:
    return b'"content": []' in exchange.body


_TEXT_ENDS: Final = "(end_turn|max_tokens|stop_sequence|pause_turn)"

CHOICES: Final = (
    Cause(
        "the model",
        "called a tool that it was left to choose, or did not",
        FACTS,
        r"((missing|more): blocks: (tool_use|toolUse)|form: stop_reason: (tool_use / .*|.* / tool_use))",
        _may_choose,
    ),
    Cause(
        "the model",
        "said something before it called a tool, or did not",
        FACTS,
        r"(missing|more): blocks: text",
        _may_speak,
    ),
    Cause("the model", "had nothing to say", FACTS, r"more: blocks: text", _said_nothing),
    Cause(
        "the model", "thought where it was free to, or did not", FACTS, r"(missing|more): blocks: thinking", _may_think
    ),
    Cause(
        "the model",
        "had the service run a tool, or did not",
        FACTS,
        r"(missing|more): blocks: (server_tool_use|cited_text|\w+_tool_result)",
        asks_with(*_RUN_BY_SERVICE),
    ),
    Cause(
        "the model",
        "cited what it might cite, or did not, and said something besides",
        FACTS,
        r"more: blocks: (text|cited_text)",
        asks_with('"citations": {"enabled": true}'),
    ),
    Cause(
        "the model",
        "said more or less, and so ended in another way",
        FACTS,
        rf"form: stop_reason: {_TEXT_ENDS} / {_TEXT_ENDS}",
    ),
    Cause("the model", "was cut off in a call of a tool", FACTS, r"form: stop_reason: max_tokens / tool_use"),
    Cause("the model", "came upon a stop sequence, or did not", FACTS, r"form: stop_sequence: .*", asks_with('"stop')),
    Cause(
        "the cache",
        "had the prompt then, and writes it here",
        FACTS,
        r"more: usage(: cacheDetails|\.cacheDetails: all of it)",
        asks_with("cachePoint"),
    ),
)

LACKING: Final = (
    Cause(
        "not attempted",
        "tools of other servers, and advisors: nobody knows what they would say",
        FACTS,
        r"missing: (blocks: mcp_tool_(use|result)|usage\.iterations .*|usage: iterations)",
        asks_with('"mcp_servers"', '"advisor_2'),
    ),
    Cause(
        "not attempted",
        "code that calls tools by itself",
        FACTS,
        r"missing: (.* block\.caller code_execution_20260120: all of it|(answer: )?container.*|usage[:.].*server_tool_use.*)",
        asks_with('"allowed_callers"', '"web_search_20260209"'),
    ),
)

CAUSES: Final[tuple[Cause, ...]] = (*RECORDERS, *NETWORK, *ERAS, *CHOICES, *LACKING)
