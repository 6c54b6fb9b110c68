"""Interactions as the journal would have them, so that they are read, counted and priced as every other call."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from windtunnel.cassette.interaction import Interaction, header
from windtunnel.cassette.record.doors import provider_of
from windtunnel.cassette.reported import coding, kind_of, named, notes, pieces, plain
from windtunnel_server.journal import Entry, Performed
from windtunnel_server.ledger import Booking, book

#: In a path as it was sent: a resource name has slashes of its own, which are written %2F there.
_MODEL: Final = re.compile(r"/models?/(arn:[^/]+|[^/:]+(?::\d+)?)")
#: What the clouds put around a model's name: the profile and the maker before it, Bedrock's version behind it.
_AROUND: Final = re.compile(r"^(?:arn:.*/)?(?:\w+\.)?anthropic\.|-v\d+(?::\d+)?$")
#: Headers that are no longer true of a body which is given unpacked.
_PACKING: Final = frozenset({"content-encoding", "content-length"})


def entry(interaction: Interaction, number: int = 1) -> Entry:
    """Put an interaction as the journal would have it; its body is unpacked. `number` is counted from 1."""
    request, response = interaction.request, interaction.response
    parts = urlsplit(request.uri)
    heads = named(response.headers)
    body = plain(response.body, coding(heads, response.body))
    events = pieces(kind_of(heads, body), body) if body is not None else []
    noted: dict[str, Any] = notes(response.status, heads, body, events)
    unpacked = body is not None
    return Entry(
        number=number,
        provider=interaction.provider or provider_of(request.uri) or "anthropic",
        method=request.method,
        path=unquote(parts.path),
        query=parts.query,
        headers=request.headers,
        body=asked(interaction),
        bytes_in=len(request.body),
        status=response.status or None,
        response_headers=tuple(pair for pair in response.headers if not unpacked or pair[0].lower() not in _PACKING),
        error_type=noted.get("error_type"),
        request_id=noted.get("request_id"),
        usage=noted.get("usage"),
        billed=noted.get("billed"),
        answered_by=f"interaction {number}",
        steps=[Performed(response.head_at_s or 0.0, "send", len(piece.data), piece.event) for piece in events],
        bytes_out=len(response.body),
        sent=[response.body if body is None else body],
        ended="complete" if response.ended == "complete" else "closed",
        ended_at=response.ended_at_s,
    )


def asked(interaction: Interaction) -> dict[str, Any] | None:
    """Return the request's JSON, with the model that its address names where the body names none; None: it has none."""
    request = interaction.request
    body = plain(request.body, (header(request.headers, "content-encoding") or "identity").lower()) or request.body
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    named_there = None if "model" in value else model_of(request.uri)
    return value if named_there is None else value | {"model": named_there}


def model_of(uri: str) -> str | None:
    """Return the model that an address of Bedrock's, Google's or the list of models names; None: it names none."""
    try:
        found = _MODEL.search(urlsplit(uri).path)
    except ValueError:  # no address at all
        return None
    return None if found is None else unquote(found[1])


def bookings(interactions: Iterable[Interaction]) -> list[Booking]:
    """Book what interactions stand for: what their calls used, and would cost again. `number` is the interaction's."""
    entries = [entry(interaction, number) for number, interaction in enumerate(interactions, 1)]
    return book(_by_name(found) for found in entries if (found.status or 0) < 400)


def _by_name(call: Entry) -> Entry:
    """Name its model as price lists do."""
    if isinstance(call.body, dict) and isinstance(call.body.get("model"), str):
        call.body = call.body | {"model": _AROUND.sub("", call.body["model"]).replace("@", "-")}
    return call
