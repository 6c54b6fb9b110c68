"""Claude in Microsoft Foundry: its routes, its deployments, and what its gateway refuses before a model is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final, Literal, TypeAlias

from windtunnel_server.call import Call
from windtunnel_server.clock import Clock
from windtunnel_server.identity.api_keys import ApiKeys
from windtunnel_server.identity.entra import Entra
from windtunnel_server.identity.entra.gate import EntraGate
from windtunnel_server.model import models
from windtunnel_server.model.context.managed import counted
from windtunnel_server.model.problem import Problem
from windtunnel_server.model.service import Service
from windtunnel_server.model.validation.surfaces import AZURE
from windtunnel_server.plan import Plan
from windtunnel_server.providers import errors, limited
from windtunnel_server.providers.anthropic import VERSIONS
from windtunnel_server.providers.asked import Asked, read_json
from windtunnel_server.providers.foundry.dialect import FoundryDialect, gateway_error
from windtunnel_server.providers.messages import Messages
from windtunnel_server.providers.rulebook import Rulebook
from windtunnel_server.script import ErrorSpec, Step
from windtunnel_server.settings import Settings
from windtunnel_server.wire import headers
from windtunnel_server.wire.azure_errors import (
    API_NOT_SUPPORTED,
    DEPLOYMENT_NOT_FOUND,
    RESOURCE_NOT_FOUND,
    GatewayError,
)
from windtunnel_server.wire.ids import Ids

#: Where the models of a resource run: at Anthropic, or in Azure itself, which offers less.
Hosting: TypeAlias = Literal["anthropic", "azure"]

_ROOT: Final = "/anthropic"
_ROUTES: Final = {f"{_ROOT}/v1/messages": "messages", f"{_ROOT}/v1/messages/count_tokens": "count_tokens"}
#: As of the direct API (wire.md 1.1); that it holds here too is unverified.
_MAX_BODY_BYTES: Final = 32 * 1024 * 1024
#: Stands behind a deployment whose name says nothing of a model.
_USUAL_MODEL: Final = "claude-sonnet-4-6"

_USUAL: Final = Settings()


class Foundry:
    """The door. `deployments` names the model behind each; None: any name is a deployment.

    A name that is, or has in it, a model's own stands for that model, any other one for `claude-sonnet-4-6`.
    """

    name = "foundry"

    def __init__(
        self,
        clock: Clock,
        *,
        seed: int = 0,
        keys: ApiKeys | None = None,
        entra: Entra | None = None,
        settings: Settings = _USUAL,
        deployments: Mapping[str, str] | None = None,
        hosting: Hosting = "anthropic",
    ) -> None:
        self._clock = clock
        self._gate = EntraGate(keys or ApiKeys(), entra or Entra(clock, seed=seed))
        self._deployments = deployments
        self._service = Service(settings, start=clock.start, seed=seed, bills=False)
        self._dialect = FoundryDialect()
        self._rulebook = Rulebook(settings, AZURE if hosting == "azure" else self.name)
        self._messages = Messages(self._service, clock, self._dialect, seed=seed, rulebook=self._rulebook)

    def reset(self) -> None:
        """Forget what is cached, and what has been used of the limits."""
        self._service.reset()

    # --- the provider's part of the core -------------------------------------------------------------------------

    def max_body_bytes(self, path: str) -> int:
        return _MAX_BODY_BYTES

    def answer(self, call: Call, take: Callable[[str], Step | None], random: Random) -> Plan:
        """Answer a call; a step is taken only once the call is one that the service would have let in."""
        asked = self._asked(call, random)
        refused = self._gate.check(call.headers)
        if refused is not None:
            return errors.refused(self._dialect, asked, refused)
        route = call.route or call.path
        endpoint = _ROUTES.get(route) if call.method == "POST" else None
        if endpoint is None:
            here = route == _ROOT or route.startswith(f"{_ROOT}/")
            return self._by_gateway(asked, API_NOT_SUPPORTED if here else RESOURCE_NOT_FOUND)
        wrong = read_json(call) or self._undeployed(call) or self._unfit(asked, endpoint)
        if wrong is not None:
            return errors.refused(self._dialect, asked, wrong)
        return self._messages.answer(asked, take) if endpoint == "messages" else self._count(asked, take)

    def scripted(self, call: Call, spec: ErrorSpec, random: Random) -> Plan:
        """Answer with an error of the script's, whoever asks and for whatever."""
        return errors.scripted(self._dialect, self._asked(call, random), spec, window=self._messages.window)

    def too_large(self, call: Call) -> Plan:
        return self._dialect.error(self._asked(call, Random(0)), ErrorSpec(kind="request_too_large"))

    def garbage(self, call: Call, why: str) -> Plan:
        """Bytes that are no HTTP (the gateway's words are unverified)."""
        return self._dialect.error(self._asked(call, Random(0)), ErrorSpec(kind="edge_bad_request"))

    def refuse_step(self, call: Call, why: str) -> Plan:
        asked = self._asked(call, Random(0))
        plan = self._dialect.error(asked, ErrorSpec(kind="invalid_request", message=why, should_retry=False))
        return Plan(plan.steps, plan.notes | {"answered_by": "refused"})

    def broken(self, call: Call, why: str) -> Plan:
        asked = self._asked(call, Random(0))
        plan = self._dialect.error(asked, ErrorSpec(kind="internal_error", message=why, should_retry=False))
        return Plan(plan.steps, plan.notes | {"answered_by": "broken"})

    # --- admission -----------------------------------------------------------------------------------------------

    def _asked(self, call: Call, random: Random) -> Asked:
        call.provider = self.name
        at, ids = self._clock.start + call.arrived_at, Ids(random)
        # Nobody is told of an organisation here, and no edge of Anthropic's is seen.
        stamp = headers.Stamp(at=at, request_id=ids.request(at), organization_id="", cf_ray="")
        version = call.header("anthropic-version") or ""
        # A resource has an address of its own, and is one workspace.
        return Asked(call, random, stamp, ids, version=version, workspace=call.header("host") or "")

    def _by_gateway(self, asked: Asked, error: GatewayError) -> Plan:
        plan = gateway_error(asked, error, ErrorSpec(), error.message or "")
        return Plan(plan.steps, plan.notes | {"answered_by": "refused"})

    def _undeployed(self, call: Call) -> Problem | None:
        """Put the model in the place of its deployment's name; what is no name at all, the service refuses."""
        name = call.json.get("model") if isinstance(call.json, dict) else None
        if not isinstance(name, str) or not name:
            return None
        model = _model_in(name) if self._deployments is None else self._deployments.get(name)
        if model is None:
            return Problem("model_not_found", DEPLOYMENT_NOT_FOUND.message or "")
        call.json = call.json | {"model": model}
        return None

    def _unfit(self, asked: Asked, endpoint: Any) -> Problem | None:
        request, version = asked.call.json, asked.version
        if not version:
            return Problem("version_header_missing", "anthropic-version: header is required")
        if version not in VERSIONS:
            # The words are unverified, as on the direct API.
            return Problem("invalid_request", f'anthropic-version: "{version}" is not a valid version')
        return self._rulebook.check(request, version=version, endpoint=endpoint, betas=asked.betas)

    def _count(self, asked: Asked, take: Callable[[str], Step | None]) -> Plan:
        exceeded = self._service.other("count_tokens", self._clock.now())
        if exceeded is not None:
            return limited.answer(self._dialect, asked, exceeded)
        step = take("count_tokens")
        if step is not None and step.error is not None:
            return errors.scripted(self._dialect, asked, step.error, window=self._messages.window)
        return self._dialect.value(asked, counted(asked.call.json))


def _model_in(deployment: str) -> str:
    named = [name for model in models.MODELS for name in (model.id, *model.aliases) if name in deployment]
    return max(named, key=len, default=_USUAL_MODEL)
