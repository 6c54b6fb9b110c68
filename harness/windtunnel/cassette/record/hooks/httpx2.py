"""httpx2, the library under the official SDK since its 1.0."""

from __future__ import annotations

from windtunnel.cassette.record.hooks import httpx_family
from windtunnel.cassette.record.hooks.patching import Patches, installed
from windtunnel.cassette.record.hooks.port import Begin, IsThrough
from windtunnel.cassette.record.played import Answer

LIBRARY = "httpx2"


def record(patches: Patches, begin: Begin) -> None:
    """Have its traffic taken down."""
    if (library := installed(LIBRARY)) is not None:
        httpx_family.record(library, patches, begin)


def play(patches: Patches, answer: Answer, is_through: IsThrough) -> None:
    """Have its requests answered."""
    if (library := installed(LIBRARY)) is not None:
        httpx_family.play(library, patches, answer, is_through)
