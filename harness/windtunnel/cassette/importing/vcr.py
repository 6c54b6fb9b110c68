"""Cassettes of vcrpy, pytest-recording and our own: YAML or JSON of VCR's version 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from windtunnel.cassette.files import loads
from windtunnel.cassette.importing.whole import rewrapped
from windtunnel.cassette.interaction import Interaction
from windtunnel.cassette.record.doors import provider_of


def read(raw: bytes, path: Path) -> Sequence[Interaction]:
    """Read a cassette; whose each interaction is follows from its address."""
    return [_named(interaction) for interaction in loads(raw, path).interactions]


def _named(interaction: Interaction) -> Interaction:
    provider = interaction.provider or provider_of(interaction.request.uri)
    return replace(interaction, provider=provider, response=rewrapped(interaction.response))
