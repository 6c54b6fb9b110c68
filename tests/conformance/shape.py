"""The shape of an answer: names, order and forms, without what is said and how much of it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from windtunnel_server.wire import eventstream, sse
from windtunnel_server.wire.ids import version_of

Names = tuple[str, ...]

_ID: Final = re.compile(r"((?:[a-z]+_)+)(.+)")
_BASE32: Final = re.compile(r"[a-z2-7]{52}")
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_MINTED: Final = re.compile(r"01[1-9A-HJ-NP-Za-km-z]{22}")

#: Keys that hold what clients and models name as they like.
_FREE: Final = ("input", "json")


@dataclass(frozen=True)
class Shape:
    """What an answer is made of."""

    #: Place → the names found there, in order: `usage` → input_tokens, output_tokens.
    names: dict[str, Names] = field(default_factory=dict)
    #: Place → the form of what stands there: `id` → `msg_01, UUIDv7`.
    forms: dict[str, str] = field(default_factory=dict)
    #: Kinds of block, in order. Places that begin with a kind and a blank are parts of such blocks.
    blocks: Names = ()

    def add(self, place: str, names: Iterable[str]) -> None:
        """Add names to a place; those that are there keep their place."""
        before = self.names.get(place, ())
        self.names[place] = (*before, *dict.fromkeys(name for name in names if name not in before))


def of(headers: Iterable[tuple[str, str]], body: bytes, kind: str) -> Shape:
    """Read the shape of an answer; `kind`: json, sse or eventstream."""
    listed = list(headers)
    found = Shape(blocks=_READERS[kind][1](body))
    found.add("headers", (name.lower() for name, _ in listed))
    content_type = next((value for name, value in listed if name.lower() == "content-type"), None)
    if content_type is not None:
        found.forms["content-type"] = content_type
    request_id = next((value for name, value in listed if name.lower() == "request-id"), None)
    if request_id is not None:
        found.forms["request-id"] = form_of_id(request_id)
    _READERS[kind][0](found, body)
    return found


def form_of_id(id: str) -> str:
    """Tell how an id is made: its prefix, alphabet and length, and the version of the number in it."""
    match = _ID.fullmatch(id)
    prefix, tail = match.groups() if match else ("", id)
    if _MINTED.fullmatch(tail):
        # One random number in 64 looks like a UUIDv7, so only where the time is known to be in it.
        timed = prefix.startswith(("req_", "msg_")) and version_of(id) == 7
        return f"{prefix}01, {'UUIDv7' if timed else 'random'}"
    if _BASE32.fullmatch(tail):
        return f"{prefix} and 52 of base32"
    return f"{prefix} and 22 of base64url" if _BASE64URL.fullmatch(tail) else f"{prefix} and something else"


# --- whole answers ---------------------------------------------------------------------------------------------------


def _json(found: Shape, body: bytes) -> None:
    said = json.loads(body)
    if "output" in said:
        for block in said["output"]["message"].pop("content"):
            for kind, value in block.items():
                _object(found, f"{kind} block", value)
    _object(found, "answer", {key: value for key, value in said.items() if key != "content"})
    if "content" in said:
        found.names["answer"] = tuple(said)
    for block in said.get("content", ()):
        _object(found, f"{kind_of(block)} block", block, typed=False)
    _message(found, said)


def _message(found: Shape, said: Mapping[str, Any]) -> None:
    if "id" in said:
        found.forms["id"] = form_of_id(said["id"])
        found.forms["model"] = said["model"]
    if "stop_reason" in said:
        found.forms["stop_reason"] = str(said["stop_reason"])
        found.forms["stop_sequence"] = "null" if said["stop_sequence"] is None else "text"
    for block in said.get("content", ()):
        _block(found, block)
    _usage_forms(found, said.get("usage") or {})


def _usage_forms(found: Shape, usage: Mapping[str, Any]) -> None:
    for name in ("service_tier", "inference_geo"):
        if name in usage:
            found.forms[f"usage.{name}"] = str(usage[name])


def _block(found: Shape, block: Mapping[str, Any]) -> None:
    if block["type"].endswith("tool_use"):
        found.forms[f"{block['type']} id"] = form_of_id(block["id"])
    if block["type"] == "thinking":
        found.forms["thinking text"] = "shown" if block["thinking"] else "hidden"


def kind_of(block: Mapping[str, Any]) -> str:
    """Name the kind of a block; a text that cites is one of its own."""
    return "cited_text" if "citations" in block else str(block["type"])


def _object(found: Shape, place: str, value: Any, *, typed: bool = True) -> None:
    """Note the keys of an object and of all in it; blocks and their like are told apart by their type."""
    if isinstance(value, list):
        for item in value:
            _object(found, place, item, typed=typed)
        return
    if not isinstance(value, Mapping):
        return
    kind = value.get("type")
    place = f"{place} {kind}" if typed and isinstance(kind, str) and place != "answer" else place
    found.add(place, value)
    for key, inner in value.items():
        if key not in _FREE:
            _object(found, key if place == "answer" else f"{place}.{key}", inner)


def _blocks_of_json(body: bytes) -> Names:
    said = json.loads(body)
    if "output" in said:
        return tuple(key for block in said["output"]["message"]["content"] for key in block)
    return tuple(kind_of(block) for block in said.get("content", ()))


# --- streams ---------------------------------------------------------------------------------------------------------


def _sse(found: Shape, body: bytes) -> None:
    events = [(name, json.loads(data)) for name, data in sse.decode(body)]
    found.forms["pings"] = ", ".join(str(place) for place, (name, _) in enumerate(events) if name == "ping") or "none"
    if any(name != said["type"] for name, said in events):
        found.forms["event names"] = "not those of the data"
    pads = [re.search(rb"( *)\}$", line) for line in body.split(b"\n") if line.startswith(b'data: {"')]
    longest = max((len(pad[1]) for pad in pads if pad), default=0)
    found.forms["padding"] = "0 to 15 blanks" if 0 < longest <= 15 else f"{longest} blanks"
    _events(found, [said for name, said in events if name != "ping"])


def _events(found: Shape, events: list[Any]) -> None:
    frame = [said["type"] for said in events]
    found.add("events", _once(["block" if name.startswith("content_block") else name for name in frame]))
    for index, run in _runs(events):
        kind = kind_of(run[0]["content_block"])
        found.add(f"{kind} events", _once(map(_event_name, run)))
        for said in run[1:-1]:
            _object(found, f"{kind} delta", said["delta"])
        found.forms["index of blocks"] = "from 0, one by one" if index else "otherwise"
    for said in events:
        _event(found, said)


def _event(found: Shape, said: Mapping[str, Any]) -> None:
    kind = said["type"]
    found.add(kind, said)
    if kind == "message_start":
        _object(found, "answer", said["message"])
        _message(found, said["message"] | {"content": ()})
        found.forms.pop("stop_reason", None)
    elif kind == "message_delta":
        _object(found, "answer", {key: value for key, value in said.items() if key not in ("type", "delta", "usage")})
        _object(found, "message_delta.delta", said["delta"])
        _object(found, "message_delta.usage", said["usage"])
        found.forms["stop_reason"] = str(said["delta"]["stop_reason"])
        found.forms["stop_sequence"] = "null" if said["delta"]["stop_sequence"] is None else "text"
    elif kind == "content_block_start":
        _object(found, f"{kind_of(said['content_block'])} start", said["content_block"], typed=False)
        _block(found, said["content_block"])
        found.forms.pop("thinking text", None)
    elif kind == "message_stop":
        _object(found, "answer", {key: value for key, value in said.items() if key != "type"})


def _runs(events: list[Any]) -> Iterator[tuple[bool, list[Any]]]:
    """Give the events of each block, and whether its index is the next one."""
    run: list[Any] = []
    count = -1
    for said in events:
        if said["type"] == "content_block_start":
            run, count = [], count + 1
        if said["type"].startswith("content_block"):
            run.append(said)
        if said["type"] == "content_block_stop":
            yield all(one["index"] == count for one in run), run


def _event_name(said: Mapping[str, Any]) -> str:
    if said["type"] != "content_block_delta":
        return str(said["type"].removeprefix("content_block_"))
    delta = said["delta"]
    return f"empty {delta['type']}" if delta.get("partial_json") == "" else str(delta["type"])


def _once(names: Iterable[str]) -> list[str]:
    """Leave out what comes again at once; what comes back later is numbered."""
    out: list[str] = []
    for name in names:
        if not out or out[-1].partition(" #")[0] != name:
            again = sum(1 for one in out if one.partition(" #")[0] == name)
            out.append(f"{name} #{again + 1}" if again else name)
    return out


def _blocks_of_sse(body: bytes) -> Names:
    said = [json.loads(data) for _, data in sse.decode(body)]
    return tuple(kind_of(one["content_block"]) for one in said if one["type"] == "content_block_start")


# --- Amazon's frames -------------------------------------------------------------------------------------------------


def _frames(found: Shape, body: bytes) -> None:
    frames = eventstream.decode(body)
    names = [str(frame.event_type) for frame in frames]
    for frame in frames:
        found.add("headers of frames", (name for name, _ in frame.headers))
    if frames[0].event_type == "chunk":
        for frame in frames:
            found.add("chunk", json.loads(frame.payload))
        _events(found, _chunks(body))
        return
    found.add("events", _once(name for name in names if not name.startswith("contentBlock")))
    kinds: dict[int, str] = {}
    for frame in frames:
        said = json.loads(frame.payload)
        block = said.pop("start", None) or said.pop("delta", None)
        if block is not None:
            kind = kinds.setdefault(said["contentBlockIndex"], next(iter(block)))
            _object(found, f"{kind} {frame.event_type}", block)
        _object(found, f"{kinds[said['contentBlockIndex']]} frame" if block else str(frame.event_type), said)


def _chunks(body: bytes) -> list[Any]:
    return [json.loads(base64.b64decode(json.loads(frame.payload)["bytes"])) for frame in eventstream.decode(body)]


def _blocks_of_frames(body: bytes) -> Names:
    frames = eventstream.decode(body)
    if frames[0].event_type == "chunk":
        said = _chunks(body)
        return tuple(kind_of(one["content_block"]) for one in said if one["type"] == "content_block_start")
    kinds: dict[int, str] = {}
    for frame in frames:
        said = json.loads(frame.payload)
        if frame.event_type in ("contentBlockStart", "contentBlockDelta"):
            kinds.setdefault(said["contentBlockIndex"], next(iter(said.get("start") or said.get("delta"))))
    return tuple(kinds.values())


_READERS: Final[Mapping[str, Any]] = {
    "json": (_json, _blocks_of_json),
    "sse": (_sse, _blocks_of_sse),
    "eventstream": (_frames, _blocks_of_frames),
}
