"""The versions of what stands under our key in a cassette, and the small steps from each to the next.

Version 0 is a cassette that windtunnel did not write: plain VCR. To add a version, raise `FORMAT`, and add the converter from
the one before; cassettes of every age then load.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from windtunnel.cassette.misfit import Misfit
from windtunnel.cassette.vcr import FORMAT, KEY

Converter: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]


class TooNew(Misfit):
    """A version that a later windtunnel wrote."""


def format_of(structure: Mapping[str, Any]) -> int:
    """Return the version an interaction is in. TooNew for one above any known here, Misfit for what is none."""
    response = structure.get("response")
    ours = response.get(KEY) if isinstance(response, Mapping) else None
    if ours is None:
        return 0
    place = ("response", KEY, "format")
    found = ours.get("format") if isinstance(ours, Mapping) else None
    if type(found) is not int or found < 1:
        raise Misfit(place, f"is {found!r}, not the number of a format")
    if found > FORMAT:
        raise TooNew(place, f"is {found}, and this windtunnel reads up to {FORMAT}")
    return found


def upgrade(structure: dict[str, Any]) -> dict[str, Any]:
    """Bring an interaction of any known version to the current one, a version at a time."""
    for version in range(format_of(structure), FORMAT):
        structure = CONVERTERS[version](structure)
    return structure


def _plain_vcr(structure: dict[str, Any]) -> dict[str, Any]:
    """0 → 1: nothing is known of when and how the answer came."""
    response = structure.get("response")
    if not isinstance(response, dict):
        return structure
    if "status_code" in response:
        response = _early_httpx(response)
    body = response.get("body") or {"string": ""}
    return {**structure, "response": {**response, "body": body, KEY: {"format": 1}}}


def _early_httpx(response: dict[str, Any]) -> dict[str, Any]:
    """Put an answer as vcrpy before 6.0 wrote those of httpx into the usual keys; 9.4 still reads them."""
    rest = {key: value for key, value in response.items() if key not in ("status_code", "content")}
    status = {"code": response["status_code"], "message": ""}
    return {**rest, "status": status, "body": {"string": response.get("content")}}


#: Version → the step to the next one.
CONVERTERS: Final[Mapping[int, Converter]] = {0: _plain_vcr}
