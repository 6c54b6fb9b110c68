"""Everything at one address: the doors of the providers, each behind a path of its own, and the issuers of credentials.

Anthropic's own door has no prefix; the others stand behind `/bedrock`, `/vertex` and so on, as a client's base address
has it. An issuer says by itself which calls are for it: some clients give it a host and no path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Protocol

from windtunnel_server.call import Call
from windtunnel_server.core import Provider
from windtunnel_server.plan import Plan
from windtunnel_server.script import ErrorSpec, Step


class Issuer(Protocol):
    """Hands out credentials: a token endpoint, a metadata service."""

    name: str

    def is_for(self, call: Call) -> bool:
        """Say whether the call is for this issuer, by its path and headers."""
        ...

    def answer(self, call: Call, take: Callable[[str], Step | None], random: Random) -> Plan:
        """Answer it. Notes of a plan that hands out a credential say `confidential: True`."""
        ...

    def reset(self) -> None: ...


class Site:
    """A provider made of several: which of them a call is for, its path says.

    `build` maps the prefix of a door, "" or "/bedrock", to what makes it: the provider behind it, and its issuers. A
    door is made when it is first asked for, since clouds bring keys that take a while to make.
    """

    def __init__(self, build: Mapping[str, Callable[[], tuple[Provider, Sequence[Issuer]]]]) -> None:
        self._build = dict(sorted(build.items(), key=lambda door: -len(door[0])))
        self._doors: dict[str, Provider] = {}
        self._issuers: list[Issuer] = []
        self.name = self.open("").name

    def open(self, prefix: str) -> Provider:
        """Return the provider behind a door, made if need be."""
        if prefix not in self._doors:
            self._doors[prefix], issuers = self._build[prefix]()
            self._issuers += [issuer for issuer in issuers if issuer not in self._issuers]
        return self._doors[prefix]

    def door(self, call: Call) -> Provider:
        """Return the provider a call is for, and note the path behind its door."""
        for prefix in self._build:
            if not prefix or call.path == prefix or call.path.startswith(f"{prefix}/"):
                provider = self.open(prefix)
                call.route = call.path[len(prefix) :] or "/"
                call.provider = provider.name
                return provider
        raise AssertionError("one door has no prefix")

    def reset(self) -> None:
        for door in self._doors.values():
            door.reset()
        for issuer in self._issuers:
            issuer.reset()

    def place(self, call: Call) -> bool:
        """Note in a call which door it came to. True where it is for an issuer of credentials."""
        for issuer in self._issuers:
            if issuer.is_for(call):
                call.provider = issuer.name
                return True
        self.door(call)
        return False

    def max_body_bytes(self, path: str) -> int:
        call = Call("", path)
        return self.door(call).max_body_bytes(call.route)

    def answer(self, call: Call, take: Callable[[str], Step | None], random: Random) -> Plan:
        for issuer in self._issuers:
            if issuer.is_for(call):
                call.provider = issuer.name
                return issuer.answer(call, take, random)
        return self.door(call).answer(call, take, random)

    def scripted(self, call: Call, spec: ErrorSpec, random: Random) -> Plan:
        return self.door(call).scripted(call, spec, random)

    def too_large(self, call: Call) -> Plan:
        return self.door(call).too_large(call)

    def garbage(self, call: Call, why: str) -> Plan:
        return self.door(call).garbage(call, why)

    def refuse_step(self, call: Call, why: str) -> Plan:
        return self.door(call).refuse_step(call, why)

    def broken(self, call: Call, why: str) -> Plan:
        return self.door(call).broken(call, why)
