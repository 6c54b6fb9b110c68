"""The wind tunnel as one object: a fake, its script, its journal, its clock and its verdicts."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from windtunnel.fake import Fake
from windtunnel_server.clock import Clock, RealClock, VirtualClock
from windtunnel_server.control import Control
from windtunnel_server.inprocess import InProcess
from windtunnel_server.inprocess.clocks import clock_of_thread
from windtunnel_server.journal import Journal
from windtunnel_server.ledger import Ledger
from windtunnel_server.script import Step, Then
from windtunnel_server.server import Server
from windtunnel_server.settings import Settings
from windtunnel_server.threaded import ThreadedServer

if TYPE_CHECKING:
    from windtunnel.cassette.player import Player
    from windtunnel.scenario.schema import Scenario
    from windtunnel.verdicts import Claim, Claims, Verdict, Verdicts


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
    chance decides. `cassette`, a file or a `Player`, answers with what it has recorded wherever no step says otherwise, and
    refuses all else. `then` is what follows the last step: "composed" replies, the script from its beginning ("repeat"),
    a refusal ("refuse"), or a step. `settings` is how the service is set up: limits, window, credentials. `scenario` is
    played: its steps come first, and its settings count where no others are given. `provider` is the one that `url` and
    `env` are for, and `tls` lets the fake speak TLS, with an authority of its own. `keys` limits
    the API keys that are let in (None: any). `dates=False` leaves `datetime` and the `time` module alone on a virtual
    clock.

    >>> from windtunnel import Windtunnel, fail, reply
    >>> with Windtunnel(fail("rate_limited", retry_after=2), reply("Hello")) as tunnel:
    ...     tunnel.url.startswith("http://127.0.0.1:")
    True
    """

    def __init__(
        self,
        *steps: Step,
        then: Then | None = None,
        clock: Literal["virtual", "real"] | Clock = "virtual",
        seed: int = 0,
        settings: Settings | None = None,
        scenario: Scenario | None = None,
        provider: str = "anthropic",
        tls: bool = False,
        keys: frozenset[str] | None = None,
        dates: bool = True,
        cassette: str | os.PathLike[str] | Player | None = None,
    ) -> None:
        self.clock: Clock = _clock(clock)
        #: The scenario that is played; None for a script alone.
        self.scenario = scenario
        self.settings = settings or (scenario.server if scenario is not None else Settings())
        #: The provider that `url` and `env` are for.
        self.provider_name = provider
        self.fake = Fake(self.clock, seed=seed, settings=self.settings, provider=provider, keys=keys, tls=tls)
        self.core = self.fake.core
        #: What was recorded, and how much of it has been played; None: the fake makes its own answers.
        self.cassette: Player | None = _player(cassette)
        self.core.tape = self.cassette
        self._doors: dict[str, Door] = {}
        self._inprocess = InProcess(self.clock, dates=dates)
        control = Control(self.core, judge=self._judge, page=_page)
        self._server = Server(self.core, control=control, inprocess=self._inprocess, tls=self.fake.tls)
        self._threaded: ThreadedServer | None = None
        #: The verdicts that were asked for, as they were given, for reports.
        self.verdicts_asked: list[Verdict] = []
        self._claimed: list[Claim] = []
        #: What the client's side says of the run as a whole, where it does not say it request by request.
        self.claims_in_sum: Claims | None = None
        if scenario is not None:
            self.script(*scenario.steps, then=scenario.then)
        self.script(*steps, then=then)

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
            try:
                threaded.stop()
            finally:
                self._inprocess.exit()
                self._doors.clear()
                self.fake.close()

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
        """Base address for clients of this tunnel's provider: for `ANTHROPIC_BASE_URL`, without /v1."""
        return self.provider(self.fake.provider).url

    @property
    def api_key(self) -> str:
        """A key that the fake lets in."""
        return self.fake.api_key

    @property
    def env(self) -> dict[str, str]:
        """The variables a client needs to find the fake."""
        return dict(self.provider(self.fake.provider).env)

    def provider(self, name: str) -> Door:
        """The door of one provider: its address and the variables its clients read, the same each time."""
        if self._threaded is None:
            raise RuntimeError("this tunnel is not open; use it in a with statement, or call start() first")
        if name not in self._doors:
            address = self._server.url
            self._doors[name] = Door(name, self.fake.url(address, name), self.fake.env(address, name))
        return self._doors[name]

    def script(self, *steps: Step, then: Then | None = None) -> None:
        """Answer the next calls with these steps, in order; `then` is what follows the last one.

        It is "composed" where nothing was ever said, or else what was said last.
        """
        for place, step in enumerate(steps):
            if not isinstance(step, Step):
                raise TypeError(f"script: step {place} is {step!r}; build steps with reply(…) and fail(…)")
        self.core.extend_script(steps, then=then)

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

        return Verdicts(
            lambda: self.journal.calls,
            claims=lambda: self.claims,
            tolerance=EXACT if isinstance(self.clock, VirtualClock) else REAL,
            context_window=self.settings.context_window,
            on_judged=self.verdicts_asked.append,
        )

    def claim(self, *returned: Any) -> None:
        """Take down what the client's side says: messages, exceptions or usage, in the order of the requests.

        Verdicts on outcome, stream and tokens hold it against the journal. A usage object counts for the whole run.
        """
        from windtunnel.verdicts.claims import claims_of

        said = claims_of(*returned)
        if said.calls is None:
            self.claims_in_sum = said
        else:
            self._claimed += said.calls

    @property
    def claims(self) -> Claims | None:
        """What the client's side has said so far; None: nothing."""
        from windtunnel.verdicts.claims import Claims

        return Claims(calls=tuple(self._claimed)) if self._claimed else self.claims_in_sum

    def reset(self) -> None:
        """Forget script, journal and claims."""
        self.core.reset()
        self._claimed.clear()
        self.claims_in_sum = None

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


def _page() -> str:
    from windtunnel.report.live import live_page

    return live_page()


def _player(cassette: str | os.PathLike[str] | Player | None) -> Player | None:
    if cassette is None:
        return None
    from windtunnel.cassette.player import Player

    return cassette if isinstance(cassette, Player) else Player.load(cassette)


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
