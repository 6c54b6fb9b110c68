"""What is charged behind the back of a call: the requests of a batch, when it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What one request of a batch is charged for: its usage (first-party keys), once the batch has ended."""

    batch_id: str
    custom_id: str
    model: str
    usage: Mapping[str, Any]
    #: POSIX seconds.
    ended_at: float
