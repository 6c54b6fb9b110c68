"""Where a command says what it has made of its answers: a file named in its environment, or its last line."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windtunnel.verdicts.claims import Claims

#: The variable that holds the file's name.
VARIABLE = "WINDTUNNEL_CLAIMS"
#: Besides keys of usage: a last line is taken for claims if it is a JSON object with one of them.
_KEYS = frozenset({"calls", "outcome", "usage", "cost_usd"})
LAST_LINE = "the last line of the output"


class ClaimsFile:
    """A place for the claims of one run, gone behind the block.

    >>> with ClaimsFile() as place:
    ...     print(list(place.env), place.read(None))
    ['WINDTUNNEL_CLAIMS'] None
    """

    def __enter__(self) -> ClaimsFile:
        self._folder = Path(tempfile.mkdtemp(prefix="windtunnel-"))
        self.path = self._folder / "claims.json"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def env(self) -> dict[str, str]:
        """The variable that tells the command where to write."""
        return {VARIABLE: str(self.path)}

    def read(self, last_line: str | None) -> Claims | None:
        """Return what the command claims, from its file if it wrote one, else from its last line; None: nothing.

        A last line may be a message as the API sends it, too: whoever prints one has got an answer.

        Raises ClaimsError, which says what is wrong and where, when the file holds no claims, or the last line has
        their keys and yet is none.
        """
        from windtunnel.verdicts.claims import claims_from_text, claims_of

        if self.path.exists():
            return claims_from_text(self._text(), source=f"{VARIABLE} ({self.path.name})")
        value = None if last_line is None else _object(last_line)
        if value is None:
            return None
        if value.get("type") == "message":
            return replace(claims_of(value), source=LAST_LINE)
        return claims_from_text(str(last_line), source=LAST_LINE) if _looks_like_claims(value) else None

    def _text(self) -> str:
        from windtunnel.verdicts.claims import ClaimsError

        try:
            return self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ClaimsError(f"{VARIABLE}: what the command left there is no text in UTF-8: {error}") from error


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _looks_like_claims(value: dict[str, Any]) -> bool:
    """What the API itself says has a type; claims have none."""
    from windtunnel.verdicts._usage import KNOWN

    return "type" not in value and not value.keys().isdisjoint(_KEYS.union(KNOWN))
