"""What is raised instead of writing a secret. It names the place and the remedy, never the secret."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from windtunnel.cassette.interaction import CassetteError


class LeakError(CassetteError):
    """Something that may hold a secret, and that could not be redacted: nothing may be written."""


@contextmanager
def closed(place: str) -> Iterator[None]:
    """Turn whatever goes wrong inside into a `LeakError` that names `place`.

    What went wrong is named by its type only: its words may quote what was being redacted.
    """
    try:
        yield
    except LeakError as leak:
        wrapped = LeakError(f"{place}: {leak}")
    except Exception as broken:
        wrapped = LeakError(
            f"{place}: redaction broke off with {type(broken).__name__}, so nothing is kept of it. "
            "If one of your own rules raised it, call that rule by hand to see the message."
        )
    else:
        return
    raise wrapped from None
