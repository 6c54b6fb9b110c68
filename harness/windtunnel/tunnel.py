"""The wind tunnel as one object: a fake, its script, its journal, its clock and its verdicts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from windtunnel import environment
from windtunnel_server.clock import Clock, RealClock, VirtualClock
from windtunnel_server.control import Control
from windtunnel_server.core import Core
from windtunnel_server.identity.api_keys import ApiKeys
from windtunnel_server.inprocess import InProcess
from windtunnel_server.inprocess.clocks import clock_of_thread
from windtunnel_server.journal import Journal
from windtunnel_server.ledger import Ledger
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.script import Step
from windtunnel_server.server import Server
from windtunnel_server.threaded import ThreadedServer

if TYPE_CHECKING:
    from windtunnel.policies import Policy
    from windtunnel.verdicts import Verdicts

#: Providers built so far; the others of the four have no door yet.
PROVIDERS = ("anthropic",)


@dataclass(frozen=True, slots=True)
class Door:
    """One provider's way in."""

    name: str
    #: The base address a client of this provider is given.
    url: str
    #: The variables such a client reads, complete.
    env: Mapping[str, str]


class Windtunnel:
    """A fake of the API with everything around it. Use it as a context manager, `with` or `async with`.

    `clock` is "virtual" (time moves only when everyone waits; for clients in this process) or "real", or a clock
    object, such as the `clock` of another tunnel that is open in the same thread. `seed` decides everything that
    chance decides. `keys` limits the API keys that are let in (None: any). `dates=False` leaves `datetime` and the
    `time` module alone on a virtual clock.

    >>> from windtunnel import Windtunnel, fail, reply
    >>> with Windtunnel(fail("rate_limited", retry_after=2), reply("Hello")) as tunnel:
    ...     tunnel.url.startswith("http://127.0.0.1:")
    True
    """

    def __init__(
        self,
        *steps: Step,
        clock: Literal["virtual", "real"] | Clock = "virtual",
        seed: int = 0,
        keys: frozenset[str] | None = None,
        dates: bool = True,
    ) -> None:
        self.clock: Clock = _clock(clock)
        self.core = Core(Anthropic(self.clock, seed=seed, keys=ApiKeys(keys)), self.clock, seed=seed)
        self._keys = keys
        self._inprocess = InProcess(self.clock, dates=dates)
        self._server = Server(self.core, control=Control(self.core, judge=self._judge), inprocess=self._inprocess)
        self._threaded: ThreadedServer | None = None
        #: The policies verdicts were asked for, as they were applied, for reports.
        self.policies_asked: list[Policy] = []
        self.script(*steps)

    # --- from start to stop --------------------------------------------------------------------------------------

    def start(self) -> Windtunnel:
        """Open the door. The calling thread, and those it starts, share the clock from here on."""
        if self._threaded is not None:
            raise RuntimeError("this tunnel is open already; make another one")
        _check_thread(self.clock)
        self._inprocess.enter()
        self._threaded = ThreadedServer(self._server, self._inprocess)
        try:
            self._threaded.start()
        except BaseException:
            self._threaded = None
            self._inprocess.exit()
            raise
        return self

    def stop(self) -> None:
        """Close the door and give the thread its own time back."""
        threaded, self._threaded = self._threaded, None
        if threaded is not None:
            threaded.stop()
            self._inprocess.exit()

    def __enter__(self) -> Windtunnel:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Windtunnel:
        _check_loop(self.clock)
        return self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- what a test uses ----------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Base address for `ANTHROPIC_BASE_URL`, without /v1."""
        if self._threaded is None:
            raise RuntimeError("this tunnel is not open; use it in a with statement, or call start() first")
        return self._server.url

    @property
    def api_key(self) -> str:
        """A key that the fake lets in."""
        return min(self._keys) if self._keys else environment.API_KEY

    @property
    def env(self) -> dict[str, str]:
        """The variables a client needs to find the fake."""
        return environment.anthropic(self.url, self.api_key)

    def provider(self, name: str) -> Door:
        """The door of one provider: its address and the variables its clients read."""
        if name not in PROVIDERS:
            raise ValueError(f"provider {name!r} is not built yet; on offer: {', '.join(PROVIDERS)}")
        return Door(name, self.url, self.env)

    def script(self, *steps: Step) -> None:
        """Answer the next calls with these steps, in order; after the last one answers are composed."""
        for place, step in enumerate(steps):
            if not isinstance(step, Step):
                raise TypeError(f"script: step {place} is {step!r}; build steps with reply(…) and fail(…)")
        self.core.extend_script(steps)

    @property
    def journal(self) -> Journal:
        """What has happened so far, everything included that a client of this process has done to its sockets."""
        if self._threaded is not None:
            self._server.settle()
        return self.core.journal

    @property
    def ledger(self) -> Ledger:
        """What the calls so far have used, as their answers reported it."""
        return self.core.ledger

    @property
    def verdict(self) -> Verdicts:
        """Judgments on the journal so far."""
        from windtunnel.verdicts import EXACT, REAL, Verdicts

        tolerance = EXACT if isinstance(self.clock, VirtualClock) else REAL
        return Verdicts(lambda: self.journal.calls, tolerance=tolerance, on_asked=self.policies_asked.append)

    def reset(self) -> None:
        """Forget script and journal."""
        self.core.reset()

    def transport(self, *, library: Literal["httpx2", "httpx"] = "httpx2") -> Any:
        """An in-memory transport for `httpx2.Client(transport=…)` (or httpx): no socket, exact in virtual time."""
        from windtunnel_server.transport import transport

        return transport(self.core, library=library)

    def async_transport(self, *, library: Literal["httpx2", "httpx"] = "httpx2") -> Any:
        """The same for `AsyncClient`."""
        from windtunnel_server.transport import async_transport

        return async_transport(self.core, library=library)

    def _judge(self, query: Mapping[str, str]) -> Any:
        return self.verdict.backoff(query.get("policy", "anthropic_python")).to_json()


def _clock(asked: Literal["virtual", "real"] | Clock) -> Clock:
    if asked == "virtual":
        return VirtualClock()
    if asked == "real":
        return RealClock()
    if isinstance(asked, str):
        raise ValueError(f'clock: {asked!r} is neither "virtual" nor "real"')
    if not callable(getattr(asked, "now", None)):
        raise TypeError(f'clock: {asked!r} is no clock; write "virtual", "real", or give a clock object')
    return asked


def _check_thread(clock: Clock) -> None:
    """A thread sleeps on one clock: on two, one of the tunnels would see it retry without any wait."""
    other = clock_of_thread()
    if isinstance(other, VirtualClock) and other is not clock:
        raise RuntimeError(
            "this thread is on the virtual clock of another open tunnel, and cannot be on two clocks; let both tunnels "
            "share it, Windtunnel(clock=other.clock), or open this one in a thread that was started before the other"
        )


def _check_loop(clock: Clock) -> None:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # not asyncio's: trio
        loop = None
    if isinstance(clock, VirtualClock) and not isinstance(loop, asyncio.SelectorEventLoop):
        raise RuntimeError(
            f"virtual time needs asyncio's own event loop, and this is {type(loop).__module__ if loop else 'trio'}; "
            'run the client with asyncio.run(…), or in real time: Windtunnel(clock="real")'
        )
