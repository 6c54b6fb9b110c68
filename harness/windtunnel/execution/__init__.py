"""Any command as a client: run it beside the fake, on a faster clock where that is asked, and judge how it ran.

>>> with serving_for(fail("rate_limited", retry_after=300), speed=100) as serving, ClaimsFile() as place:
...     execution = execute(["node", "agent.js"], env=serving.env(**place.env), timeout_s=60, speed=100)
>>> judge_process(execution).check()  # doctest: +SKIP
"""

from __future__ import annotations

import sys

if sys.platform == "win32":
    raise ImportError("to run a command takes signals and terminals as Unix has them: use Linux, macOS or WSL")

from windtunnel.execution.claims_file import ClaimsFile as ClaimsFile
from windtunnel.execution.execute import ExecutionError as ExecutionError
from windtunnel.execution.execute import execute as execute
from windtunnel.execution.execution import Execution as Execution
from windtunnel.execution.execution import Stray as Stray
from windtunnel.execution.faketime import SpeedError as SpeedError
from windtunnel.execution.faketime import check_fakeable as check_fakeable
from windtunnel.execution.faketime import faked as faked
from windtunnel.execution.faketime import find_faketime as find_faketime
from windtunnel.execution.serving import Serving as Serving
from windtunnel.execution.serving import serving_for as serving_for
from windtunnel.execution.verdict import judge_process as judge_process

__all__ = [
    "ClaimsFile",
    "Execution",
    "ExecutionError",
    "Serving",
    "SpeedError",
    "Stray",
    "check_fakeable",
    "execute",
    "faked",
    "find_faketime",
    "judge_process",
    "serving_for",
]
