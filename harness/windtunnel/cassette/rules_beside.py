"""Where the rules of redaction for a cassette are: in a file beside it, that everything finds that opens it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from windtunnel.cassette.interaction import CassetteError

#: Looked for in the folder of a cassette, and in those above it.
NAME: Final = "windtunnel.redact.yaml"


def rules_beside(cassettes: Iterable[str | os.PathLike[str]]) -> Path | None:
    """Return the nearest `windtunnel.redact.yaml`, if there is one.

    CassetteError for cassettes that lie under different ones: a request is redacted once, for all of them.
    """
    found = dict.fromkeys(_nearest(Path(cassette)) for cassette in cassettes)
    if len(found) > 1:
        told = " and ".join("none" if file is None else str(file) for file in found)
        raise CassetteError(
            f"the cassettes lie under different rules of redaction, {told}; say which hold, by --redact or windtunnel_redact"
        )
    return next(iter(found), None)


def _nearest(cassette: Path) -> Path | None:
    folder = Path(os.path.realpath(cassette)).parent
    return next((file for above in (folder, *folder.parents) if (file := above / NAME).is_file()), None)
