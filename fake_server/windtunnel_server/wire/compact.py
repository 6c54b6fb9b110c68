"""JSON as the API writes it: no spaces, non-ASCII literal."""

from __future__ import annotations

import json
from typing import Any, Final

#: Made once: `json.dumps` with options makes an encoder for every value, and a stream is many small values.
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def dumps(value: Any) -> str:
    """Write `value` as compact JSON; characters outside ASCII stay as they are (FACTS, "Padding")."""
    return _ENCODER.encode(value)


def encode(value: Any) -> bytes:
    """Write `value` as a response body: compact UTF-8, no trailing newline."""
    return utf8(dumps(value))


def utf8(text: str) -> bytes:
    """Encode JSON text. A lone surrogate, which UTF-8 cannot carry, becomes its JSON escape."""
    return text.encode("utf-8", "backslashreplace")
