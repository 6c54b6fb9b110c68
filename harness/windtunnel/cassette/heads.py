"""What a head can carry over HTTP: statuses that end an exchange, names that are tokens, values of one line in Latin-1."""

from __future__ import annotations

import re
from typing import Final

from windtunnel.cassette.interaction import Headers, Interaction, Response
from windtunnel.cassette.misfit import Place

#: What the name of a header is made of (RFC 9110, 5.6.2).
TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]"
_NAME: Final = re.compile(f"{TOKEN}+")
#: What no value may hold (RFC 9110, 5.5): line ends would make two headers of one, and a byte has room for Latin-1 only.
_UNSENDABLE: Final = re.compile("[\0\r\n]|[^\0-\xff]")


def misfit(interaction: Interaction) -> tuple[Place, str] | None:
    """Return the place in an interaction that HTTP could not carry, and why; None where all is well."""
    request, response = interaction.request, interaction.response
    return (
        _status(response)
        or _of_headers(("request", "headers"), request.headers)
        or _of_headers(("response", "headers"), response.headers)
    )


def _status(response: Response) -> tuple[Place, str] | None:
    place, status = ("response", "status", "code"), response.status
    if 200 <= status <= 599:
        return None
    if status == 0:
        ended = "is 0, which is for answers that broke off before their status line, and this one ended complete"
        return (place, ended) if response.ended == "complete" else None
    return place, f"is {status}, with which no exchange ends: it goes from 200 to 599"


def _of_headers(place: Place, headers: Headers) -> tuple[Place, str] | None:
    for name, value in headers:
        if not _NAME.fullmatch(name):
            return (*place, name), "is no name of a header: letters, digits and !#$%&'*+-.^_`|~"
        if found := _UNSENDABLE.search(value):
            return (*place, name), f"holds {found[0]!r}, and a header is one line of Latin-1"
    return None
