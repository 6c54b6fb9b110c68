"""A client of the Messages API for agents: one interface, four backends, and it survives rough weather.

On the official SDK's own classes, with their retries turned off. It imports nothing else of windtunnel.

>>> from windtunnel.client import Client, Request
>>> request = Request(model="claude-sonnet-4-6", max_tokens=500, messages=({"role": "user", "content": "Hello"},))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from windtunnel.client.account import Account as Account
    from windtunnel.client.bootstrap import Bootstrap as Bootstrap
    from windtunnel.client.budget import Budget as Budget
    from windtunnel.client.conversation import AsyncConversation as AsyncConversation
    from windtunnel.client.core import AsyncClient as AsyncClient
    from windtunnel.client.events import Answer as Answer
    from windtunnel.client.events import Compacted as Compacted
    from windtunnel.client.events import Compacting as Compacting
    from windtunnel.client.events import Discarded as Discarded
    from windtunnel.client.events import Event as Event
    from windtunnel.client.events import NotCompacted as NotCompacted
    from windtunnel.client.events import Reauthenticated as Reauthenticated
    from windtunnel.client.events import Retrying as Retrying
    from windtunnel.client.events import TextDelta as TextDelta
    from windtunnel.client.events import ThinkingDelta as ThinkingDelta
    from windtunnel.client.events import ToolCall as ToolCall
    from windtunnel.client.events import ToolCallStarted as ToolCallStarted
    from windtunnel.client.events import ToolInput as ToolInput
    from windtunnel.client.events import ToolResult as ToolResult
    from windtunnel.client.failures import BudgetExhausted as BudgetExhausted
    from windtunnel.client.failures import ClientError as ClientError
    from windtunnel.client.failures import ClientMisused as ClientMisused
    from windtunnel.client.failures import ConfigurationError as ConfigurationError
    from windtunnel.client.failures import ContextTooLong as ContextTooLong
    from windtunnel.client.failures import DeadlineExceeded as DeadlineExceeded
    from windtunnel.client.failures import Failure as Failure
    from windtunnel.client.failures import IncompleteAnswer as IncompleteAnswer
    from windtunnel.client.failures import NotAuthenticated as NotAuthenticated
    from windtunnel.client.failures import RequestError as RequestError
    from windtunnel.client.failures import RetryLater as RetryLater
    from windtunnel.client.failures import TooManySteps as TooManySteps
    from windtunnel.client.options import Options as Options
    from windtunnel.client.request import Request as Request
    from windtunnel.client.selection import Choice as Choice
    from windtunnel.client.selection import choose as choose
    from windtunnel.client.sync import Client as Client
    from windtunnel.client.sync_conversation import Conversation as Conversation
    from windtunnel.client.terminal import Terminal as Terminal
    from windtunnel.client.toolbox import Toolbox as Toolbox
    from windtunnel.client.toolbox import Tools as Tools

#: What each module gives; it is imported with the first of its names that is asked for.
_GIVEN: Final = {
    "account": ("Account",),
    "bootstrap": ("Bootstrap",),
    "budget": ("Budget",),
    "conversation": ("AsyncConversation",),
    "core": ("AsyncClient",),
    "events": (
        "Answer",
        "Compacted",
        "Compacting",
        "Discarded",
        "Event",
        "NotCompacted",
        "Reauthenticated",
        "Retrying",
        "TextDelta",
        "ThinkingDelta",
        "ToolCall",
        "ToolCallStarted",
        "ToolInput",
        "ToolResult",
    ),
    "failures": (
        "BudgetExhausted",
        "ClientError",
        "ClientMisused",
        "ConfigurationError",
        "ContextTooLong",
        "DeadlineExceeded",
        "Failure",
        "IncompleteAnswer",
        "NotAuthenticated",
        "RequestError",
        "RetryLater",
        "TooManySteps",
    ),
    "options": ("Options",),
    "request": ("Request",),
    "selection": ("Choice", "choose"),
    "sync": ("Client",),
    "sync_conversation": ("Conversation",),
    "terminal": ("Terminal",),
    "toolbox": ("Toolbox", "Tools"),
}
_FROM: Final = {name: module for module, names in _GIVEN.items() for name in names}

__all__ = sorted(_FROM)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _FROM:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{__name__}.{_FROM[name]}"), name)
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        if package == "windtunnel":
            raise
        from windtunnel.client.packages import missing

        raise missing(package, f"{__name__}.{name}") from error


def __dir__() -> list[str]:
    return [*globals(), *__all__]
