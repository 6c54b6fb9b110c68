"""Claude on Google Cloud, operated by Anthropic: the direct API behind Google's gateway and Google's credentials.

Requests and answers pass through as they are (wire.md 1.6, 6.7); what the gateway says itself, of a credential or of an
address, is in Google's shape (unverified).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Final

from windtunnel_server.call import Call
from windtunnel_server.clock import Clock
from windtunnel_server.identity.api_keys import ApiKeys
from windtunnel_server.model.problem import Problem
from windtunnel_server.plan import Plan
from windtunnel_server.providers import framing
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.providers.errors import kind_of
from windtunnel_server.providers.first_party import with_changes
from windtunnel_server.providers.vertex import AnyToken, CredentialGate
from windtunnel_server.script import ErrorSpec, Step
from windtunnel_server.settings import Settings
from windtunnel_server.wire import google_errors, headers_vertex
from windtunnel_server.wire.headers import Stamp

_ROUTE: Final = re.compile(
    r"/v1/projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)"
    r"/(?:workspaces/(?P<workspace>[^/]+)|claudeOrganization)/invoke(?P<rest>/.*)"
)
#: What the gateway answers itself.
_OWN: Final = frozenset({401, 403})

_USUAL: Final = Settings()


class GoogleCloud:
    """The door. `gate` checks the credential; None lets everyone in who shows a bearer token."""

    name = "google-cloud"

    def __init__(
        self, clock: Clock, *, seed: int = 0, settings: Settings = _USUAL, gate: CredentialGate | None = None
    ) -> None:
        self._clock, self._gate = clock, gate or AnyToken()
        self._inner = Anthropic(clock, seed=seed, keys=ApiKeys(), settings=settings)

    def reset(self) -> None:
        self._inner.reset()

    def max_body_bytes(self, path: str) -> int:
        route = _ROUTE.fullmatch(path)
        return self._inner.max_body_bytes(route["rest"] if route else "")

    def answer(self, call: Call, take: Callable[[str], Step | None], random: Random) -> Plan:
        """Answer a call: the gateway looks at address and credential, the direct API at the rest."""
        call.provider = self.name
        route = _ROUTE.fullmatch(call.route or call.path)
        if route is None:
            return self._gateway(call, ErrorSpec(kind="not_found"))
        refused = self._gate.check(call)
        if refused is not None:
            return self._refused(call, refused)
        inner = replace(call, route=route["rest"], headers=_known_as(call, route["workspace"] or route["project"]))
        taken: list[Step] = []

        def taking(endpoint: str) -> Step | None:
            call.json = inner.json
            step = take(endpoint)
            taken.extend([step] if step is not None else [])
            return step

        plan = self._inner.answer(inner, taking, random)
        call.json = inner.json
        spec = taken[0].error if taken else None
        if spec is None or spec.type is not None or plan.status not in _OWN:
            return plan
        own = self._gateway(call, spec)
        return Plan(own.steps, plan.notes | own.notes)

    def scripted(self, call: Call, spec: ErrorSpec, random: Random) -> Plan:
        """Answer with an error of the script's, whoever asks and for whatever."""
        return self._inner.scripted(self._seen(call), spec, random)

    def too_large(self, call: Call) -> Plan:
        return self._inner.too_large(self._seen(call))

    def garbage(self, call: Call, why: str) -> Plan:
        return self._inner.garbage(self._seen(call), why)

    def refuse_step(self, call: Call, why: str) -> Plan:
        return self._inner.refuse_step(self._seen(call), why)

    def broken(self, call: Call, why: str) -> Plan:
        return self._inner.broken(self._seen(call), why)

    def _seen(self, call: Call) -> Call:
        call.provider = self.name
        return replace(call)

    def _refused(self, call: Call, problem: Problem) -> Plan:
        plan = self._gateway(call, ErrorSpec(kind=problem.kind, message=problem.message))
        return Plan(plan.steps, plan.notes | {"answered_by": "refused"})

    def _gateway(self, call: Call, spec: ErrorSpec) -> Plan:
        error = google_errors.platform_error(kind_of(spec))
        assert error is not None, "the gateway answers for credentials and addresses alone"
        status = spec.status or error.status
        words = {"resource": (call.route or call.path).removeprefix("/v1/")}
        text = spec.message if spec.message is not None else error.text(words)
        body = google_errors.body(status, error.code, text, details=spec.details, reason=error.reason)
        stamp = Stamp(at=self._clock.start + call.arrived_at, request_id="", organization_id="", cf_ray="")
        challenge = google_errors.CHALLENGE if status == 401 else None
        shown = with_changes(headers_vertex.platform_error(stamp, challenge=challenge), spec)
        return Plan(framing.whole(status, shown, body).steps, {"error_type": error.code})


def _known_as(call: Call, workspace: str) -> tuple[tuple[str, str], ...]:
    """The workspace stands for who asks: what one token has put into the cache, the next one finds there."""
    kept = tuple((name, value) for name, value in call.headers if name.lower() not in ("authorization", "x-api-key"))
    return (("x-api-key", workspace), *kept)
