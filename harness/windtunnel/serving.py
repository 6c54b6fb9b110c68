"""A standalone server: built from options, with the harness as its judge."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windtunnel.fake import DOORS, Fake
from windtunnel.judging import judge
from windtunnel.report.live import live_page
from windtunnel_server.clock import Clock, RealClock, ScaledClock
from windtunnel_server.control import PREFIX, Control
from windtunnel_server.script import ScriptError, Step, Then, unknown_word
from windtunnel_server.server import Server
from windtunnel_server.settings import Settings
from windtunnel_server.words import script_from_json

if TYPE_CHECKING:
    from windtunnel.cassette.player import Player
    from windtunnel.scenario.schema import Scenario


class ServeError(ValueError):
    """An option that cannot be; the message says which and what to write instead."""


@dataclass(frozen=True, slots=True)
class Served:
    """A fake, and the server that has it on a socket."""

    fake: Fake
    server: Server


def build(
    *,
    host: str,
    port: int,
    provider: str,
    seed: int,
    speed: float,
    tls: bool = False,
    credential: str | None = None,
    scenario: str | None = None,
    script: tuple[str, str] | None = None,
    cassettes: Sequence[Path] = (),
    pace: str = "none",
    allow_repeats: bool = False,
    redact: str | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Served:
    """Build a server that is not started yet.

    `cassettes` are files that answer where no step does, at a `pace` of "none", "recorded" or a number. With
    `allow_repeats` the last interaction that answers a request goes on answering it. `redact` names the rules by which they
    were recorded, where those do not lie beside them. What none answers is told to `tell` as it happens.

    `scenario` is a name or a file. `script` is a file's name and its text, what POST script takes; its steps come behind
    the scenario's.
    """
    if provider not in DOORS:
        raise ServeError(unknown_word("--provider", provider, DOORS))
    if not (speed > 0 and math.isfinite(speed)):
        raise ServeError(f"--speed {speed:g}: must be above 0 and finite")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise ServeError(f"--host {host}: give an address such as 127.0.0.1 or ::1") from None
    clock: Clock = RealClock() if speed == 1 else ScaledClock(speed)
    played = None if scenario is None else _scenario(scenario)
    settings = Settings() if played is None else played.server
    if credential is not None:
        try:
            settings = settings.with_credential(credential, provider)
        except ScriptError as error:
            raise ServeError(f"--credential: {error}") from None
    fake = Fake(clock, seed=seed, settings=settings, provider=provider, tls=tls, host=host)
    core = fake.core
    core.tape = _player(cassettes, pace, tell, redact, allow_repeats=allow_repeats) if cassettes else None
    if played is not None:
        core.extend_script(played.steps, then=played.then)
    if script is not None:
        steps, then = _script(*script)
        core.extend_script(steps, then=then)
    control = Control(core, judge=judge(core, speed), page=live_page)
    return Served(fake, Server(core, host=host, port=port, control=control, tls=fake.tls))


def _player(
    files: Sequence[Path], pace: str, tell: Callable[[str], None], redact: str | None, *, allow_repeats: bool
) -> Player:
    from windtunnel.cassette.interaction import CassetteError
    from windtunnel.cassette.player import as_recorded
    from windtunnel.cassette.watched import Watched

    try:
        asked: Any = pace if pace in ("none", "recorded") else float(pace)
        remedy = f"record it: windtunnel record --record new --cassette {files[0]}"
        known = as_recorded(files, redact)
        return Watched.load(*files, pace=asked, redact=known, remedy=remedy, allow_repeats=allow_repeats, tell=tell)
    except CassetteError as error:
        raise ServeError(f"--cassette: {error}") from None
    except ValueError:
        raise ServeError(
            f"--pace {pace}: is none of none, recorded and a number above 0 (so many times as fast)"
        ) from None


def _scenario(asked: str) -> Scenario:
    from windtunnel.scenario.library import find
    from windtunnel.scenario.load import ScenarioError

    try:
        found = find([asked])
    except ScenarioError as error:
        raise ServeError(f"--scenario: {error}") from None
    if len(found) > 1:
        raise ServeError(f"--scenario {asked}: that is {len(found)} scenarios; name the file of one without variables")
    return found[0].scenario


def _script(name: str, text: str) -> tuple[list[Step], Then | None]:
    try:
        return script_from_json(json.loads(text))
    except ScriptError as error:
        raise ServeError(f"{name}: {error}") from None
    except ValueError as error:
        raise ServeError(f"{name}: not valid JSON: {error}") from None


def ready(served: Served) -> dict[str, Any]:
    """What a program that starts the server has to know."""
    fake, address = served.fake, served.server.url
    return {
        "url": fake.url(address),
        "provider_urls": {name: fake.url(address, name) for name in DOORS},
        "env": fake.env(address),
        "control_url": address + PREFIX.rstrip("/"),
    }


def loop_factory(*, fast: bool) -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop's loop where it is installed and wanted, else asyncio's own."""
    if fast:
        try:
            import uvloop
        except ImportError:
            pass
        else:
            make: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
            return make
    return asyncio.SelectorEventLoop
