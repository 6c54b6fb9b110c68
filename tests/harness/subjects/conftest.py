"""One way to play any built-in client in a tunnel on virtual time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from windtunnel import Windtunnel
from windtunnel.subjects import find
from windtunnel.subjects.ask import Ask
from windtunnel.subjects.subject import Place, Subject
from windtunnel.verdicts.claims import Claim, Claims


@dataclass
class Played:
    """What a run left: the client's side, and the tunnel, closed by now."""

    subject: Subject
    claims: Claims
    tunnel: Windtunnel

    @property
    def calls(self) -> tuple[Claim, ...]:
        assert self.claims.calls is not None
        return self.claims.calls

    @property
    def call(self) -> Claim:
        (only,) = self.calls
        return only

    @property
    def bodies(self) -> list[Any]:
        return [entry.body for entry in self.tunnel.journal.calls]


@pytest.fixture
def play() -> Callable[..., Played]:
    """`play("anthropic", reply("Hello"), stream=True)`: a client by name, the script, what is asked."""

    def played(name: str, *steps: Any, env: dict[str, str] | None = None, **ask: Any) -> Played:
        pytest.importorskip("anthropic")
        subject = find(name)
        with Windtunnel(*steps) as tunnel:
            place = Place(
                provider="anthropic", url=tunnel.url, env=tunnel.env if env is None else env, now=tunnel.clock.now
            )
            claims = subject.play(place, Ask(**ask))
        return Played(subject, claims, tunnel)

    return played
