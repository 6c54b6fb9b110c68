"""Cassettes of vcrpy, pytest-recording and our own: YAML or JSON of VCR's version 1."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from windtunnel.cassette.files import loads
from windtunnel.cassette.importing.numbered import REMEDY, Read, numbered
from windtunnel.cassette.importing.whole import rewrapped
from windtunnel.cassette.interaction import CassetteError, Interaction
from windtunnel.cassette.record.doors import provider_of


def read(raw: bytes, path: Path) -> Read:
    """Read a cassette; whose each interaction is follows from its address."""
    plain = raw.removeprefix(b"\xef\xbb\xbf").lstrip()
    found = loads(_as_yaml(plain, path) if plain.startswith(b"{") else raw, path)
    return numbered(path, "interaction", list(found.interactions), _named)


def _as_yaml(raw: bytes, path: Path) -> bytes:
    """Write JSON as YAML: what stands outside Unicode's first plane, JSON escapes in two halves, and YAML takes neither."""
    import yaml

    try:
        found = json.loads(raw)
    except ValueError as error:
        raise CassetteError(f"{path}: this is no JSON: {error}; {REMEDY}") from None
    written: bytes = yaml.dump(found, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper), encoding="utf-8")
    return written


def _named(interaction: Interaction, place: str) -> Interaction:
    provider = interaction.provider or provider_of(interaction.request.uri)
    return replace(interaction, provider=provider, response=rewrapped(interaction.response))
