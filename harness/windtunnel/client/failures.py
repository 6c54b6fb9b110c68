"""What can go wrong, as the caller of the client sees it. Every failure says what it is, and what it was asked on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

#: What a failed attempt was, whatever the cloud called it.
Kind: TypeAlias = Literal[
    "rate_limited",  # 429 of any cloud
    "overloaded",  # 529, and 503 that says so
    "server",  # other 5xx, and edge pages
    "network",  # refused, reset, cut before the head, name not found
    "timeout",  # no head in time; 408, 504
    "conflict",  # 409
    "unauthorised",  # 401, and the clouds' expired or invalid credentials under 403
    "forbidden",  # other 403
    "too_long",  # the prompt, or the prompt and max_tokens, do not fit the window
    "too_large",  # 413
    "not_found",  # 404
    "billing",  # 402, and a 400 or 429 about money
    "invalid",  # other 4xx
    "stream_broken",  # a stream that ended early
    "stream_stalled",  # a stream that fell silent
    "stream_error",  # an error event in a stream of no other kind
    "unreadable",  # an answer that is none
]
KINDS: tuple[Kind, ...] = get_args(Kind)

#: Failures that may pass by themselves: those that are tried again.
PASSING: frozenset[Kind] = frozenset({"rate_limited", "overloaded", "server", "network", "timeout", "conflict"})

#: Said where a conversation goes on without what was refused.
_TAKEN_BACK: Final = "; it was taken back out of the conversation (`taken_back` holds it)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failed attempt."""

    kind: Kind
    #: The API's words, or those of the network.
    message: str
    status: int | None = None
    request_id: str | None = None
    #: What the server asked to wait, in seconds; None: nothing.
    retry_after_s: float | None = None
    #: `x-should-retry`, where the server said so.
    should_retry: bool | None = None
    #: Whether something of the answer had come (and is billed): a stream that broke after its start.
    begun: bool = False

    @property
    def passing(self) -> bool:
        """Whether it may pass by itself; the server's own word on that counts more than the kind."""
        return self.kind in PASSING if self.should_retry is None else self.should_retry


class ClientError(Exception):
    """Whatever the client raises is one of these, but for cancellation."""


class ConfigurationError(ClientError):
    """The environment does not say where to go or who asks: names the variables, and what to set."""


class ClientMisused(ClientError, RuntimeError):
    """The client is closed, or is asked from where it cannot answer; the message says what to do."""


class RequestError(ClientError):
    """A request failed for good. `attempts` are all failed attempts in order; the last is why it ended.

    `text` is what had come of an answer that broke; empty where nothing had. `taken_back` are the messages that a
    conversation has left out of its history because of it.
    """

    def __init__(self, message: str, attempts: tuple[Failure, ...], text: str = "") -> None:
        super().__init__(message)
        self.attempts, self.text = attempts, text
        self.taken_back: tuple[Mapping[str, Any], ...] = ()

    def __str__(self) -> str:
        return f"{super().__str__()}{_TAKEN_BACK if self.taken_back else ''}"

    def __reduce__(self) -> tuple[Any, ...]:
        # The usual way would call the class with the message alone.
        return _revived, (type(self), self.args, dict(self.__dict__))

    @property
    def failure(self) -> Failure:
        """The last failure."""
        return self.attempts[-1]

    @property
    def status_code(self) -> int | None:
        return self.failure.status


def _revived(kind: type[RequestError], args: tuple[Any, ...], state: dict[str, Any]) -> RequestError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class RetryLater(RequestError):
    """The server asks for a longer wait than the client takes on itself; `after_s` says how long."""

    def __init__(self, message: str, attempts: tuple[Failure, ...], after_s: float, text: str = "") -> None:
        super().__init__(message, attempts, text)
        self.after_s = after_s


class DeadlineExceeded(RequestError):
    """Time ran out between attempts or in one."""


class IncompleteAnswer(RequestError):
    """A stream broke, stalled or failed, and asking without a stream did not help. `text` is what had come."""


class NotAuthenticated(RequestError):
    """The credential is refused, and there is no other to be had, or that is refused too."""


class ContextTooLong(RequestError):
    """The conversation does not fit, and could not be made to."""


class TooManySteps(ClientError):
    """A turn of the user took as many requests as it may, and the model wants more; what was done so far stays."""


class BudgetExhausted(ClientError):
    """The token budget is used up; nothing was sent."""
