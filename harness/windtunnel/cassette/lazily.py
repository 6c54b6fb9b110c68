"""A sequence whose items are made when they are asked for, and kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, overload

Item = TypeVar("Item")


class Lazily(Sequence[Item]):
    """`size` items; `make(number)` makes each, once. Threads that ask at once may make one twice, and get equal ones."""

    __slots__ = ("_made", "_make")

    def __init__(self, size: int, make: Callable[[int], Item]) -> None:
        self._made: list[Item | None] = [None] * size
        self._make = make

    def __len__(self) -> int:
        return len(self._made)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...

    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        made = self._made[index]
        if made is None:
            made = self._made[index] = self._make(index % len(self))
        return made

    def is_made(self, index: int) -> Item | None:
        """Return an item if it has been made."""
        return self._made[index]
