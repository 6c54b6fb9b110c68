"""The service behind the door: what a valid Messages request meets before a model answers it.

In this order (the real one is unverified): cache marks, context window, rate limits. The prompt is counted once, and
all of them share the count. Instants are seconds on the clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from windtunnel_server.model.breakpoints import breakpoints
from windtunnel_server.model.cache import Matched, PromptCache
from windtunnel_server.model.limits import Exceeded, Family, Limiter, Standing, UnderWay
from windtunnel_server.model.models import Model, find
from windtunnel_server.model.problem import Problem
from windtunnel_server.model.prompt import Prompt, counted
from windtunnel_server.model.window import Window, window_of
from windtunnel_server.settings import Settings
from windtunnel_server.wire.message import Usage

Standings: TypeAlias = Mapping[Family, Standing]

#: What the API calls a limit in its words.
UNITS: Final[Mapping[str, str]] = {
    "requests": "requests per minute",
    "input_tokens": "input tokens per minute",
    "output_tokens": "output tokens per minute",
}

_COUNTS_READS: Final = "3-5-haiku"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """A request that is valid, who asks, and when."""

    request: Mapping[str, Any]
    model: Model
    #: What the cache keeps apart: the key stands for its workspace.
    workspace: str = ""
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
        )
        self._call: UnderWay | None = None
        if limiter is not None:
            self._call = limiter.let_in(asked.model, _limited_input(asked, prompt, matched), asked.at)

    def said(self, output_tokens: int) -> Standings | None:
        """The answer is known: take its output from the limits. Tells where they stand; None where there are none."""
        if self._limiter is None:
            return None
        self._limiter.said(self._asked.model, output_tokens, self._asked.at)
        return self._limiter.standing(self._asked.model, self._asked.at)

    def begin(self, at: float) -> None:
        """The answer begins to leave."""
        self._matched.begin(self._asked.asked_at, at)

    def end(self) -> None:
        """The answer has left, or never will."""
        if self._limiter is not None and self._call is not None:
            self._limiter.over(self._call)


class Service:
    """Window, cache and limits of one server, as its settings say."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.reset()

    def reset(self) -> None:
        """Forget what calls have left behind."""
        self._cache = PromptCache()
        self._limiter = Limiter(self.settings.rate_limit) if self.settings.rate_limit is not None else None

    def window(self, model: Model, betas: AbstractSet[str] = frozenset()) -> Window:
        """Tell the context window of a call."""
        return window_of(model, set_to=self.settings.context_window, betas=betas)

    def admit(self, asked: Applicant) -> Admitted | Limited | Problem:
        """Let a call in, or say why not."""
        prompt = counted(asked.request)
        marks = breakpoints(asked.request, prompt)
        if isinstance(marks, Problem):
            return marks
        window = self.window(asked.model, asked.betas)
        too_long = window.refusal(prompt.tokens, asked.request["max_tokens"])
        if too_long is not None:
            return too_long
        matched = Matched()
        if self.settings.prompt_cache:
            workspace, at = asked.workspace, asked.at
            matched = self._cache.match(asked.request, prompt, marks, model=asked.model, workspace=workspace, at=at)
        limiter = self._limiter
        if limiter is not None:
            exceeded = limiter.exceeded(asked.model, _limited_input(asked, prompt, matched), asked.at)
            if exceeded is not None:
                return Limited(exceeded, limiter.standing(asked.model, asked.at))
        return Admitted(asked, prompt, window, matched, limiter)

    def too_long(self, request: Mapping[str, Any], betas: AbstractSet[str] = frozenset()) -> Problem | None:
        """Hold a request against the window alone, as for one in a batch."""
        model = find(str(request["model"]))
        if model is None:
            return None
        return self.window(model, betas).refusal(counted(request).tokens, request["max_tokens"])


def _limited_input(asked: Applicant, prompt: Prompt, matched: Matched) -> int:
    """Input as the limits count it: without what was read from the cache, but for one model (wire.md 3.2)."""
    return prompt.tokens if asked.model.short_name == _COUNTS_READS else prompt.tokens - matched.read


def _geo(request: Mapping[str, Any]) -> str | None:
    geo = request.get("inference_geo")
    return geo if isinstance(geo, str) and geo else None
