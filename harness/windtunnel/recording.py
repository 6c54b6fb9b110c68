"""A tunnel that leads out: in the place of the fake stands a recorder before the real service."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from windtunnel.cassette.interaction import Interaction
from windtunnel.cassette.plans import plan_of
from windtunnel.cassette.record.answers import Answers
from windtunnel.cassette.record.proxy import Proxy
from windtunnel.cassette.record.threaded import THREADS, ThreadedProxy
from windtunnel.cassette.record.together import added
from windtunnel.cassette.record.upstreams import Pointing, point, upstreams
from windtunnel.tunnel import Door, Windtunnel
from windtunnel_server.call import Call
from windtunnel_server.core import Core
from windtunnel_server.journal import Journal
from windtunnel_server.playback import Broken, Done, Playback, Silence
from windtunnel_server.script import Step, Then

#: "none": only play; "once": record where there is no cassette yet; "new": play, and record what is lacking; "all":
#: record everything afresh.
Mode: TypeAlias = Literal["none", "once", "new", "all"]
MODES: Final[tuple[Mode, ...]] = ("none", "once", "new", "all")
#: An answer is handed over a moment after its last byte has gone to the client.
_MOMENT_S: Final = 0.02


class RecordingTunnel(Windtunnel):
    """Relays to the real service, on the real clock, and takes down what it hears.

    The journal tells what went through, so verdicts work; nothing can be scripted. Clients use their own credentials.
    `there` are recorded interactions that are played and not asked for again. `keep` writes to the file.
    """

    #: How the threads are called, at their beginning, that come to the service.
    threads: Final = THREADS

    def __init__(
        self,
        file: Path,
        *,
        provider: str = "anthropic",
        there: Sequence[Interaction] = (),
        rules: str | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        super().__init__(clock="real", provider=provider)
        self._file, self._environ = file, dict(environ)
        self._there, self._rules = there, rules
        self._opened = upstreams(self._environ, provider=provider)
        #: What was taken down, in the order in which it ended.
        self.taken: list[Interaction] = []
        self._answers = _answers(file, there, rules)
        self._proxy = Proxy(self._opened, self._take, answer=self._answers, environ=self._environ)
        self._thread: ThreadedProxy | None = None
        self._pointing = Pointing(self._opened)

    def start(self) -> RecordingTunnel:
        """Listen."""
        self._thread = ThreadedProxy(self._proxy)
        self._thread.start()
        self._pointing = point(self._proxy.url, self._opened, self._environ)
        return self

    def stop(self) -> None:
        """Stop listening; what was under way is taken down as far as it came."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop()
        self.fake.close()

    @property
    def env(self) -> dict[str, str]:
        return dict(self._pointing.env)

    @property
    def answered(self) -> int:
        """How many requests were answered with what was there."""
        return 0 if self._answers is None else self._answers.played

    @property
    def taken_away(self) -> tuple[str, ...]:
        """The variables that would lead a client past the recorder."""
        return self._pointing.taken_away

    def provider(self, name: str) -> Door:
        if name not in self._pointing.urls:
            raise RuntimeError(
                f"{name}: this test records from {', '.join(self._pointing.urls) or 'nothing yet'} alone"
            )
        return Door(name, self._pointing.urls[name], self.env)

    def script(self, *steps: Step, then: Then | None = None) -> None:
        if steps or then is not None:
            raise RuntimeError(
                "nothing can be scripted while the real service answers: record without the script, then play with it"
            )

    def transport(self, *, library: Literal["httpx2", "httpx"] = "httpx2") -> Any:
        raise RuntimeError("a recorder has no transport in memory: give the client its address instead")

    async_transport = transport

    @property
    def journal(self) -> Journal:
        if self._thread is not None:
            time.sleep(_MOMENT_S)
        return super().journal

    def _take(self, interaction: Interaction) -> None:
        self.taken.append(interaction)
        enter(self.core, interaction)

    def keep(self, *, afresh: Callable[[], bool]) -> None:
        """Write what was taken down, secrets gone. CassetteError where it cannot be.

        `afresh` is asked while no other process can write: whether it takes the place of what is there.
        """
        keep(self._file, self.taken, known=self._there, afresh=afresh, rules=self._rules)


def _answers(file: Path, there: Sequence[Interaction], rules: str | None) -> Answers | None:
    from windtunnel.cassette.player import as_recorded

    return Answers(there, on_miss="record", redact=as_recorded([file], rules)) if there else None


def keep(
    file: Path,
    taken: Iterable[Interaction],
    *,
    known: Sequence[Interaction] = (),
    rules: str | None = None,
    afresh: Callable[[], bool],
) -> None:
    """Write interactions to a cassette, redacted, in the order in which they began; `known` was there when they did.

    `rules` of redaction are the user's, as `rules_for` takes them.
    """
    from windtunnel.cassette import files
    from windtunnel.cassette.redact import Guard

    guard = Guard.of(file, rules)
    began = sorted(taken, key=lambda one: one.recorded_at.timestamp() if one.recorded_at is not None else 0.0)
    fresh = guard.together(began)

    def change(there: Sequence[Interaction]) -> Sequence[Interaction]:
        before, _ = guard.again([] if afresh() else there, since=0, ours=lambda one: False)
        return [*before, *added(fresh, before, known)]

    files.update(file, change)


class _Hand:
    """A clock that is moved by hand."""

    def __init__(self, start: float, now_s: float) -> None:
        self.start, self.now_s = start, now_s

    def now(self) -> float:
        return self.now_s

    def wall(self) -> float:
        return self.start + self.now_s

    def sleep(self, for_s: float) -> None:
        self.now_s += for_s

    def loop_delay(self, for_s: float) -> float:
        return for_s


def enter(core: Core, interaction: Interaction) -> None:
    """Enter an exchange with somebody else into a core's journal, as if the fake had had it, at the recorded pace."""
    asked, answer, began = interaction.request, interaction.response, interaction.recorded_at
    parts = urlsplit(asked.uri)
    at_s = max(0.0, began.timestamp() - core.clock.start) if began is not None else core.clock.now()
    call = Call(asked.method, parts.path or "/", parts.query, asked.headers, asked.body, at_s, at_s, at_s)
    call.provider = interaction.provider
    plan = plan_of(answer, method=asked.method, pace="recorded")
    clock = _Hand(core.clock.start, at_s)
    entry = core.take_down(call, plan, answered_by="the service")
    playback = Playback(plan, entry, clock, bodiless=asked.method == "HEAD")
    while not isinstance(met := playback.next(), (Broken, Done)):
        if isinstance(met, Silence):
            if met.until == math.inf:
                playback.hang_up()
            else:
                clock.now_s = met.until
