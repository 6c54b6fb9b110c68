"""The client: one request at a time to one backend, through whatever weather.

Every request ends in an Answer or in a RequestError that holds all its failures. What happens in between is told as
events, to whoever reads the stream and to `on_event`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from windtunnel.client.account import Account
from windtunnel.client.analytics import Record, Sink, ended_by
from windtunnel.client.backend import Backend
from windtunnel.client.budget import Budget
from windtunnel.client.course import Course, begun
from windtunnel.client.events import Answer, Discarded, Event, Reauthenticated
from windtunnel.client.failures import ClientError, DeadlineExceeded, Failure, Kind, RequestError
from windtunnel.client.hooks import tell
from windtunnel.client.options import Options
from windtunnel.client.request import Request
from windtunnel.client.retrying import Backoff, Failed, Pause, attempts
from windtunnel.client.streaming import Accumulator, StreamProblem, whole_events
from windtunnel.client.understanding import understood

if TYPE_CHECKING:
    from windtunnel.client.bootstrap import Bootstrap
    from windtunnel.client.credentials.keys import AskKey
    from windtunnel.client.credentials.login import OpenPage

Hook = Callable[[Event], None]
#: Asks the SDK's client once.
Ask: TypeAlias = Callable[[Any], Any]

_SILENCE: Final = "the stream said nothing for {seconds:g} s"
_NO_ANSWER: Final = "no answer within {seconds:g} s"
#: What reading something that is no message raises.
_NO_MESSAGE: Final = (AttributeError, KeyError, TypeError, ValueError)


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
        """Make a client. A `budget` is spent by what the account books, and `analytics` is given a record a request.

        What `on_event` and `analytics` raise is logged, and harms no request.
        """
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
        """Count the tokens of a prompt; None where the backend cannot, or does not answer. Waits are told to `on_event`."""
        if not self.backend.counts_tokens:
            return None
        body = request.to_count() | {"model": self.backend.model(request.model)}
        course, counted = begun(request, self.options), list[int]()

        async def once() -> AsyncGenerator[Event, None]:
            async with aclosing(self._let_in(course, lambda sdk: sdk.messages.count_tokens(**body))) as coming:
                async for step in coming:
                    if isinstance(step, _Opened):
                        counted.append(int(step.got.input_tokens))
                    else:
                        yield step

        try:
            async with aclosing(self._tried(course, once)) as events:
                async for event in events:
                    tell("on_event", self._on_event, event)
        except (ClientError, *_NO_MESSAGE):
            return None
        return counted[-1]

    # --- the way of a request ------------------------------------------------------------------------------------

    async def _events(self, request: Request, purpose: str) -> AsyncGenerator[Event, None]:
        if self.budget is not None:
            self.budget.check()
        course = begun(request, self.options)
        failed = None
        try:
            async with aclosing(self._in_full(course, purpose)) as events:
                async for event in events:
                    course.watch.see(event)
                    tell("on_event", self._on_event, event)
                    yield event
        except ClientError as error:
            failed = ended_by(error)
            raise
        finally:
            tell("analytics", self._analytics, self._record(course, request, purpose, failed))

    def _record(self, course: Course, request: Request, purpose: str, failed: str | None) -> Record:
        return course.watch.record(
            failed=failed,
            backend=self.backend.name,
            model=request.model,
            purpose=purpose,
            streamed=request.stream,
            max_tokens=request.max_tokens,
        )

    async def _in_full(self, course: Course, purpose: str) -> AsyncGenerator[Event, None]:
        """Ask; where a model stays overloaded, another, which may be tried as often again."""
        asked = course.request
        while True:
            try:
                async with aclosing(self._tried(course, lambda: self._once(course, purpose))) as events:
                    async for event in events:
                        yield event
                return
            except RequestError as error:
                other = self._other_model(course, error)
                if other is None:
                    raise
                course.request = replace(asked, model=other)
                yield Discarded(error.failure)

    def _other_model(self, course: Course, error: RequestError) -> str | None:
        other = self.options.fallback_model
        if error.failure.kind != "overloaded" or isinstance(error, DeadlineExceeded) or course.request.model == other:
            return None
        return other

    async def _tried(
        self, course: Course, once: Callable[[], AsyncGenerator[Event, None]]
    ) -> AsyncGenerator[Event, None]:
        """Try until it works, with one number of retries for whatever goes wrong. Before each wait it is told."""
        backoff, pause = Backoff(self.options, self._rng), Pause()
        try:
            async for attempt in attempts(self.options, backoff, pause):
                waits_s = pause.taken()
                if waits_s is not None:
                    tried = attempt.retry_state.attempt_number - 1
                    backoff.before = tried if course.has_just_broken else backoff.before
                    for event in course.anew(tried, waits_s):
                        yield event
                    await course.waited(waits_s)
                failed: Failed | None = None
                try:
                    async with aclosing(once()) as events:
                        async for event in events:
                            yield event
                except Failed as error:
                    failed = error
                # Nothing is given from within: tenacity would take the end of our reader for a failed attempt.
                with attempt:
                    if failed is not None:
                        raise failed
                if failed is None:
                    return
        except Failed as last:
            raise course.given_up(getattr(self.backend, "explained", None)) from last.__cause__

    async def _once(self, course: Course, purpose: str) -> AsyncGenerator[Event, None]:
        """Ask once, and read the answer. Raises Failed."""
        request = course.request
        body = request.body() | {"model": self.backend.model(request.model), "stream": request.stream}
        async with aclosing(self._let_in(course, lambda sdk: sdk.messages.create(**body))) as coming:
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

    async def _let_in(self, course: Course, ask: Ask) -> AsyncGenerator[Event | _Opened, None]:
        """Ask; where the credential is refused, get another, and ask again at once. What came is the last thing given."""
        refused: Failed | None = None
        try:
            got = await self._attempted(course, ask)
        except Failed as failed:
            if not await self._renewed(course, failed.failure):
                raise
            refused = failed
        if refused is not None:
            yield Reauthenticated(refused.failure)
            got = await self._attempted(course, ask)
        yield _Opened(got)

    async def _attempted(self, course: Course, ask: Ask) -> Any:
        patience = asyncio.timeout(self.options.timeout_s)
        try:
            async with course.in_time():
                sdk = await self.backend.sdk()
                async with patience:
                    return await ask(sdk)
        except ClientError:
            raise
        except Exception as error:
            if isinstance(error, TimeoutError) and patience.expired():
                words = _NO_ANSWER.format(seconds=self.options.timeout_s)
                raise course.failed(Failure(kind="timeout", message=words)) from error
            raise course.failed(understood(error)) from error

    async def _renewed(self, course: Course, failure: Failure) -> bool:
        if failure.kind != "unauthorised" or course.renewed:
            return False
        try:
            async with course.in_time():
                renewed = await self.backend.renew(failure)
        except ClientError:
            raise
        except Exception as error:
            raise course.failed(understood(error)) from error
        course.renewed = True
        return renewed

    # --- answers ---------------------------------------------------------------------------------------------------

    def _whole(self, message: Any, course: Course, purpose: str) -> list[Event]:
        try:
            said = message.to_dict(mode="json", warnings=False)
            events = list(whole_events(said))
        except _NO_MESSAGE as error:
            # A page of HTML, a number: whatever came with 200 and is no message.
            what = Failure(kind="unreadable", message=f"the answer is no message: {error!r}", status=200)
            raise course.failed(what) from error
        self._book(course, said["usage"], purpose)
        return events

    async def _read(self, stream: Any, course: Course, purpose: str) -> AsyncGenerator[Event, None]:
        """Read a stream to its end. Whatever it reported is booked, also where it broke or nobody listened any more."""
        answer, whole = Accumulator(), False
        try:
            async with aclosing(self._watched(stream, course, answer)) as events:
                async for event in events:
                    yield event
            final = answer.answer()
            whole = True
        except StreamProblem as problem:
            raise course.broke(problem.failure, answer.text) from problem
        finally:
            await _closed(stream)
            if answer.usage is not None:
                self._book(course, answer.usage, purpose, aborted=not whole)
        yield final

    async def _watched(self, stream: Any, course: Course, answer: Accumulator) -> AsyncGenerator[Event, None]:
        """Feed the answer from the stream, with an eye on the clock."""
        coming, idle = aiter(stream), self.options.idle_timeout_s
        while True:
            left = course.left_s()
            limit = asyncio.timeout(idle if left is None else min(left, idle))
            try:
                async with limit:
                    raw = await anext(coming, None)
                if raw is None:
                    return
                events = list(answer.feed(_json(raw)))
            except Exception as error:
                if isinstance(error, TimeoutError) and limit.expired():
                    if left is not None and left <= idle:
                        raise course.too_late(answer.text) from error
                    raise StreamProblem(_stalled(idle)) from error
                raise StreamProblem(_broken(error, answer)) from error
            for event in events:
                yield event

    def _book(self, course: Course, usage: Mapping[str, Any], purpose: str, *, aborted: bool = False) -> None:
        line = self.account.book(
            course.request.model,
            usage,
            purpose=purpose,
            aborted=aborted,
            regional=bool(getattr(self.backend, "regional", False)),
            betas=course.request.betas | getattr(self.backend, "betas", frozenset()),
        )
        course.watch.used += line.used
        if self.budget is not None:
            self.budget.spend(line)


def _stalled(for_s: float) -> Failure:
    return Failure(kind="stream_stalled", message=_SILENCE.format(seconds=for_s), status=200, begun=True)


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
