"""A standalone server: built from options, with the harness as its judge."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from windtunnel import environment
from windtunnel.tunnel import PROVIDERS
from windtunnel_server.clock import Clock, RealClock, ScaledClock
from windtunnel_server.control import PREFIX, Control
from windtunnel_server.core import Core
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.script import ScriptError, Step
from windtunnel_server.server import Server
from windtunnel_server.words import step_from_json


class ServeError(ValueError):
    """An option that cannot be; the message says which and what to write instead."""


def build(*, host: str, port: int, provider: str, seed: int, speed: float, script: tuple[str, str] | None) -> Server:
    """Build a server that is not started yet. `script` is a file's name and its text: what POST script takes."""
    if provider not in PROVIDERS:
        raise ServeError(f"--provider {provider}: not built yet; on offer: {', '.join(PROVIDERS)}")
    if not (speed > 0 and math.isfinite(speed)):
        raise ServeError(f"--speed {speed:g}: must be above 0 and finite")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise ServeError(f"--host {host}: give an address such as 127.0.0.1 or ::1") from None
    clock: Clock = RealClock() if speed == 1 else ScaledClock(speed)
    core = Core(Anthropic(clock, seed=seed), clock, seed=seed)
    if script is not None:
        core.extend_script(_steps(*script))
    return Server(core, host=host, port=port, control=Control(core, judge=judge(core, speed)))


def _steps(name: str, text: str) -> list[Step]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ServeError(f"{name}: not valid JSON: {error}") from None
    listed = value["steps"] if isinstance(value, dict) and set(value) == {"steps"} else value
    if not isinstance(listed, list):
        raise ServeError(f'{name}: must be a list of steps, like [{{"reply": {{"text": "Hello"}}}}]')
    return [_step(name, place, item) for place, item in enumerate(listed)]


def _step(name: str, place: int, item: Any) -> Step:
    try:
        return step_from_json(item)
    except (ScriptError, TypeError) as error:
        raise ServeError(f"{name}: steps[{place}]: {error}") from None


def judge(core: Core, speed: float = 1.0) -> Callable[[Mapping[str, str]], Any]:
    """Judge the journal of a server: `GET verdict?policy=…&finished=true`.

    Unless it is told that the client is finished, a missing retry may still come: that is unknown, not a failure.
    """

    def judged(query: Mapping[str, str]) -> Any:
        from windtunnel.verdicts import REAL, Verdicts

        finished = query.get("finished", "false")
        if finished not in ("true", "false"):
            raise ValueError(f"finished={finished!r} is neither true nor false")
        verdicts = Verdicts(
            lambda: core.journal.calls, tolerance=REAL.scaled(speed), finished=lambda: finished == "true"
        )
        return verdicts.backoff(query.get("policy", "anthropic_python")).to_json()

    return judged


def ready(server: Server) -> dict[str, Any]:
    """What a program that starts the server has to know."""
    return {
        "url": server.url,
        "provider_urls": dict.fromkeys(PROVIDERS, server.url),
        "env": environment.anthropic(server.url, environment.API_KEY),
        "control_url": server.url + PREFIX.rstrip("/"),
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
