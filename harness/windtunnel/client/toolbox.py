"""Tools that run when the model calls them, and what becomes of a call that cannot be run."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

from windtunnel.client.request import Block

#: What a tool gives back: text, or content blocks of a result.
Result: TypeAlias = "str | Sequence[Block]"
Tool: TypeAlias = Callable[[Mapping[str, Any]], "Result | Awaitable[Result]"]

INTERRUPTED: Final = "The call was interrupted before it had a result."


class Toolbox(Protocol):
    """What runs the tools. A plain mapping of names to functions is made into one by `Tools`."""

    def names(self) -> Sequence[str]:
        """Return the names of the tools there are."""
        ...

    def run(self, name: str, given: Mapping[str, Any]) -> Result | Awaitable[Result]:
        """Run one. Whatever it raises is told to the model as an error."""
        ...


class Tools:
    """Functions by name. Each is given the input of a call; it may be `async`."""

    def __init__(self, functions: Mapping[str, Tool]) -> None:
        self._functions = dict(functions)

    def names(self) -> Sequence[str]:
        return tuple(self._functions)

    def run(self, name: str, given: Mapping[str, Any]) -> Result | Awaitable[Result]:
        return self._functions[name](given)


@dataclass(frozen=True, slots=True)
class Call:
    """A call to be run; `problem` says what is wrong with its input where it cannot be."""

    id: str
    name: str
    input: Mapping[str, Any]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a call."""

    call: Call
    content: Result
    failed: bool = False

    def block(self) -> Block:
        """Write it as the API reads it."""
        content = self.content if isinstance(self.content, str) else list(self.content)
        block = {"type": "tool_result", "tool_use_id": self.call.id, "content": content}
        return block | {"is_error": True} if self.failed else block


async def run_all(toolbox: Toolbox | None, calls: Sequence[Call]) -> list[Ran]:
    """Run the calls of one answer side by side. One that fails is told to the model, and stops no other."""
    return list(await asyncio.gather(*(_run(toolbox, call) for call in calls)))


async def _run(toolbox: Toolbox | None, call: Call) -> Ran:
    names = () if toolbox is None else toolbox.names()
    if call.problem is not None:
        return Ran(call, f"The call of {call.name} was not run: {call.problem}. Call it again.", failed=True)
    if toolbox is None or call.name not in names:
        offer = f"there are {', '.join(names)}" if names else "there are none"
        return Ran(call, f"There is no tool {call.name!r}; {offer}.", failed=True)
    try:
        result = toolbox.run(call.name, call.input)
        return Ran(call, await result if inspect.isawaitable(result) else result)
    except Exception as error:
        return Ran(call, f"{type(error).__name__}: {error}", failed=True)


def interrupted(calls: Sequence[Block]) -> list[Block]:
    """Write results for calls that will have no other: the API takes no call without one."""
    return [Ran(Call(call["id"], call["name"], {}), INTERRUPTED, failed=True).block() for call in calls]
