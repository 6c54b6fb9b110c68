"""What a head can carry over HTTP: statuses that end an exchange, names that are tokens, values of one line in Latin-1."""

from __future__ import annotations

import re
from typing import Final

from windtunnel.cassette.interaction import Headers, Interaction, Response
from windtunnel.cassette.misfit import Place

#: What the name of a header is made of (RFC 9110, 5.6.2).
TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]"
_NAME: Final = re.compile(f"{TOKEN}+")
#: What no value of an answer may hold (RFC 9110, 5.5): line ends make two headers of one, and bytes hold Latin-1 only.
#: Those of requests are sent to nobody, and recorders blot them out as they like.
_UNSENDABLE: Final = re.compile("[\0\r\n]|[^\0-\xff]")


def misfit(interaction: Interaction) -> tuple[Place, str] | None:
    """Return the place in an interaction that HTTP could not carry, and why; None where all is well."""
    request, response = interaction.request, interaction.response
    return (
        _names(("request", "headers"), request.headers)
        or _status(response)
        or _names(("response", "headers"), response.headers)
        or _values(("response", "headers"), response.headers)
    )


def _status(response: Response) -> tuple[Place, str] | None:
    place, status = ("response", "status", "code"), response.status
    if 200 <= status <= 599:
        return None
    if status == 0:
        ended = "is 0, which is for answers that broke off before their status line, and this one ended complete"
        return (place, ended) if response.ended == "complete" else None
    return place, f"is {status}, with which no exchange ends: it goes from 200 to 599"


def _names(place: Place, headers: Headers) -> tuple[Place, str] | None:
    wrong = (name for name, _ in headers if not _NAME.fullmatch(name))
    return next(
        (((*place, name), "is no name of a header: letters, digits and !#$%&'*+-.^_`|~") for name in wrong), None
    )


def _values(place: Place, headers: Headers) -> tuple[Place, str] | None:
    for name, value in headers:
        if found := _UNSENDABLE.search(value):
            return (*place, name), f"holds {found[0]!r}, and a header is one line of Latin-1"
    return None
