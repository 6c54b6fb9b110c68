"""The client: one request at a time to one backend, through whatever weather.

Every request ends in an Answer or in a RequestError that holds all its failures. What happens in between is told as
events, to whoever reads the stream and to `on_event`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal

from windtunnel.client.account import Account
from windtunnel.client.analytics import Record, Sink, Watch
from windtunnel.client.backend import Backend
from windtunnel.client.budget import Budget
from windtunnel.client.events import Answer, Discarded, Event, Reauthenticated, Retrying
from windtunnel.client.failures import (
    ClientError,
    ContextTooLong,
    DeadlineExceeded,
    Failure,
    IncompleteAnswer,
    Kind,
    NotAuthenticated,
    RequestError,
    RetryLater,
)
from windtunnel.client.options import Options
from windtunnel.client.request import Request
from windtunnel.client.retrying import Failed, Pause, asks_too_much, attempts
from windtunnel.client.streaming import Accumulator, StreamProblem, whole_events
from windtunnel.client.understanding import understood

if TYPE_CHECKING:
    from windtunnel.client.bootstrap import Bootstrap
    from windtunnel.client.credentials.keys import AskKey
    from windtunnel.client.credentials.login import OpenPage

Hook = Callable[[Event], None]

_SILENCE: Final = "the stream said nothing for {seconds:g} s"


@dataclass(slots=True)
class _Course:
    """One request on its way: what it has met, and what it may not do twice."""

    request: Request
    deadline_at: float | None
    watch: Watch
    failures: list[Failure] = field(default_factory=list)
    renewed: bool = False

    def left_s(self, now: float) -> float | None:
        """Seconds until time is up; None for no limit."""
        return None if self.deadline_at is None else self.deadline_at - now


@dataclass(frozen=True, slots=True)
class _Opened:
    """What the SDK returned: a message, or a stream whose head has come."""

    got: Any


class AsyncClient:
    """One client of one backend. Safe to use from several tasks of one event loop."""

    def __init__(
        self,
        backend: Backend,
        *,
        options: Options | None = None,
        on_event: Hook | None = None,
        account: Account | None = None,
        budget: Budget | None = None,
        analytics: Sink | None = None,
        seed: int | None = None,
    ) -> None:
        """Make a client. A `budget` is spent by what the account books, and `analytics` is given a record a request."""
        self.backend = backend
        self.options = options or Options()
        self.account = account or Account()
        self.budget = budget
        self._on_event, self._analytics = on_event, analytics
        self._rng = random.Random(seed)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @classmethod
    def from_env(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        options: Options | None = None,
        ask_key: AskKey | Literal["terminal"] | None = None,
        open_page: OpenPage | None = None,
        on_event: Hook | None = None,
        account: Account | None = None,
        budget: Budget | None = None,
        analytics: Sink | None = None,
        seed: int | None = None,
    ) -> AsyncClient:
        """Make a client of the backend that the variables of `environ` select (None: those of the process).

        `ask_key` is asked for an API key when one is refused, or missing: a callback, or "terminal". `open_page` shows a
        person the page to log in: `webbrowser.open`, say. Raises ConfigurationError where the variables do not say where
        to go or who asks. The clouds' own libraries read the variables of the process, whatever `environ` is.
        """
        from windtunnel.client import backends
        from windtunnel.client.credentials.keys import ask_on_terminal
        from windtunnel.client.selection import choose

        asked = ask_on_terminal if ask_key == "terminal" else ask_key
        choice = choose(environ, can_ask=asked is not None, can_log_in=open_page is not None)
        backend = backends.make(choice, environ, options=options, ask_key=asked, open_page=open_page)
        return cls(
            backend, options=options, on_event=on_event, account=account, budget=budget, analytics=analytics, seed=seed
        )

    def describe(self) -> dict[str, str]:
        """Say which backend this is, where, and what kind of credential it has; never the credential."""
        describe = getattr(self.backend, "describe", None)
        return {"backend": self.backend.name} if describe is None else dict(describe())

    async def bootstrap(self) -> Bootstrap:
        """Fetch profile and session data where the backend has them. Never fails: what is absent says why."""
        from windtunnel.client.bootstrap import bootstrap

        return await bootstrap(self.backend)

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self.backend.aclose()

    # --- requests ------------------------------------------------------------------------------------------------

    def stream(self, request: Request, *, purpose: str = "answer") -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        """Ask, and hear what comes as it comes: `async with client.stream(request) as events`.

        The last event is the Answer. Raises RequestError for a request that failed for good. `purpose` is what the
        account books it under.
        """
        return aclosing(self._events(request, purpose))

    async def send(self, request: Request, *, purpose: str = "answer") -> Answer:
        """Ask, and return the whole answer."""
        async with self.stream(request, purpose=purpose) as events:
            async for event in events:
                if isinstance(event, Answer):
                    return event
        raise AssertionError("a stream of events ends with an answer, or raises")

    async def count(self, request: Request) -> int | None:
        """Count the tokens of a prompt; None where the backend cannot, or does not answer."""
        if not self.backend.counts_tokens:
            return None
        body = request.to_count() | {"model": self.backend.model(request.model)}
        course = _Course(request, self._deadline(), Watch(asyncio.get_running_loop().time, time.time))
        try:
            async with aclosing(self._opened(course, lambda sdk: sdk.messages.count_tokens(**body))) as coming:
                async for step in coming:
                    if isinstance(step, _Opened):
                        return int(step.got.input_tokens)
        except (ClientError, AttributeError, TypeError, ValueError):
            pass
        return None

    # --- the way of a request ------------------------------------------------------------------------------------

    async def _events(self, request: Request, purpose: str) -> AsyncGenerator[Event, None]:
        if self.budget is not None:
            self.budget.check()
        course = _Course(request, self._deadline(), Watch(asyncio.get_running_loop().time, time.time))
        failed = None
        try:
            async with aclosing(self._in_full(course, purpose)) as events:
                async for event in events:
                    course.watch.see(event)
                    if self._on_event is not None:
                        self._on_event(event)
                    yield event
        except RequestError as error:
            failed = error.failure.kind
            raise
        finally:
            if self._analytics is not None:
                self._analytics(self._record(course, request, purpose, failed))

    def _record(self, course: _Course, request: Request, purpose: str, failed: str | None) -> Record:
        return course.watch.record(
            failed=failed,
            backend=self.backend.name,
            model=request.model,
            purpose=purpose,
            streamed=request.stream,
            max_tokens=request.max_tokens,
        )

    async def _in_full(self, course: _Course, purpose: str) -> AsyncGenerator[Event, None]:
        """Ask; where a stream breaks, once without; where a model stays overloaded, another."""
        while True:
            try:
                async with aclosing(self._asked(course, purpose)) as events:
                    async for event in events:
                        yield event
                return
            except StreamProblem as problem:
                course.failures.append(problem.failure)
                if problem.failure.kind == "too_long":
                    raise self._given_up(course) from problem
                if not (self.options.fall_back_to_whole and course.request.stream):
                    raise IncompleteAnswer(_words(course), tuple(course.failures), problem.text) from problem
                course.request = replace(course.request, stream=False)
                yield Discarded(problem.failure)
            except RequestError as error:
                if not self._has_another_model(course, error.failure):
                    raise
                assert self.options.fallback_model is not None
                course.request = replace(course.request, model=self.options.fallback_model)
                yield Discarded(error.failure)

    def _has_another_model(self, course: _Course, failure: Failure) -> bool:
        other = self.options.fallback_model
        return failure.kind == "overloaded" and other is not None and course.request.model != other

    async def _asked(self, course: _Course, purpose: str) -> AsyncGenerator[Event, None]:
        request = course.request
        model = self.backend.model(request.model)
        body = request.body() | {"model": model, "stream": request.stream}
        async with aclosing(self._opened(course, lambda sdk: sdk.messages.create(**body))) as coming:
            async for step in coming:
                if not isinstance(step, _Opened):
                    yield step
                elif request.stream:
                    async with aclosing(self._read(step.got, course, purpose)) as events:
                        async for event in events:
                            yield event
                else:
                    for event in self._whole(step.got, course, purpose):
                        yield event

    def _whole(self, message: Any, course: _Course, purpose: str) -> list[Event]:
        try:
            said = message.to_dict(mode="json", warnings=False)
            events = list(whole_events(said))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # A page of HTML, a number: whatever came with 200 and is no message.
            course.failures.append(
                Failure(kind="unreadable", message=f"the answer is no message: {error!r}", status=200)
            )
            raise self._given_up(course) from error
        self._book(course, said["usage"], purpose)
        return events

    async def _read(self, stream: Any, course: _Course, purpose: str) -> AsyncGenerator[Event, None]:
        """Read a stream to its end. Whatever it reported is booked, also where it broke or nobody listened any more."""
        answer, whole = Accumulator(), False
        try:
            async with aclosing(self._watched(stream, course, answer)) as events:
                async for event in events:
                    yield event
            final = answer.answer()
            whole = True
        finally:
            await _closed(stream)
            if answer.usage is not None:
                self._book(course, answer.usage, purpose, aborted=not whole)
        yield final

    async def _watched(self, stream: Any, course: _Course, answer: Accumulator) -> AsyncGenerator[Event, None]:
        """Feed the answer from the stream, with an eye on the clock."""
        loop = asyncio.get_running_loop()
        coming = aiter(stream)
        while True:
            left = course.left_s(loop.time())
            patience = self.options.idle_timeout_s if left is None else min(left, self.options.idle_timeout_s)
            try:
                async with asyncio.timeout(patience):
                    raw = await anext(coming, None)
                if raw is None:
                    return
                events = list(answer.feed(_json(raw)))
            except TimeoutError as error:
                if left is not None and left <= self.options.idle_timeout_s:
                    raise self._too_late(course) from error
                raise StreamProblem(
                    Failure(kind="stream_stalled", message=_SILENCE.format(seconds=patience), status=200, begun=True),
                    answer.text,
                    answer.usage,
                ) from error
            except Exception as error:
                raise StreamProblem(_broken(error, answer), answer.text, answer.usage) from error
            for event in events:
                yield event

    async def _opened(self, course: _Course, ask: Callable[[Any], Any]) -> AsyncGenerator[Event | _Opened, None]:
        """Ask until something comes that is no failure: that is the last thing given. Before each wait it is told."""
        pause = Pause()
        try:
            async for attempt in attempts(self.options, self._rng, pause):
                waits_s = pause.taken()
                if waits_s is not None:
                    yield Retrying(course.failures[-1], attempt.retry_state.attempt_number - 1, waits_s)
                    await self._slept(waits_s, course)
                got, refused = None, None
                # Nothing is given from within: tenacity would take the end of our reader for a failed attempt.
                with attempt:
                    got, refused = await self._let_in(course, ask)
                if attempt.retry_state.outcome.failed:
                    continue
                if refused is not None:
                    yield Reauthenticated(refused)
                yield _Opened(got)
                return
        except Failed as failed:
            raise self._given_up(course) from failed.__cause__

    async def _let_in(self, course: _Course, ask: Callable[[Any], Any]) -> tuple[Any, Failure | None]:
        """Ask; where the credential is refused, get another, and ask again at once. Gives the refusal too."""
        try:
            return await self._attempted(course, ask), None
        except Failed as failed:
            if not await self._renewed(course, failed.failure):
                raise
            return await self._attempted(course, ask), failed.failure

    async def _attempted(self, course: _Course, ask: Callable[[Any], Any]) -> Any:
        loop = asyncio.get_running_loop()
        left = course.left_s(loop.time())
        if left is not None and left <= 0:
            raise self._too_late(course)
        try:
            async with asyncio.timeout(left):
                return await ask(await self.backend.sdk())
        except TimeoutError as error:
            raise self._too_late(course) from error
        except ClientError:
            raise
        except Exception as error:
            course.failures.append(understood(error))
            raise Failed(course.failures[-1]) from error

    async def _renewed(self, course: _Course, failure: Failure) -> bool:
        if failure.kind != "unauthorised" or course.renewed:
            return False
        course.renewed = True
        return await self.backend.renew(failure)

    async def _slept(self, for_s: float, course: _Course) -> None:
        left = course.left_s(asyncio.get_running_loop().time())
        if left is not None and left <= for_s:
            raise self._too_late(course)
        await asyncio.sleep(for_s)

    def _book(self, course: _Course, usage: Mapping[str, Any], purpose: str, *, aborted: bool = False) -> None:
        regional = bool(getattr(self.backend, "regional", False))
        line = self.account.book(course.request.model, usage, purpose=purpose, aborted=aborted, regional=regional)
        course.watch.used += line.used
        if self.budget is not None:
            self.budget.spend(line)

    # --- endings -------------------------------------------------------------------------------------------------

    def _deadline(self) -> float | None:
        limit = self.options.deadline_s
        return None if limit is None else asyncio.get_running_loop().time() + limit

    def _too_late(self, course: _Course) -> DeadlineExceeded:
        words = f"the deadline of {self.options.deadline_s:g} s has passed"
        failures = tuple(course.failures) or (Failure(kind="timeout", message=words),)
        return DeadlineExceeded(f"{words}: {failures[-1].message}" if course.failures else words, failures)

    def _given_up(self, course: _Course) -> RequestError:
        last, failures, words = course.failures[-1], tuple(course.failures), _words(course)
        if last.kind == "unauthorised":
            return NotAuthenticated(words, failures)
        if last.kind == "too_long":
            return ContextTooLong(words, failures)
        if asks_too_much(last, self.options):
            assert last.retry_after_s is not None
            return RetryLater(f"{words}; come again in {last.retry_after_s:g} s", failures, last.retry_after_s)
        return RequestError(words, failures)


def _words(course: _Course) -> str:
    last, count = course.failures[-1], len(course.failures)
    status = "" if last.status is None else f"{last.status} "
    tries = "" if count == 1 else f" after {count} attempts"
    return f"{last.kind}{tries}: {status}{last.message}"


def _broken(error: Exception, answer: Accumulator) -> Failure:
    """Understand what ended a stream after its head: an error event, or the end of its connection."""
    found = understood(error)
    begun = answer.usage is not None
    if found.status is not None:
        return replace(found, begun=begun)
    kind: Kind = "stream_stalled" if found.kind == "timeout" else "stream_broken"
    return replace(found, kind=kind, status=200, begun=begun)


def _json(event: Any) -> Mapping[str, Any]:
    plain: Mapping[str, Any] = event if isinstance(event, dict) else event.to_dict(mode="json", warnings=False)
    return plain


async def _closed(stream: Any) -> None:
    try:
        await stream.close()
    except Exception:
        # It is over; how is no matter any more.
        pass
