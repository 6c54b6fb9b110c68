"""Exchanges that a foreign recorder did not keep whole: they are told of, and never imported as if nothing had been said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from windtunnel.cassette.heads import misfit
from windtunnel.cassette.interaction import Headers, Interaction, header
from windtunnel.cassette.misfit import Misfit

#: Statuses whose answers have no body (RFC 9110, 15.3.5 and 15.4.5).
_BODILESS: Final = (204, 304)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """An exchange that cannot be played; `place` counts as the recording does, from 1: "entry 3"."""

    place: str
    why: str
    uri: str = ""

    def __str__(self) -> str:
        asked = f" ({self.uri})" if self.uri else ""
        return f"{self.place}{asked}: {self.why}"


def whole(interaction: Interaction, place: str, *, keeps_none: str | None = None) -> Interaction | Lost:
    """Return an interaction, or what is lost of it: a body that a length in the headers promises, a head that HTTP can carry.

    `keeps_none` is "request" or "answer" where the recording itself says that it has no body of one that had some.
    """
    lacking, wrong = keeps_none or _lacking(interaction), misfit(interaction)
    if lacking is None and wrong is None:
        return interaction
    asked = f"{interaction.request.method} {interaction.request.uri}"
    why = str(Misfit(*wrong)) if wrong is not None else f"the body of the {lacking} was not kept"
    return Lost(place=place, uri=asked, why=why)


def can_have_body(method: str, status: int) -> bool:
    """Say whether an answer may have a body at all."""
    return method != "HEAD" and status >= 200 and status not in _BODILESS


def _lacking(interaction: Interaction) -> str | None:
    request, response = interaction.request, interaction.response
    if not request.body and _promised(request.headers):
        return "request"
    expected = response.ended == "complete" and can_have_body(request.method, response.status)
    return "answer" if expected and not response.body and _promised(response.headers) else None


def _promised(headers: Headers) -> bool:
    return (header(headers, "content-length") or "0").strip("0 ").isdigit()
