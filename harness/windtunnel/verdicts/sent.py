"""What a client can have read off one answer: text, thinking, tool calls, how it ended, what it reported.

The answer is read as the official clients read it: unknown events and pings are passed over, an event that did not
leave whole was never there. Where careful clients may differ about an answer, it says so (`doubts`).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from windtunnel.verdicts import _bedrock_answers
from windtunnel.verdicts._message_reader import NO_STOP, MessageReader, ToolUse
from windtunnel.verdicts.failures import asked_for_stream, at_the_door
from windtunnel_server.journal import Entry
from windtunnel_server.wire.sse import Decoder

__all__ = ["CUT_BEHIND", "NO_JSON", "NO_STOP", "Sent", "ToolUse", "WireError", "asks_for_message", "read"]

#: A doubt about an answer whose message is whole.
CUT_BEHIND: Final = "the connection was cut behind the message"

#: A careful client refuses the answer; that does not make what it says otherwise less certain.
NO_JSON: Final = "the input of a tool call is no JSON"

_TRAILING: Final = "bytes that do not belong to it follow the JSON body"

#: Ends of the paths by which a message is asked for, on the four providers (wire.md 1).
_MESSAGE_PATHS: Final = (
    "/messages",
    "/invoke",
    "/invoke-with-response-stream",
    "/converse",
    "/converse-stream",
    ":rawPredict",
    ":streamRawPredict",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WireError:
    """How an answer said no: the HTTP status, and the error's type and message where the body named them."""

    status: int
    type: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One answer, as far as it left. Counts are tokens."""

    text: str = ""
    thinking: str = ""
    tool_uses: tuple[ToolUse, ...] = ()
    stop_reason: str | None = None
    message_id: str | None = None
    model: str | None = None
    #: Usage as the answer reported it in the end, first-party keys; what message_delta leaves out stays as it was.
    usage: Mapping[str, Any] | None = None
    #: Each report of usage as it stood in an event, in order.
    usages: tuple[Mapping[str, Any], ...] = ()
    #: So many of them are read by every client, those included that stop at the first doubt.
    sure_usages: int = 0
    #: Nothing of the message can be missing.
    whole: bool = False
    error: WireError | None = None
    streamed: bool = False
    #: Name of the last event that left whole, pings aside.
    last_event: str | None = None
    #: How long the text, and the thinking, was after each event that brought some, in characters.
    text_stops: frozenset[int] = frozenset()
    thinking_stops: frozenset[int] = frozenset()
    #: All that left has arrived: no reset and no hang-up can have swallowed the last of it.
    surely_read: bool = True
    #: Why a careful client may refuse the answer, or read it otherwise, although nothing says that it failed.
    doubts: tuple[str, ...] = ()
    #: Why nothing can be said of the answer; empty where it could be read.
    unknown: str = ""

    @property
    def empty(self) -> bool:
        """Nothing was said that a client could hand on."""
        return not (self.text or self.thinking or self.tool_uses)

    @property
    def ending(self) -> str:
        """Say in a few words where the answer stopped: "the last event was content_block_delta"."""
        if self.error is not None:
            kind = f" {self.error.type}" if self.error.type else ""
            return f"the last event was error{kind}" if self.streamed else f"the answer was {self.error.status}{kind}"
        if self.streamed:
            return f"the last event was {self.last_event}" if self.last_event else "no event left whole"
        return "the body broke off"


def asks_for_message(entry: Entry) -> bool:
    """Say whether the call asks the model for a message; what met a shut door counts as one."""
    counts = entry.path.endswith("/count-tokens:rawPredict")
    return at_the_door(entry) or (entry.path.endswith(_MESSAGE_PATHS) and not counts)


def read(entry: Entry) -> Sent:
    """Read an answer off the journal. Never raises: what cannot be read is `unknown`."""
    if entry.confidential:
        return Sent(unknown="the answer hands out a credential, and nothing of it was kept")
    if entry.status is None:
        return Sent(streamed=asked_for_stream(entry))
    reader = _READERS.get(entry.provider)
    if reader is None:
        return Sent(unknown=f"answers of {entry.provider} cannot be read yet")
    if not entry.sent and any(step.bytes for step in entry.steps if step.what == "send"):
        return Sent(unknown="the journal has not kept what was sent")
    try:
        body, left_over = _body(entry)
    except LookupError as unreadable:
        return Sent(unknown=str(unreadable))
    return reader(entry, body, left_over)


Reader: TypeAlias = Callable[[Entry, bytes, list[str]], Sent]


def _body(entry: Entry) -> tuple[bytes, list[str]]:
    """Return the body as HTTP delimits it, decompressed as far as it goes, and what is doubtful about it."""
    body, doubts = b"".join(entry.sent), []
    length = entry.response_header("content-length") or ""
    if length.isdigit() and entry.response_header("transfer-encoding") is None and int(length) < len(body):
        body = body[: int(length)]
        doubts.append(f"the content-length cuts the body off after {length} bytes")
    coding = (entry.response_header("content-encoding") or "identity").lower()
    if coding == "identity":
        return body, doubts
    if coding not in _WINDOWS:
        raise LookupError(f"the body is compressed with {coding}, which cannot be read here")
    try:
        return zlib.decompressobj(_WINDOWS[coding]).decompress(body), doubts
    except zlib.error:
        return b"", [*doubts, f"the body is not {coding}"]


#: Content codings, and the window in zlib's words (32 KiB; + 16: with a gzip wrapper).
_WINDOWS: Final = {"gzip": 15 + 16, "deflate": 15}


def _anthropic(entry: Entry, body: bytes, doubts: list[str]) -> Sent:
    if (entry.status or 0) >= 400:
        return _refusal(entry, body)
    named = (entry.response_header("content-type") or "").partition(";")[0].strip().lower()
    is_json = body.lstrip()[:1] == b"{" if body.strip() else named != "text/event-stream"
    expected = "application/json" if is_json else "text/event-stream"
    if named != expected:
        doubts = [*doubts, f"the content-type is {named or 'missing'}"]
    return _document(entry, body, doubts) if is_json else _stream(entry, body, doubts)


def _refusal(entry: Entry, body: bytes) -> Sent:
    # Google wraps the error of a streaming route in a list.
    said = _json_object(body.lstrip().removeprefix(b"["))
    error = said.get("error") if said is not None else None
    error = error if isinstance(error, dict) else {}
    kind, message = error.get("type"), error.get("message")
    return Sent(
        error=WireError(
            status=entry.status or 0,
            type=kind if isinstance(kind, str) else entry.error_type,
            message=message if isinstance(message, str) else None,
        )
    )


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        value, _ = json.JSONDecoder().raw_decode(body.decode("utf-8", "replace").lstrip())
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _document(entry: Entry, body: bytes, doubts: list[str]) -> Sent:
    streamed = asked_for_stream(entry)
    message = _json_object(body)
    if message is None or not isinstance(message.get("content"), list) or _is_short(entry):
        return Sent(doubts=tuple(doubts), streamed=False, surely_read=_surely_read(entry))
    if streamed:
        doubts = [*doubts, "a JSON body came in the place of a stream"]
    if not _is_json(body):
        doubts = [*doubts, _TRAILING]
    reader = MessageReader()
    reader.whole_message(message)
    return _told(entry, reader, doubts, streamed=False)


def _is_short(entry: Entry) -> bool:
    """Say whether HTTP promised more than came: then no client gets a body that is read in one piece."""
    framed = entry.response_header("content-length") or entry.response_header("transfer-encoding")
    return framed is not None and entry.ended not in ("complete", None)


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def _stream(entry: Entry, body: bytes, doubts: list[str]) -> Sent:
    reader = MessageReader()
    for name, data in Decoder().feed(body):
        reader.event(name, data)
    if not asked_for_stream(entry):
        doubts = [*doubts, "a stream came in the place of a JSON body"]
    return _told(entry, reader, doubts, streamed=True)


def _told(entry: Entry, reader: MessageReader, doubts: list[str], *, streamed: bool) -> Sent:
    reader.finish()
    every = len(reader.usages) if reader.sure_usages is None else reader.sure_usages
    sure_usages = 0 if doubts else every
    doubts = [*doubts, *reader.doubts]
    if reader.whole and entry.ended not in ("complete", None):
        doubts.append(CUT_BEHIND)
    if any(use.whole and use.input is None for use in reader.tool_uses):
        doubts.append(NO_JSON)
    error = None
    if reader.error is not None:
        error = WireError(status=entry.status or 200, type=reader.error[0], message=reader.error[1])
    return Sent(
        text=reader.text,
        thinking=reader.thinking,
        tool_uses=reader.tool_uses,
        stop_reason=reader.stop_reason,
        message_id=reader.message_id,
        model=reader.model,
        usage=reader.usage,
        usages=tuple(reader.usages),
        sure_usages=sure_usages,
        whole=reader.whole,
        error=error,
        streamed=streamed,
        last_event=reader.last_event,
        text_stops=frozenset(reader.text_stops),
        thinking_stops=frozenset(reader.thinking_stops),
        surely_read=_surely_read(entry),
        doubts=tuple(dict.fromkeys(doubts)),
    )


def _surely_read(entry: Entry) -> bool:
    """A reset can overtake what left at the same instant; who hangs up need not have read what was on its way."""
    if any(step.what == "raw" for step in entry.steps) or entry.ended in ("hung up", "stopped"):
        return False
    last = max((step.at for step in entry.steps if step.what == "send"), default=0.0)
    return entry.ended != "reset" or (entry.ended_at is not None and last < entry.ended_at)


def _bedrock(entry: Entry, body: bytes, doubts: list[str]) -> Sent:
    """Read an answer of Amazon's as the same in first-party shapes."""
    if (entry.status or 0) >= 400:
        type, message = _bedrock_answers.refusal(entry, body)
        return Sent(error=WireError(status=entry.status or 0, type=type, message=message))
    streamed = _bedrock_answers.is_stream(entry, body)
    doubts = [*doubts, *_bedrock_answers.doubts_about(entry, streamed=streamed)]
    if not streamed:
        said = _json_object(body)
        if said is not None and not _is_json(body):
            doubts = [*doubts, _TRAILING]
        said = _bedrock_answers.message(entry, said)
        return _document(entry, b"" if said is None else json.dumps(said).encode(), doubts)
    reader = MessageReader()
    doubts = [*doubts, *_bedrock_answers.read_stream(body, reader)]
    if not asked_for_stream(entry):
        doubts = [*doubts, "a stream came in the place of a JSON body"]
    return _told(entry, reader, doubts, streamed=True)


#: How the answers of each provider are read; answers of the others are unknown.
_READERS: Final[Mapping[str, Reader]] = {
    "anthropic": _anthropic,
    "vertex": _anthropic,
    "foundry": _anthropic,
    "google-cloud": _anthropic,
    "bedrock-mantle": _anthropic,
    "aws": _anthropic,
    "bedrock": _bedrock,
}
