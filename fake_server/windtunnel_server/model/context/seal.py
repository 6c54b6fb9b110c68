"""Signatures of compaction blocks: they tell whether a block comes back as it was given out.

The form of the real ones is not known; ours are base64 of a digest for each part that a block has to bring back.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

_KEY: Final = b"windtunnel compaction"
_SIZE: Final = 24


def sealed(block: Mapping[str, Any]) -> dict[str, Any]:
    """Sign a block, unless it is signed already."""
    signature = block.get("signature") or base64.b64encode(_whole(block)).decode()
    return {**block, "signature": signature}


def broken(block: Mapping[str, Any]) -> str | None:
    """Name the error code for a signed block that was changed; None for one that is whole."""
    try:
        found = base64.b64decode(str(block.get("signature")), validate=True)
    except (binascii.Error, ValueError):
        return "compaction_signature_invalid"
    whole = _whole(block)
    content, changes, seal = (slice(start, start + _SIZE) for start in range(0, 3 * _SIZE, _SIZE))
    if len(found) != 3 * _SIZE or not hmac.compare_digest(found[seal], _digest(b"seal", found[: 2 * _SIZE])):
        return "compaction_signature_invalid"
    if found[content] != whole[content]:
        return "compaction_content_mismatch"
    return "compaction_tool_changes_mismatch" if found[changes] != whole[changes] else None


def _whole(block: Mapping[str, Any]) -> bytes:
    parts = b"".join(_digest(name.encode(), _written(block.get(name))) for name in ("content", "tool_changes"))
    return parts + _digest(b"seal", parts)


def _written(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _digest(name: bytes, value: bytes) -> bytes:
    return hmac.digest(_KEY, name + b"\n" + value, hashlib.sha256)[:_SIZE]
