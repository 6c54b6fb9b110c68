"""Everything that happened, in order: one entry per call, and what became of it.

Instants are seconds on the clock the server runs on; the first instant of a run is near 0. Secrets are masked when
an entry is made, so nothing that reads the journal can leak one.
"""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from windtunnel_server.wire import credentials


def mask(value: str) -> str:
    """Hide a credential: scheme and last four characters stay where enough is left hidden."""
    scheme, blank, secret = value.partition(" ")
    if scheme.lower() not in credentials.SCHEMES:
        scheme, blank, secret = "", "", value
    tail = secret[-4:] if len(secret) >= 16 else ""
    return f"{scheme}{blank}***{tail}"


def mask_headers(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Mask the credential headers of a request or response."""
    if credentials.HEADERS.isdisjoint([name.lower() for name, _ in headers]):
        return headers
    return tuple((k, mask(v) if k.lower() in credentials.HEADERS else v) for k, v in headers)


_SECRET_PARAMETER = re.compile(
    rf"((?:^|&)(?:{'|'.join(sorted(map(re.escape, credentials.PARAMETERS)))})=)[^&]*", re.IGNORECASE
)


def mask_query(query: str) -> str:
    """Mask the credentials in the query of an address."""
    return _SECRET_PARAMETER.sub(r"\1***", query) if query else query


def mask_body(body: Any) -> Any:
    """Mask what a body proves itself by, and the tokens of its `mcp_servers`; all else stays as it came."""
    if not isinstance(body, dict):
        return body
    if not credentials.PROOFS.isdisjoint(body):
        body = {name: mask(str(value)) if name in credentials.PROOFS else value for name, value in body.items()}
    if isinstance(body.get("mcp_servers"), list):
        body = body | {"mcp_servers": [_mask_token(server) for server in body["mcp_servers"]]}
    if isinstance(body.get("requests"), list):
        body = body | {"requests": [_mask_params(request) for request in body["requests"]]}
    return body


def _mask_token(server: Any) -> Any:
    if isinstance(server, dict) and server.get("authorization_token"):
        return server | {"authorization_token": mask(str(server["authorization_token"]))}
    return server


def _mask_params(request: Any) -> Any:
    if isinstance(request, dict) and "params" in request:
        return request | {"params": mask_body(request["params"])}
    return request


class Performed(NamedTuple):
    """One step as it was performed: `what` is head, send, wait, raw, end, close or reset."""

    # A tuple, not a frozen dataclass: a stream makes one for every event, and this is built in a third of the time.

    at: float
    what: str
    bytes: int = 0
    event: str | None = None

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {"at": self.at, "what": self.what}
        if self.bytes:
            out["bytes"] = self.bytes
        if self.event:
            out["event"] = self.event
        return out


@dataclass(slots=True, kw_only=True)
class Entry:
    """One call and what became of it.

    `ended` is one of: "complete" (the last byte left), "closed" (we cut it cleanly), "reset" (we cut it with a RST),
    "refused" (the door was shut), "hung up" (the client left first), "stopped" (the server was stopped),
    or None while it is under way.
    """

    number: int
    provider: str
    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    #: The parsed JSON body; None where there is none or it is not JSON.
    body: Any = None
    bytes_in: int = 0
    #: SHA-256 of the body's bytes, hex; empty for no body.
    body_digest: str = ""
    arrived_at: float = 0.0
    head_at: float | None = None
    body_at: float | None = None
    connection: int = 0
    sender: str | None = None
    status: int | None = None
    response_headers: tuple[tuple[str, str], ...] = ()
    #: `rate_limit_error` and so on, for an error answer or an error event inside a stream.
    error_type: str | None = None
    request_id: str | None = None
    #: The usage the answer reported in the end, first-party keys; None for errors and cut replies that reported none.
    usage: dict[str, Any] | None = None
    #: The usage the answer is charged for, from the moment it begins to leave, whether or not all of it arrives.
    billed: dict[str, Any] | None = None
    #: The script step that answered ("fail rate_limited", "reply"), or "composed".
    answered_by: str | None = None
    faults: tuple[str, ...] = ()
    steps: list[Performed] = field(default_factory=list)
    bytes_out: int = 0
    #: Body bytes as they left, unframed, in the pieces they left in; empty for an answer that is `confidential`.
    sent: list[bytes] = field(default_factory=list)
    #: The answer hands out a credential: nothing of it is kept.
    confidential: bool = False
    ended: str | None = None
    ended_at: float | None = None

    def header(self, name: str) -> str | None:
        """Return the first request header of that name (any case), or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def response_header(self, name: str) -> str | None:
        """Return the first response header of that name (any case), or None."""
        wanted = name.lower()
        return next((value for key, value in self.response_headers if key.lower() == wanted), None)

    @property
    def events_sent(self) -> list[str]:
        """Names of the server-sent events that left whole."""
        return [step.event for step in self.steps if step.event]

    def to_json(self) -> dict[str, Any]:
        """Return the entry as plain JSON values, keys in the order of the fields."""
        out: dict[str, Any] = {}
        for name in Entry.__slots__:
            value = getattr(self, name)
            if name in ("headers", "response_headers"):
                value = [list(pair) for pair in value]
            elif name == "steps":
                value = [step.to_json() for step in value]
            elif name == "faults":
                value = list(value)
            elif name == "sent":
                value = _text_or_base64(b"".join(value))
            out[name] = value
        return out


def entry_from_json(value: dict[str, Any]) -> Entry:
    """Read an entry as `Entry.to_json` wrote it."""
    fields = dict(value)
    for name in ("headers", "response_headers"):
        fields[name] = tuple((str(key), str(text)) for key, text in fields[name])
    fields["faults"] = tuple(fields["faults"])
    fields["steps"] = [Performed(**step) for step in fields["steps"]]
    fields["sent"] = [sent] if (sent := _bytes(fields["sent"])) else []
    return Entry(**fields)


def _text_or_base64(data: bytes) -> str | dict[str, str]:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}


def _bytes(value: str | dict[str, str]) -> bytes:
    return value.encode("utf-8") if isinstance(value, str) else base64.b64decode(value["base64"])


class Journal:
    """Entries in order of arrival. Safe to read from any thread while calls are under way."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._changed = threading.Condition()

    @property
    def calls(self) -> list[Entry]:
        """Every call so far, oldest first."""
        return list(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.calls)

    def __getitem__(self, index: int) -> Entry:
        return self._entries[index]

    def open(self, make: Callable[[int], Entry]) -> Entry:
        """Add the entry `make` gives for the next number (counted from 1)."""
        with self._changed:
            entry = make(len(self._entries) + 1)
            self._entries.append(entry)
            return entry

    def since(self, number: int) -> list[Entry]:
        """Entries with a number above `number`."""
        return [entry for entry in self._entries if entry.number > number]

    def clear(self) -> None:
        """Forget everything; numbering starts anew."""
        with self._changed:
            self._entries.clear()
