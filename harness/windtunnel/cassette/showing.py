"""An interaction in a few lines: who was asked what, what came back, and what it cost."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from windtunnel.cassette.interaction import Headers, Interaction, Response, header
from windtunnel.verdicts.sent import Sent, read
from windtunnel_server.journal import Entry

#: Longest text in the short form, in characters.
SHORT: Final = 90

#: What an answer says of how it ended, where it did not end well.
_ENDED: Final = {
    "reset": "reset by the server",
    "cut": "cut",
    "timeout": "given up by the client",
    "refused": "nobody answered the door",
}
#: Counts of usage, and the words for them.
_COUNTS: Final = {
    "input_tokens": "in",
    "output_tokens": "out",
    "cache_read_input_tokens": "read from the cache",
    "cache_creation_input_tokens": "written to it",
}
_GZIP: Final = b"\x1f\x8b"
#: Model names in the addresses of Bedrock and of Google.
_MODEL: Final = re.compile(r"/(?:model|models)/([^/:?]+(?::\d+)?)")


def describe(interaction: Interaction, *, longest: int | None = SHORT) -> list[str]:
    """Tell an interaction in a few lines, without line ends: the request, its last turn, the answer, how it ended.

    Texts are cut to `longest` characters; None: nothing is cut. Never raises: what cannot be read is not told.
    """
    asked = _object(_decoded(interaction.request.headers, interaction.request.body))
    said = _said(interaction, asked)
    lines = [_head(interaction, asked, said), *_asked(asked), *_answered(said, interaction), _end(interaction, said)]
    return [_cut(line, longest) for line in lines]


def _said(interaction: Interaction, asked: Mapping[str, Any]) -> Sent:
    try:
        return read(_entry(interaction, asked))
    except (AttributeError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
        # A recording may hold anything under the names of the API, and it must be saved all the same.
        return Sent(unknown="this is no answer of the API")


def _head(interaction: Interaction, asked: Mapping[str, Any], said: Sent) -> str:
    request = interaction.request
    streamed = "stream" if said.last_event or asked.get("stream") is True else ""
    parts = [_model(interaction, asked), streamed, *_sizes(asked), f"{request.method} {request.uri}"]
    if interaction.recorded_at is not None:
        parts.insert(0, f"{interaction.recorded_at:%Y-%m-%d}")
    return " · ".join(part for part in parts if part)


def _model(interaction: Interaction, asked: Mapping[str, Any]) -> str:
    if isinstance(asked.get("model"), str):
        return str(asked["model"])
    found = _MODEL.search(_path(interaction.request.uri))
    return unquote(found[1]) if found else ""


def _sizes(asked: Mapping[str, Any]) -> Iterator[str]:
    for key, one in (("messages", "message"), ("tools", "tool")):
        value = asked.get(key)
        if isinstance(value, list):
            yield f"{len(value)} {one}{'' if len(value) == 1 else 's'}"


def _asked(asked: Mapping[str, Any]) -> Iterator[str]:
    """Tell the last turn: what the user said last, and what came of the tools."""
    messages = asked.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    if isinstance(last, dict):
        for part in _parts(last.get("content")):
            yield f"{last.get('role', '?')}: {part}"


def _parts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield _flat(content)
    for block in content if isinstance(content, list) else []:
        if not isinstance(block, dict):
            continue
        # Converse has no `type`: the one key of a block says what it is.
        kind = str(block.get("type") or next(iter(block), ""))
        if isinstance(block.get("text"), str):
            yield _flat(block["text"])
        elif kind in ("tool_result", "toolResult"):
            result = block.get("content", block.get("toolResult"))
            inner = result.get("content") if isinstance(result, dict) else result
            yield f"[{kind}] {' '.join(_parts(inner))}".rstrip()
        else:
            yield f"[{kind}]"


def _answered(said: Sent, interaction: Interaction) -> Iterator[str]:
    if said.thinking:
        yield f"thinking: {_flat(said.thinking)}"
    if said.text:
        yield f"assistant: {_flat(said.text)}"
    for use in said.tool_uses:
        given = use.partial_json if use.input is None else json.dumps(use.input, ensure_ascii=False)
        yield f"calls {use.name}: {_flat(given)}"
    if said.error is not None:
        yield f"error: {' · '.join(_flat(str(part)) for part in (said.error.type, said.error.message) if part)}"
    elif said.empty and interaction.response.body:
        yield f"answer: {len(interaction.response.body)} bytes of {_type(interaction)}"


def _type(interaction: Interaction) -> str:
    named = header(interaction.response.headers, "content-type") or "no type"
    return named.partition(";")[0].strip()


def _end(interaction: Interaction, said: Sent) -> str:
    response = interaction.response
    parts = [
        str(response.status) if response.status else "no status",
        _flat(str(said.stop_reason or "")),
        *_usage(said),
    ]
    if response.ended_at_s is not None:
        parts.append(f"{response.ended_at_s:.3g} s")
    parts.append(_ENDED.get(response.ended, ""))
    return " · ".join(part for part in parts if part)


def _usage(said: Sent) -> Iterator[str]:
    usage = said.usage or {}
    told = [f"{usage[key]} {words}" for key, words in _COUNTS.items() if usage.get(key)]
    if told:
        yield f"tokens: {', '.join(told)}"


def _entry(interaction: Interaction, asked: Mapping[str, Any]) -> Entry:
    """Put an interaction as the journal would have it, so that it is read as every other answer."""
    request, response = interaction.request, interaction.response
    path = _path(request.uri)
    return Entry(
        number=1,
        provider=interaction.provider or _provider(path),
        method=request.method,
        path=unquote(path),
        headers=request.headers,
        body=asked,
        status=response.status or None,
        response_headers=_without_coding(response) if _is_decoded(response) else response.headers,
        sent=[response.body],
        ended="complete" if response.ended == "complete" else "closed",
    )


def _is_decoded(response: Response) -> bool:
    """Say whether a body is no longer compressed as its head says: some recorders store it so."""
    coding = (header(response.headers, "content-encoding") or "").lower()
    return coding == "gzip" and not response.body.startswith(_GZIP)


def _without_coding(response: Response) -> Headers:
    return tuple(pair for pair in response.headers if pair[0].lower() not in ("content-encoding", "content-length"))


def _path(uri: str) -> str:
    try:
        return urlsplit(uri).path
    except ValueError:
        return ""


def _provider(path: str) -> str:
    """Guess whose answer it is from the path alone: Bedrock's are read in their own way, all others alike."""
    return "bedrock" if path.startswith("/model/") else "anthropic"


def _decoded(headers: Headers, body: bytes) -> bytes:
    if (header(headers, "content-encoding") or "").lower() != "gzip":
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        return body


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _flat(text: str) -> str:
    return " ".join(text.split())


def _cut(line: str, longest: int | None) -> str:
    return line if longest is None or len(line) <= longest else f"{line[: longest - 1]}…"
