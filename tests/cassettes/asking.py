"""Real clients that ask what an interaction asks, and what each of them makes of the answer, in the words of `reading`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import anthropic
import httpx2

from windtunnel.cassette.interaction import Interaction

from . import reading

Seen = dict[str, Any]

_MODEL: Final = re.compile(r"/models?/([^/]+?)(?:/|:raw|:stream|$)")
_STREAMS: Final = ("with-response-stream", ":streamRawPredict", "converse-stream")
#: Without one, the SDK refuses to ask for a long answer that is no stream.
_TIMEOUT_S: Final = 6000.0
#: Types of the events that come over the wire; the SDK's helper adds others of its own.
_EVENTS: Final = frozenset(
    {
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    }
)


def path(interaction: Interaction) -> str:
    """Return the path that was asked for, without escapes."""
    return unquote(urlsplit(interaction.request.uri).path)


def is_converse(interaction: Interaction) -> bool:
    """Tell whether it is in Amazon's own words."""
    return "/converse" in path(interaction)


def is_stream(interaction: Interaction) -> bool:
    """Tell whether a stream was asked for."""
    body = json.loads(interaction.request.body or b"{}")
    return bool(body.get("stream")) or path(interaction).endswith(_STREAMS)


def model(interaction: Interaction) -> str:
    """Return the model that the path names."""
    found = _MODEL.search(path(interaction))
    assert found is not None
    return found[1]


def by_sdk(client: Any, interaction: Interaction) -> Seen:
    """Ask with the official SDK."""
    api = client.beta if "beta=true" in interaction.request.uri else client
    try:
        return _asked(api, interaction)
    except anthropic.APIStatusError as error:
        return _told({"error": _error(error)}, error.request_id)


def _asked(api: Any, interaction: Interaction) -> Seen:
    if path(interaction).endswith("/models"):
        page = api.models.list()
        return _told({"models": [model.id for model in page.data]}, page._request_id)
    body = json.loads(interaction.request.body)
    named = {name: body.pop(name) for name in ("model", "messages", "max_tokens") if name in body}
    more = {name: value for name, value in body.items() if name != "stream"}
    if "model" not in named:
        named["model"] = model(interaction)
    if path(interaction).endswith("/count_tokens"):
        count = api.messages.count_tokens(**named, extra_body=more)
        return _told({"input_tokens": count.input_tokens}, count._request_id)
    if is_stream(interaction):
        with api.messages.stream(**named, extra_body=more) as stream:
            return _heard(stream)
    said = api.messages.create(**named, extra_body=more, timeout=_TIMEOUT_S)
    return _told(reading.message(said.to_dict()), said._request_id)


def _heard(stream: Any) -> Seen:
    events: list[str] = []
    seen: Seen = {}
    try:
        events += (event.type for event in stream if event.type in _EVENTS)
    except anthropic.APIStatusError as error:
        seen["error"] = _error(error)
    except httpx2.TransportError as error:
        seen["error"] = {"class": type(error).__name__}
    said = reading.message(stream.current_message_snapshot.to_dict())
    return _told({**said, "events": reading.in_runs(events), **seen}, stream.request_id)


def _error(error: anthropic.APIStatusError) -> Seen:
    plain = error.body.get("message") if isinstance(error.body, Mapping) else None
    return {
        "class": type(error).__name__,
        "status": error.status_code,
        "type": error.type,
        "message": reading.told(str(error.api_message or plain)),
    }


def _told(seen: Seen, request_id: str | None) -> Seen:
    return seen if request_id is None else {"request_id": request_id, **seen}
