"""Claude Platform on AWS, which Anthropic operates: the whole first-party surface behind Amazon's door (wire.md 1.4)."""

from __future__ import annotations

from typing import Any, Final

from windtunnel_server.call import Call
from windtunnel_server.clock import Clock
from windtunnel_server.identity.aws import Aws
from windtunnel_server.model.problem import Problem
from windtunnel_server.plan import Plan
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.providers.asked import Asked
from windtunnel_server.providers.aws_first_party import AwsFirstParty, marked
from windtunnel_server.settings import Settings

#: What a signature is made for.
SERVICE: Final = "aws-external-anthropic"
WORKSPACE: Final = "anthropic-workspace-id"

_USUAL: Final = Settings()


class AwsPlatform(Anthropic):
    """The door. Every call names its workspace; there are no logins and there is no fast mode."""

    name = "aws"

    def __init__(self, clock: Clock, aws: Aws, *, seed: int = 0, settings: Settings = _USUAL) -> None:
        super().__init__(clock, seed=seed, settings=settings, dialect=AwsFirstParty())
        self._aws_gate = aws.gate(SERVICE)

    @property
    def workspace_id(self) -> str:
        """The one workspace there is."""
        return self._workspace_id

    def _workspace(self, call: Call) -> str:
        return call.header(WORKSPACE) or ""

    def _stranger(self, asked: Asked) -> Problem | None:
        return self._aws_gate.check(asked.call) or self._no_workspace(asked)

    def _no_workspace(self, asked: Asked) -> Problem | None:
        """Refuse a call without its workspace, or with another's (status and words unverified)."""
        named = asked.call.header(WORKSPACE)
        if not named:
            return Problem("invalid_request", f"{WORKSPACE}: header is required")
        if named != self.workspace_id:
            return Problem("permission_denied", f"{WORKSPACE}: no access to workspace {named}")
        return None

    def _value(self, asked: Asked, value: Any, *, lines: bool) -> Plan:
        return marked(super()._value(asked, value, lines=lines), asked)
