"""How a command ends: the exit codes of the contract, and what is said on the way out."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from windtunnel.results import Result

PASS: Final = 0
FAILED: Final = 1
USAGE: Final = 2
BROKEN: Final = 3
#: What shells give for a program that Ctrl-C has ended.
INTERRUPTED: Final = 130


def give_up(why: object, *, code: int = USAGE) -> NoReturn:
    """Say why on stderr, and end."""
    import typer

    typer.echo(f"windtunnel: {why}", err=True)
    sys.exit(code)


@contextmanager
def broken_by_bugs() -> Iterator[None]:
    """End with 3 for an error that nobody expected: Python's own 1 would pass for a verdict that failed."""
    try:
        yield
    except Exception as error:
        import traceback

        traceback.print_exc()
        give_up(f"a bug of windtunnel's own: {type(error).__name__}: {error}", code=BROKEN)


def code_of(results: Sequence[Result], *, strict: bool = False) -> int:
    """Return the exit code that results stand for; unknown counts as failed where it is `strict`."""
    statuses = {result.status for result in results}
    if "error" in statuses:
        return BROKEN
    return FAILED if "fail" in statuses or (strict and "unknown" in statuses) else PASS
