"""Tools that run when the model calls them, and what becomes of a call that cannot be run."""

from __future__ import annotations

import asyncio
import copy
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol, TypeAlias

from windtunnel.client.aside import aside
from windtunnel.client.request import Block
from windtunnel.client.results import Result as Result
from windtunnel.client.results import content_of, spelt

#: Is given the input of a call, a copy of its own, and returns a result: text, content blocks, or any JSON; bytes are text,
#: None is nothing. It may be `async`; where it is not, it runs in a thread.
Tool: TypeAlias = Callable[[dict[str, Any]], Any]

INTERRUPTED: Final = "The call was interrupted before it had a result."
NOT_RUN: Final = "The call was not run."


class Toolbox(Protocol):
    """What runs the tools. A plain mapping of names to functions is made into one by `Tools`."""

    def names(self) -> Sequence[str]:
        """Return the names of the tools there are."""
        ...

    def run(self, name: str, given: dict[str, Any]) -> Any | Awaitable[Any]:
        """Run one, as a `Tool` is run. Whatever it raises is told to the model as an error."""
        ...


class Tools:
    """Functions by name."""

    def __init__(self, functions: Mapping[str, Tool]) -> None:
        self._functions = dict(functions)

    def names(self) -> Sequence[str]:
        return tuple(self._functions)

    async def run(self, name: str, given: dict[str, Any]) -> Any:
        return await _outcome(self._functions[name], given)


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


class Calls:
    """The calls of one answer, and what has come of each."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self._calls = tuple(calls)
        self._ran: dict[int, Ran] = {}

    async def run(self, toolbox: Toolbox | None) -> list[Ran]:
        """Run them side by side. One that fails is told to the model, and stops no other.

        Taken up after an interruption, what was begun is not begun again, as it may have been done: without a result it is
        told to the model as interrupted. A tool that wants out of the program (SystemExit, KeyboardInterrupt) gets there.
        """
        due = [(place, call) for place, call in enumerate(self._calls) if place not in self._ran]
        self._ran |= {place: Ran(call, INTERRUPTED, failed=True) for place, call in due}
        try:
            async with asyncio.TaskGroup() as running:
                for place, call in due:
                    running.create_task(self._run(toolbox, place, call))
        except BaseExceptionGroup as errors:
            raise _way_out(errors) from None
        return self.results()

    async def _run(self, toolbox: Toolbox | None, place: int, call: Call) -> None:
        self._ran[place] = await _ran(toolbox, call)

    def results(self) -> list[Ran]:
        """Return what has come of them so far, in their order."""
        return [self._ran.get(place, Ran(call, NOT_RUN, failed=True)) for place, call in enumerate(self._calls)]


class _Leaving(Exception):
    """Carries what would tear the event loop down if a task ended in it."""

    def __init__(self, why: BaseException) -> None:
        super().__init__()
        self.why = why


def _way_out(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    first = errors.exceptions[0]
    return first.why if isinstance(first, _Leaving) else first


async def _ran(toolbox: Toolbox | None, call: Call) -> Ran:
    if call.problem is not None:
        return Ran(call, f"The call of {call.name} was not run: {call.problem}. Call it again.", failed=True)
    try:
        names = () if toolbox is None else toolbox.names()
        if toolbox is None or call.name not in names:
            offer = f"there are {', '.join(names)}" if names else "there are none"
            return Ran(call, f"There is no tool {call.name!r}; {offer}.", failed=True)
        return Ran(call, content_of(await _outcome(toolbox.run, call.name, copy.deepcopy(dict(call.input)))))
    except Exception as error:
        return Ran(call, spelt(f"{type(error).__name__}: {error}"), failed=True)
    except asyncio.CancelledError:
        raise
    except BaseException as error:
        raise _Leaving(error) from error


async def _outcome(run: Callable[..., Any], *given: Any) -> Any:
    """Call it: in a thread unless it is `async`, so that what blocks there holds up nothing else."""
    is_async = any(map(inspect.iscoroutinefunction, (run, type(run).__call__)))
    came = run(*given) if is_async else await aside(partial(run, *given))
    return await came if inspect.isawaitable(came) else came


def interrupted(calls: Sequence[Block]) -> list[Block]:
    """Write results for calls that will have no other: the API takes no call without one."""
    return [Ran(Call(call["id"], call["name"], {}), INTERRUPTED, failed=True).block() for call in calls]
