"""The harness as judge of a server's journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from windtunnel_server.core import Core


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
