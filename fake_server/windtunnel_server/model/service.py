"""The service behind the door: what a valid Messages request meets before a model answers it.

In this order (the real one is unverified): the service's load, the month's money, cache marks, context window, rate
limits. The prompt is counted once, and all of them share the count. Instants are seconds on the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

from windtunnel_server.model.breakpoints import breakpoints
from windtunnel_server.model.buckets import Standing
from windtunnel_server.model.cache import Matched, PromptCache
from windtunnel_server.model.limits import Exceeded, Family, Limiter, Other, Pool
from windtunnel_server.model.load import Crowd, Load
from windtunnel_server.model.models import Model, find
from windtunnel_server.model.prices import Terms, cost
from windtunnel_server.model.problem import Problem
from windtunnel_server.model.prompt import Prompt, counted
from windtunnel_server.model.speed import speed_of
from windtunnel_server.model.spending import Spending
from windtunnel_server.model.window import Window, is_long, window_of
from windtunnel_server.settings import Settings
from windtunnel_server.wire.errors import KINDS
from windtunnel_server.wire.message import Usage

Standings: TypeAlias = Mapping[Family, Standing]

_COUNTS_READS: Final = "3-5-haiku"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """A request that is valid, who asks, and when."""

    request: Mapping[str, Any]
    model: Model
    #: What the cache keeps apart (`Asked.workspace`).
    workspace: str = ""
    prompt_bytes: int = 0
    betas: AbstractSet[str] = frozenset()
    #: When the request began to come, and when it had come whole.
    asked_at: float = 0.0
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Limited:
    """A call that would exceed a rate limit, and where all of them stand."""

    exceeded: Exceeded
    standings: Standings


class Admitted:
    """A call on its way to the model."""

    def __init__(
        self, asked: Applicant, prompt: Prompt, window: Window, matched: Matched, limiter: Limiter | None
    ) -> None:
        self._asked, self._matched, self._limiter = asked, matched, limiter
        #: Output tokens until the window is full.
        self.room = window.room(prompt.tokens)
        written = matched.written_5m + matched.written_1h
        #: The input side of the usage.
        self.usage = Usage(
            input_tokens=prompt.tokens - matched.read - written,
            cache_creation_5m_tokens=matched.written_5m,
            cache_creation_1h_tokens=matched.written_1h,
            cache_read_tokens=matched.read,
            inference_geo=_geo(asked.request),
            speed=speed_of(asked.request),
        )
        self._leaves: list[Callable[[], None]] = []
        self._pays: Callable[[], None] = _nothing
        self._pool: Pool = "standard"
        if limiter is not None:
            limited, size = _limited_input(asked, prompt, matched), asked.prompt_bytes
            self._pool = _pool(limiter, asked, prompt)
            call = limiter.let_in(asked.model, limited, asked.at, prompt_bytes=size, pool=self._pool)
            self._leaves.append(lambda: limiter.over(call))

    def said(self, output_tokens: int) -> Standings | None:
        """The answer is known: take its output from the limits. Tells where they stand; None where there are none."""
        if self._limiter is None:
            return None
        self._limiter.said(self._asked.model, output_tokens, self._asked.at, pool=self._pool)
        return self._limiter.standing(self._asked.model, self._asked.at, pool=self._pool)

    def counts_in(self, crowd: Crowd) -> None:
        """Be one of the calls under way, until the end."""
        call = crowd.let_in()
        self._leaves.append(lambda: crowd.over(call))

    def pays(self, into: Callable[[], None]) -> None:
        """Have the answer's cost booked when it begins to leave."""
        self._pays = into

    def begin(self, at: float) -> None:
        """The answer begins to leave."""
        self._matched.begin(self._asked.asked_at, at)
        self._pays()

    def end(self) -> None:
        """The answer has left, or never will."""
        for leave in self._leaves:
            leave()


