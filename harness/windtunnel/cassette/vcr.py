"""Interactions as VCR's version-1 structure, and back: what vcrpy itself loads and plays, plus one key of ours.

vcrpy passes over what it does not know in a response, and nowhere else in an interaction may a key be added: its requests
take four keys and no more (vcrpy 9.4, `request.py`). So all that VCR has no place for stands under `response.windtunnel`.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any, Final

from windtunnel.cassette.grouped import flat, grouped, order
from windtunnel.cassette.heads import misfit
from windtunnel.cassette.interaction import ENDINGS, Arrival, Interaction, Request, Response
from windtunnel.cassette.misfit import Misfit, Place, kind, mapping, one_of, text, whole_number

VERSION: Final = 1
#: The version of what stands under our key.
FORMAT: Final = 1
KEY: Final = "windtunnel"

#: Every key that has a place in an interaction; the others are kept in `Interaction.extra`, at the same place.
_KNOWN: Final[Mapping[str, Any]] = {
    "request": dict.fromkeys(("method", "uri", "headers", "body")),
    "response": {
        "status": dict.fromkeys(("code", "message")),
        "headers": None,
        KEY: dict.fromkeys(
            (
                "format",
                "provider",
                "recorded_at",
                "expires",
                "head_at_s",
                "ended",
                "ended_at_s",
                "request_header_order",
                "response_header_order",
                "at_s",
                "sizes",
            )
        ),
        "body": {"string": None},
    },
}


def to_vcr(interaction: Interaction) -> dict[str, Any]:
    """Return an interaction as plain values; a body is a str where it is UTF-8, and bytes otherwise, as in vcrpy."""
    request, response = interaction.request, interaction.response
    structure = {
        "request": {
            "method": request.method,
            "uri": request.uri,
            "headers": grouped(request.headers),
            "body": _text(request.body),
        },
        "response": {
            "status": {"code": response.status, "message": response.reason},
            "headers": grouped(response.headers),
            KEY: _ours(interaction),
            "body": {"string": _text(response.body)},
        },
    }
    return _with_extra(structure, interaction.extra)


def from_vcr(structure: Mapping[str, Any]) -> Interaction:
    """Read an interaction of the current format; Misfit for what cannot be one."""
    request, ours = mapping(structure, "request"), mapping(structure, "response", KEY)
    found = Interaction(
        request=Request(
            method=text(request.get("method"), ("request", "method")),
            uri=text(request.get("uri"), ("request", "uri")),
            headers=flat(request.get("headers"), ours.get("request_header_order"), ("request", "headers")),
            body=_body(request.get("body"), ("request", "body")),
        ),
        response=response_from_vcr(structure),
        provider=text(ours.get("provider", ""), ("response", KEY, "provider")),
        recorded_at=_instant(ours.get("recorded_at")),
        expires=_day(ours.get("expires")),
        extra=_rest(structure, _KNOWN),
    )
    if (wrong := misfit(found)) is not None:
        raise Misfit(*wrong)
    return found


def response_from_vcr(structure: Mapping[str, Any]) -> Response:
    """Read the answer of an interaction, whose request need not be there."""
    response = mapping(structure, "response")
    ours, status = mapping(structure, "response", KEY), mapping(structure, "response", "status")
    body = _body(mapping(structure, "response", "body").get("string"), ("response", "body", "string"))
    return Response(
        status=whole_number(status.get("code"), ("response", "status", "code")),
        reason=text(status.get("message") or "", ("response", "status", "message")),
        headers=flat(response.get("headers"), ours.get("response_header_order"), ("response", "headers")),
        body=body,
        arrivals=_arrivals(ours, len(body)),
        head_at_s=_seconds(ours, "head_at_s"),
        ended=one_of(ENDINGS, ours.get("ended", "complete"), ("response", KEY, "ended")),
        ended_at_s=_seconds(ours, "ended_at_s"),
    )


def _ours(interaction: Interaction) -> dict[str, Any]:
    request, response = interaction.request, interaction.response
    found = {
        "format": FORMAT,
        "provider": interaction.provider or None,
        "recorded_at": interaction.recorded_at,
        "expires": interaction.expires,
        "head_at_s": response.head_at_s,
        "ended": response.ended,
        "ended_at_s": response.ended_at_s,
        "request_header_order": order(request.headers),
        "response_header_order": order(response.headers),
        "at_s": [arrival.at_s for arrival in response.arrivals] or None,
        "sizes": [arrival.size for arrival in response.arrivals] or None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _text(body: bytes) -> str | bytes:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body


def _body(value: Any, place: Place) -> bytes:
    if value is None:
        return b""
    if isinstance(value, str):
        return value.encode("utf-8")
    if not isinstance(value, bytes):
        raise Misfit(place, f"is {kind(value)}, not a text or !!binary")
    return value


# --- our own key -----------------------------------------------------------------------------------------------------


def _arrivals(ours: Mapping[str, Any], length: int) -> tuple[Arrival, ...]:
    instants, sizes = ours.get("at_s") or [], ours.get("sizes") or []
    for name, values in (("at_s", instants), ("sizes", sizes)):
        if not isinstance(values, list):
            raise Misfit(("response", KEY, name), f"is {kind(values)}, not a list")
    if len(instants) != len(sizes):
        raise Misfit(("response", KEY, "sizes"), f"has {len(sizes)} numbers, and at_s has {len(instants)}")
    if set(map(type, sizes)) - {int} or min(sizes, default=0) < 0:
        raise Misfit(("response", KEY, "sizes"), "has something in it that is not a whole number from 0 up")
    if set(map(type, instants)) - {int, float} or not math.isfinite(sum(instants)):
        raise Misfit(("response", KEY, "at_s"), "has something in it that is not a number of seconds")
    return tuple(map(Arrival, map(float, instants), _fitted(sizes, length)))


def _fitted(sizes: list[int], length: int) -> list[int]:
    """Make the sizes add up to a body that was edited by hand: the last bytes come with the last arrival."""
    left = length - sum(sizes)
    if not sizes or not left:
        return sizes
    fitted, place = [], 0
    for size in sizes:
        fitted.append(min(size, length - place))
        place += fitted[-1]
    fitted[-1] += length - place
    return fitted


def _seconds(ours: Mapping[str, Any], name: str) -> float | None:
    value = ours.get(name)
    return None if value is None else _number(value, ("response", KEY, name))


def _number(value: Any, place: Place) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise Misfit(place, f"is {value!r}, not a number of seconds")
    return float(value)


def _instant(value: Any) -> dt.datetime | None:
    if value is None or isinstance(value, dt.datetime):
        return value
    raise Misfit(("response", KEY, "recorded_at"), f"is {value!r}, not an instant like 2026-11-30T12:00:00Z")


def _day(value: Any) -> dt.date | None:
    if value is None or (isinstance(value, dt.date) and not isinstance(value, dt.datetime)):
        return value
    raise Misfit(("response", KEY, "expires"), f"is {value!r}, not a day like 2027-01-31")


# --- keys that have no place here ------------------------------------------------------------------------------------


def _rest(value: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, inner in value.items():
        if key not in known:
            found[key] = inner
        elif isinstance(known[key], Mapping) and isinstance(inner, Mapping) and (rest := _rest(inner, known[key])):
            found[key] = rest
    return found


def _with_extra(structure: dict[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in extra.items():
        inner = structure.get(key)
        if key not in structure:
            structure[key] = value
        elif isinstance(inner, dict) and isinstance(value, Mapping):
            structure[key] = _with_extra(inner, value)
    return structure
