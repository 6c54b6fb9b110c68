"""A wind tunnel for clients of the Anthropic Messages API.

Nothing is imported before it is used: this package is loaded in every pytest run.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windtunnel import policies as policies
    from windtunnel.cassette.interaction import CassetteError as CassetteError
    from windtunnel.cassette.player import Player as Player
    from windtunnel.scenario.load import ScenarioError as ScenarioError
    from windtunnel.scenario.schema import Scenario as Scenario
    from windtunnel.tunnel import Windtunnel as Windtunnel
    from windtunnel_server.clock import ClockStuckError as ClockStuckError
    from windtunnel_server.clock import VirtualTimeError as VirtualTimeError
    from windtunnel_server.script import ScriptError as ScriptError
    from windtunnel_server.script import Step as Step
    from windtunnel_server.script import Stream as Stream
    from windtunnel_server.settings import Acceleration as Acceleration
    from windtunnel_server.settings import Overload as Overload
    from windtunnel_server.settings import RateLimits as RateLimits
    from windtunnel_server.settings import Settings as Settings
    from windtunnel_server.words import fail as fail
    from windtunnel_server.words import fault as fault
    from windtunnel_server.words import reply as reply

__version__ = "0.1.0"

_WHERE = {
    "CassetteError": "windtunnel.cassette.interaction",
    "Acceleration": "windtunnel_server.settings",
    "ClockStuckError": "windtunnel_server.clock",
    "Overload": "windtunnel_server.settings",
    "Player": "windtunnel.cassette.player",
    "RateLimits": "windtunnel_server.settings",
    "Scenario": "windtunnel.scenario.schema",
    "ScenarioError": "windtunnel.scenario.load",
    "ScriptError": "windtunnel_server.script",
    "Settings": "windtunnel_server.settings",
    "Step": "windtunnel_server.script",
    "Stream": "windtunnel_server.script",
    "VirtualTimeError": "windtunnel_server.clock",
    "Windtunnel": "windtunnel.tunnel",
    "fail": "windtunnel_server.words",
    "fault": "windtunnel_server.words",
    "policies": "windtunnel.policies",
    "reply": "windtunnel_server.words",
}

__all__ = [
    "Acceleration",
    "CassetteError",
    "ClockStuckError",
    "Overload",
    "Player",
    "RateLimits",
    "Scenario",
    "ScenarioError",
    "ScriptError",
    "Settings",
    "Step",
    "Stream",
    "VirtualTimeError",
    "Windtunnel",
    "fail",
    "fault",
    "policies",
    "reply",
]


if not TYPE_CHECKING:  # a type checker would take any name for one of ours

    def __getattr__(name: str) -> Any:
        if name not in _WHERE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = import_module(_WHERE[name])
        value = module if name == "policies" else getattr(module, name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