class Service:
    """Load, money, window, cache and limits of one server, as its settings say.

    `start`: POSIX seconds at the clock's 0. `bills`: Anthropic sends the bill, so its spend limit holds.
    """

    def __init__(self, settings: Settings, *, start: float = 0.0, seed: int = 0, bills: bool = True) -> None:
        self.settings = settings
        self._start, self._seed, self._bills = start, seed, bills
        self.reset()

    def reset(self) -> None:
        """Forget what calls have left behind."""
        wanted = self.settings
        self._cache, self._crowd = PromptCache(), Crowd()
        self._limiter = Limiter(wanted.rate_limit, start=self._start) if wanted.rate_limit is not None else None
        self._load = Load(wanted.overload, seed=self._seed) if wanted.overload is not None else None
        limit_usd = wanted.spend_limit_usd if self._bills else None
        self._spending = Spending(limit_usd) if limit_usd is not None else None

    def window(self, model: Model, betas: AbstractSet[str] = frozenset()) -> Window:
        """Tell the context window of a call."""
        return window_of(model, set_to=self.settings.context_window, betas=betas)

    def admit(self, asked: Applicant, *, again: bool = False) -> Admitted | Limited | Problem:
        """Let a call in, or say why not. `again`: it has come before, and is no new load."""
        refused = None if again else self._shed(asked.at) or self._spent(asked.at)
        if refused is not None:
            return refused
        read = self._read(asked)
        if isinstance(read, Problem):
            return read
        prompt, window, matched = read
        limited = self._limited(asked, prompt, _limited_input(asked, prompt, matched))
        if limited is not None:
            return limited
        admitted = Admitted(asked, prompt, window, matched, self._limiter)
        if self._load is not None:
            admitted.counts_in(self._crowd)
        return admitted

    def goes_on(self, asked: Applicant) -> Admitted | Problem:
        """Let a later round of a call in, which is in already: only window and cache have a say."""
        read = self._read(asked)
        return read if isinstance(read, Problem) else Admitted(asked, *read, None)

    def _read(self, asked: Applicant) -> tuple[Prompt, Window, Matched] | Problem:
        prompt = counted(asked.request)
        marks = breakpoints(asked.request, prompt)
        if isinstance(marks, Problem):
            return marks
        window = self.window(asked.model, asked.betas)
        too_long = window.refusal(prompt.tokens, asked.request["max_tokens"])
        if too_long is not None:
            return too_long
        if not self.settings.prompt_cache:
            return prompt, window, Matched()
        workspace, at = asked.workspace, asked.at
        matched = self._cache.match(asked.request, prompt, marks, model=asked.model, workspace=workspace, at=at)
        return prompt, window, matched

    def other(self, name: Other, at: float) -> Exceeded | None:
        """Take a call of another endpoint from its limit, or tell that it would exceed it."""
        return None if self._limiter is None else self._limiter.other(name, at)

    def queued(self, waiting: Mapping[float, int], more: int, at: float) -> Exceeded | None:
        """Tell whether a batch would make the queue too long (`Limiter.queued`)."""
        return None if self._limiter is None else self._limiter.queued(waiting, more, at)

    def charge(self, usage: Mapping[str, Any], model: str, betas: AbstractSet[str], at: float) -> None:
        """Book what an answer costs on the month's account; what has no known price costs nothing there."""
        if self._spending is not None and usage:
            posix = self._start + at
            terms = Terms(on=datetime.fromtimestamp(posix, UTC).date(), betas=betas)
            self._spending.add(cost(usage, model, terms) or Decimal(0), posix)

    def _shed(self, at: float) -> Problem | None:
        if self._load is None or not self._load.sheds(len(self._crowd), at):
            return None
        return Problem("overloaded", KINDS["overloaded"].message)

    def _spent(self, at: float) -> Problem | None:
        return None if self._spending is None else self._spending.refusal(self._start + at)

    def _limited(self, asked: Applicant, prompt: Prompt, limited_input: int) -> Limited | None:
        limiter = self._limiter
        if limiter is None:
            return None
        model, at, size, pool = asked.model, asked.at, asked.prompt_bytes, _pool(limiter, asked, prompt)
        exceeded = limiter.exceeded(model, limited_input, at, prompt_bytes=size, pool=pool)
        return None if exceeded is None else Limited(exceeded, limiter.standing(model, at, pool=pool))

    def too_long(self, request: Mapping[str, Any], betas: AbstractSet[str] = frozenset()) -> Problem | None:
        """Hold a request against the window alone, as for one in a batch."""
        model = find(str(request["model"]))
        if model is None:
            return None
        return self.window(model, betas).refusal(counted(request).tokens, request["max_tokens"])


def _limited_input(asked: Applicant, prompt: Prompt, matched: Matched) -> int:
    """Input as the limits count it: without what was read from the cache, but for one model (wire.md 3.2)."""
    return prompt.tokens if asked.model.short_name == _COUNTS_READS else prompt.tokens - matched.read


def _pool(limiter: Limiter, asked: Applicant, prompt: Prompt) -> Pool:
    fast = speed_of(asked.request) == "fast"
    return limiter.pool(fast=fast, long_context=is_long(asked.model, prompt.tokens, asked.betas))


def _geo(request: Mapping[str, Any]) -> str | None:
    geo = request.get("inference_geo")
    return geo if isinstance(geo, str) and geo else None


def _nothing() -> None:
    pass
