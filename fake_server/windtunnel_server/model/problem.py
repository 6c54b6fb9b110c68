"""A refusal as a value: which kind of error, and its words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request is refused.

    `kind` is the name of an error kind (`invalid_request`, `model_not_found`, …: `wire/errors.py`), which gives status
    and type; `message` is the text of the error, as the client reads it.
    """

    kind: str
    message: str


def invalid(path: str, what: str) -> Problem:
    """Say what is wrong at a dotted path of the body (`messages.0.role`); an empty path stands for the body itself."""
    return Problem("invalid_request", f"{path}: {what}" if path else what)
