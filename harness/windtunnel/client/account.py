"""What the requests of a client have used, by model: retries, compaction and aborted streams included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Account:
    """Counts as the API reports them."""

    def __init__(self) -> None:
        self.usage: dict[str, Any] = {}

    def book(self, model: str, usage: Mapping[str, Any], *, purpose: str = "answer", aborted: bool = False) -> None:
        """Book one answer. `aborted`: its stream broke, and the counts are those of its beginning."""
