"""The fake while a command runs: on a port of its own, in this process, on a clock the command's own can keep up with."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from windtunnel.execution.faketime import check_speed, faked
from windtunnel.fake import Fake, misleading
from windtunnel.judging import judge
from windtunnel.report.live import live_page
from windtunnel_server.clock import Clock, RealClock, ScaledClock
from windtunnel_server.control import Control
from windtunnel_server.core import Core
from windtunnel_server.script import Step, Then
from windtunnel_server.server import Server
from windtunnel_server.settings import Settings
from windtunnel_server.threaded import ThreadedServer


@dataclass(frozen=True, slots=True)
class Serving:
    """A fake that is up, for one command."""

    core: Core
    server: Server
    clock: Clock
    speed: float
    #: The variables that point a client at it.
    pointing: Mapping[str, str]

    @property
    def url(self) -> str:
        return self.server.url

    def env(self, base: Mapping[str, str] | None = None, **more: str) -> dict[str, str]:
        """Return all of a command's variables, as of now: `base` (ours) without what would mislead it, and the rest.

        At another speed than 1 its clock is set here: ask right before the command is run.
        """
        clean = {**(os.environ if base is None else base)}
        for name in misleading(self.pointing, clean):
            clean.pop(name, None)
        return faked({**clean, **self.pointing, **more}, self.speed, self.clock.wall())

    def settle(self) -> None:
        """Return once the server has seen what clients have done to their sockets: then the journal is complete."""
        self.server.settle()


@contextmanager
def serving_for(
    *steps: Step,
    then: Then | None = None,
    speed: float = 1.0,
    seed: int = 0,
    settings: Settings | None = None,
    provider: str = "anthropic",
    tls: bool = False,
) -> Iterator[Serving]:
    """Serve the steps on a free port of loopback, in a thread, until the end of the block.

    `speed` is how many times as fast as the machine's clock the server's runs. Raises SpeedError for one that cannot
    be, and behind the block whatever ended the server before its time.
    """
    check_speed(speed)
    clock: Clock = RealClock() if speed == 1 else ScaledClock(speed)
    fake = Fake(clock, seed=seed, settings=settings, provider=provider, tls=tls)
    core = fake.core
    core.extend_script(steps, then=then)
    server = Server(core, control=Control(core, judge=judge(core, speed), page=live_page), tls=fake.tls)
    threaded = ThreadedServer(server)
    threaded.start()
    try:
        yield Serving(core, server, clock, speed, fake.env(server.url))
    finally:
        fake.close()
        threaded.stop()
