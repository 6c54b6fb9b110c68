"""One HTTP request as a provider understood it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Call:
    """A request, complete: head, body, and the instants at which they came (seconds on the clock)."""

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    #: First byte of the head.
    arrived_at: float = 0.0
    #: Head complete; body complete.
    head_at: float = 0.0
    body_at: float = 0.0
    #: Number of the connection it came on, counted from 1; 0 for the in-memory transport.
    connection: int = 0
    #: In process: which thread or task sent it ("thread 1 task 3"); None for a client in another process.
    sender: str | None = None
    #: The client lives in this process.
    in_process: bool = False
    #: Filled in by the provider: its name, the path behind its door (empty: all of it), the parsed body.
    provider: str = ""
    route: str = ""
    json: Any = field(default=None)
    #: "http" or "https": what an answer that names our own address has to begin it with.
    scheme: str = "http"

    def header(self, name: str) -> str | None:
        """Return the first header of that name (any case), or None."""
        wanted = name.lower()
        for key, value in self.headers:
            if key.lower() == wanted:
                return value
        return None
