"""Recorded exchanges, and the same requests put to our doors."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args
from urllib.parse import urlsplit

from anthropic.types.anthropic_beta_param import AnthropicBetaParam

from windtunnel_server.call import Call
from windtunnel_server.clock import Clock, VirtualClock
from windtunnel_server.core import Core, Provider
from windtunnel_server.plan import Plan
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.providers.bedrock import Bedrock
from windtunnel_server.providers.foundry import Foundry
from windtunnel_server.providers.vertex import Vertex

#: A request whose headers were not kept may have named any beta, so it is asked with all those that are no wish of
#: their own to see more in the answer.
_TELLING: Final = ("context-management-", "compact-", "thinking-token-count-", "advisor-tool-", "task-budgets-")
_EVERY_BETA: Final = ",".join(
    beta for beta in get_args(get_args(AnthropicBetaParam)[1]) if not beta.startswith(_TELLING)
)
_OF_WISH: Final = {
    '"context_management"': "context-management-2025-06-27,compact-2026-01-12",
    '"advisor_20260301"': "advisor-tool-2026-03-01",
    '"task_budget"': "task-budgets-2026-03-13",
}

_DOORS: Final[Mapping[str, Callable[[Clock], Provider]]] = {
    "anthropic": Anthropic,
    "bedrock": Bedrock,
    "foundry": Foundry,
    "vertex": Vertex,
}
_KEYS: Final = {
    "anthropic": ("x-api-key", "key"),
    "bedrock": ("x-none", ""),
    "foundry": ("x-api-key", "key"),
    "vertex": ("authorization", "Bearer token"),
}
_APIS: Final = ("messages", "converse", "converse-stream", "invoke", "invoke-stream", "vertex-predict", "count_tokens")


@dataclass(frozen=True)
class Exchange:
    """One recorded request and its answer."""

    row: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def provider(self) -> str:
        return str(self.row["provider"])

    @property
    def api(self) -> str:
        return str(self.row["api"])

    @property
    def day(self) -> str:
        """When it was recorded, `2026-08-01`; empty where nobody knows."""
        return str(self.row["recorded_at"] or "")[:10]

    @property
    def raw(self) -> bool:
        """The recorder kept the bytes of the answer: order of keys, ids and blanks are the service's."""
        return bool(self.row["fidelity"].get("response") == "raw")

    @property
    def kept_headers(self) -> bool:
        return bool(self.row["response_headers"])

    @property
    def request(self) -> dict[str, Any]:
        body = self.row["request_body"]
        if isinstance(body, Mapping) and set(body) == {"b64"}:
            body = json.loads(base64.b64decode(body["b64"]))
        return dict(body)

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Headers of the answer, in the recorded order."""
        return list(_listed(self.row["response_headers"] or {}))

    @property
    def body(self) -> bytes:
        """Body of the answer. JSON is written compact, whatever the recorder made of it."""
        said = self.row["response_body"]
        if self.row["response_kind"] == "eventstream":
            return base64.b64decode(said)
        return (said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)).encode("utf-8", "replace")

    @property
    def kind(self) -> str:
        return str(self.row["response_kind"])

    def call(self) -> Call:
        """Write the request as it comes in at our door."""
        asked = {name.lower(): value for name, value in _listed(self.row["request_headers"] or {})}
        version = asked.get("anthropic-version", "")
        headers = [("anthropic-version", version if version.startswith("20") else "2023-06-01"), _KEYS[self.provider]]
        headers += [("anthropic-beta", betas)] if (betas := self._betas(asked)) else []
        body = json.dumps(self.request).encode()
        return Call("POST", urlsplit(self.row["url"]).path, headers=tuple(headers), body=body)

    def _betas(self, asked: Mapping[str, str]) -> str:
        if any(name.startswith("anthropic-") for name in asked):
            return asked.get("anthropic-beta", "")
        body = json.dumps(self.request)
        return ",".join([_EVERY_BETA, *(betas for wish, betas in _OF_WISH.items() if wish in body)])


def exchanges(corpus: Path) -> list[Exchange]:
    """Give every exchange that was answered with 200 and whose request is there whole."""
    files = sorted(corpus.glob("exchanges-*.jsonl.gz"))
    return [found for file in files for row in _rows(file) if _usable(found := Exchange(row))]


def ask(exchange: Exchange, *, seed: int = 0) -> Plan:
    """Ask ours what was asked then: a door of its own, where nothing is cached yet."""
    clock = VirtualClock()
    core = Core(_DOORS[exchange.provider](clock), clock, seed=seed)
    return core.answer(exchange.call())[0]


def _usable(exchange: Exchange) -> bool:
    row = exchange.row
    if row["status"] != 200 or exchange.provider not in _DOORS or exchange.api not in _APIS:
        return False
    # `prompt` is the older API of completions, which we have not.
    return bool(row["request_body"]) and not row.get("request_elided") and "prompt" not in exchange.request


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _listed(headers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        for one in value if isinstance(value, list) else [value]:
            yield name, str(one)
