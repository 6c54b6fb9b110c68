"""What is wrong with a cassette, found without playing it: layout, comments, secrets, arrivals, and what the SDK makes of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from windtunnel.cassette import files, layout
from windtunnel.cassette.files import Cassette
from windtunnel.cassette.interaction import Interaction
from windtunnel.cassette.vcr import FORMAT

#: "error": it must not be committed or cannot be played; "note": it can be played, and something about it is odd.
Weight: TypeAlias = Literal["error", "note"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something about a cassette. `number` is the interaction's, counted from 1; 0: the file as a whole."""

    check: str
    weight: Weight
    number: int
    why: str

    def __str__(self) -> str:
        where = f"interaction {self.number}: " if self.number else ""
        return f"{self.weight}: {where}{self.why} [{self.check}]"


def verify(
    path: str | os.PathLike[str],
    *,
    sdk: bool = True,
    rules: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> list[Fault]:
    """Look a cassette through, interaction by interaction. CassetteError for what is none.

    `sdk`: whether its answers are read with the types of the installed SDK, too. `rules` are those of redaction, as
    `rules_for` takes them.
    """
    cassette = files.load(path)
    faults = [*_layout(cassette), *_secrets(cassette, rules, environ)]
    for number, interaction in enumerate(cassette.interactions, 1):
        for check in (*CHECKS, *([_types] if sdk else [])):
            faults += check(number, interaction)
    return sorted(faults, key=lambda fault: fault.number)


# --- the file --------------------------------------------------------------------------------------------------------


def _layout(cassette: Cassette) -> Iterator[Fault]:
    if cassette.format < FORMAT:
        why = f"format {cassette.format} is not the newest, {FORMAT}; import it, or record again"
        yield Fault(check="format", weight="note", number=0, why=why)
    elif cassette.spots is None:
        why = "not our layout any more, edited by hand perhaps; it is read by YAML, slowly: scrub it to lay it out anew"
        yield Fault(check="layout", weight="note", number=0, why=why)
    else:
        yield from _comments(cassette)


def _comments(cassette: Cassette) -> Iterator[Fault]:
    """Hold the comments against what they tell: lines of one's own may stand above ours."""
    for number, (spot, interaction) in enumerate(zip(cassette.spots or (), cassette.interactions, strict=True), 1):
        stood = cassette.raw[spot.start : spot.end].decode()
        block = layout.block(interaction)
        if not stood.endswith(block):
            why = "its comments tell something else than it holds; scrub the file to write them anew"
            yield Fault(check="comments", weight="error", number=number, why=why)


def _secrets(cassette: Cassette, rules: str | None, environ: Mapping[str, str]) -> Iterator[Fault]:
    from windtunnel.cassette.redact import rules_for, scan

    for finding in scan(cassette.raw, environ, rules=rules_for([cassette.path], rules)):
        why = (
            f"line {finding.line} holds something of the kind {finding.kind!r}; scrub the file, and revoke what it was"
        )
        yield Fault(check="secrets", weight="error", number=0, why=why)


# --- an interaction ----------------------------------------------------------------------------------------------------


def _arrivals(number: int, interaction: Interaction) -> Iterator[Fault]:
    response = interaction.response
    arrived = sum(arrival.size for arrival in response.arrivals)
    if response.arrivals and arrived != len(response.body):
        why = f"its arrivals make {arrived} bytes, and its body has {len(response.body)}"
        yield Fault(check="arrivals", weight="error", number=number, why=why)
    instants = [arrival.at_s for arrival in response.arrivals]
    if instants != sorted(instants):
        yield Fault(
            check="arrivals", weight="error", number=number, why="its bytes arrived before those in front of them"
        )
    if instants and response.ended_at_s is not None and response.ended_at_s < instants[-1]:
        yield Fault(check="arrivals", weight="error", number=number, why="it ended before its last byte arrived")


def _length(number: int, interaction: Interaction) -> Iterator[Fault]:
    from windtunnel.cassette.reported import named

    heads, size = named(interaction.response.headers), len(interaction.response.body)
    stated = heads.get("content-length", "")
    if interaction.response.ended != "complete" or interaction.request.method == "HEAD" or not stated.isdigit():
        return
    if "transfer-encoding" not in heads and int(stated) != size:
        why = f"its content-length says {stated}, and its body has {size} bytes; replay puts that right"
        yield Fault(check="length", weight="note", number=number, why=why)


def _types(number: int, interaction: Interaction) -> Iterator[Fault]:
    from windtunnel.cassette.types import misfits

    for why in misfits(interaction):
        yield Fault(check="types", weight="note", number=number, why=why)


CHECKS: Final[tuple[Callable[[int, Interaction], Iterator[Fault]], ...]] = (_arrivals, _length)
