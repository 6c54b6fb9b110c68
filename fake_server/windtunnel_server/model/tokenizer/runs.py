"""A text without white space, cut into runs of one kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from windtunnel_server.model.tokenizer.kinds import (
    Kind,
    is_bordered_digit,
    is_bordered_sign,
    is_selector,
    is_stray,
    kind,
)


class Run(NamedTuple):
    """Neighbours of one kind."""

    kind: Kind
    body: str


def runs(text: str) -> list[Run]:
    """Cut `text`, which has no white space, into its runs."""
    found: list[Run] = []
    begin, current = 0, None
    for place, char in enumerate(text):
        following = _following(current, char)
        if following is current:
            continue
        if current is not None:
            found += _whole(current, text[begin:place])
        begin, current = place, following
    if current is not None:
        found += _whole(current, text[begin:])
    return found


def _following(current: Kind | None, char: str) -> Kind:
    """Say which run a character behind one of kind `current` belongs to: the same, or a new one."""
    own = kind(char)
    if own is Kind.WORD and current is not Kind.WORD and not char.isascii() and is_stray(char):
        return Kind.STRAY
    return own


def _whole(kind: Kind, body: str) -> Iterator[Run]:
    """Cut characters that stand alone once more, where letters, numbers and signs meet."""
    if kind is not Kind.ALONE or len(body) == 1:
        yield Run(kind, body)
        return
    begin, current = 0, _class(body[0])
    for place, char in enumerate(body):
        if not is_selector(char) and (following := _class(char)) != current:
            yield Run(kind, body[begin:place])
            begin, current = place, following
    yield Run(kind, body[begin:])


def _class(char: str) -> int:
    if is_bordered_sign(char):
        return 0
    return 1 if is_bordered_digit(char) else 2
