"""Amazon Bedrock's runtime, and as much of its control plane as lists models and inference profiles.

Order of checks (unverified): size, credential, path, JSON, model, the rules of this surface, then those of every other.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any, Final, Protocol
from urllib.parse import unquote

from windtunnel_server.call import Call
from windtunnel_server.clock import Clock
from windtunnel_server.model.context.managed import counted
from windtunnel_server.model.problem import Problem
from windtunnel_server.model.service import Service
from windtunnel_server.plan import Head, Plan
from windtunnel_server.providers import errors, limited
from windtunnel_server.providers import framing as provider_framing
from windtunnel_server.providers.asked import read_json
from windtunnel_server.providers.bedrock import converse_request as bedrock_converse_request
from windtunnel_server.providers.bedrock import listing as bedrock_listing
from windtunnel_server.providers.bedrock import models as bedrock_models
from windtunnel_server.providers.bedrock import requests as bedrock_requests
from windtunnel_server.providers.bedrock.asked import BedrockAsked, ConverseIds, Operation
from windtunnel_server.providers.bedrock.converse_request import NotSupported
from windtunnel_server.providers.bedrock.dialect import BedrockDialect
from windtunnel_server.providers.messages import Messages
from windtunnel_server.providers.rulebook import Rulebook
from windtunnel_server.script import ErrorSpec, Step
from windtunnel_server.settings import Settings
from windtunnel_server.wire import compact, headers, headers_bedrock
from windtunnel_server.wire.ids import Ids

#: The service model's longest body of InvokeModel, which the words of its refusal name (the documentation says 20 MB).
MAX_BODY_BYTES: Final = 25_000_000

_OPERATIONS: Final[Mapping[str, Operation]] = {
    "invoke": "invoke",
    "invoke-with-response-stream": "invoke-with-response-stream",
    "converse": "converse",
    "converse-stream": "converse-stream",
    "count-tokens": "count-tokens",
}
#: An ARN has a slash in it, which most clients quote and some do not.
_CALL: Final = re.compile(r"/model/(?P<model>.+)/(?P<operation>[a-z-]+)")
_LISTS: Final = re.compile(r"/(?P<list>inference-profiles|foundation-models)(?:/(?P<id>.+))?")
_SERVED: Final = (
    *(f"POST /model/{{modelId}}/{name}" for name in _OPERATIONS),
    *(f"GET /{name}" for name in ("inference-profiles", "foundation-models")),
)
_REGION: Final = re.compile(r"Credential=[^/]+/\d{8}/([a-z0-9-]+)/")
_ON_DEMAND: Final = (
    "Invocation of model ID {} with on-demand throughput isn't supported. Retry your request with the ID or ARN of "
    "an inference profile that contains this model."
)
_MALFORMED: Final = "Malformed input request: {}, please reformat your input and try again."
#: Converse names no version of the Messages API; it takes what the older one does.
_CONVERSE_VERSION: Final = bedrock_requests.VERSIONS[0]
_FIRST_PARTY_BYTES: Final = ".image.source.base64"
_USUAL: Final = Settings()


class CallGate(Protocol):
    """The check of a credential."""

    def check(self, call: Call) -> Problem | None:
        """Refuse a call without a good one."""
        ...


class Open:
    """A gate that lets everyone in."""

    def check(self, call: Call) -> Problem | None:
        return None


class Bedrock:
    """The door of Bedrock's runtime."""

    name = "bedrock"

    def __init__(
        self, clock: Clock, *, seed: int = 0, settings: Settings = _USUAL, gate: CallGate | None = None
    ) -> None:
        self._clock = clock
        self._gate = gate or Open()
        self._service = Service(settings, start=clock.start, seed=seed, bills=False)
        self._dialect = BedrockDialect()
        self._rulebook = Rulebook(settings, self.name)
        self._messages = Messages(self._service, clock, self._dialect, seed=seed, rulebook=self._rulebook)

    def reset(self) -> None:
        """Forget what is cached, and what has been used of the limits."""
        self._service.reset()

    # --- the provider's part of the core -------------------------------------------------------------------------

    def max_body_bytes(self, path: str) -> int:
        return MAX_BODY_BYTES

    def answer(self, call: Call, take: Callable[[str], Step | None], random: Random) -> Plan:
        """Answer a call; a step is taken only once the call is one that Bedrock would have let in."""
        asked = self._asked(call, random)
        refused = self._gate.check(call)
        if refused is not None:
            return errors.refused(self._dialect, asked, refused)
        route = call.route or call.path
        listed = _LISTS.fullmatch(route)
        if call.method == "GET" and listed is not None:
            return self._listing(asked, take, listed["list"], listed["id"])
        found = _CALL.fullmatch(route)
        if call.method != "POST" or found is None or found["operation"] not in _OPERATIONS:
            message = f"Not found: windtunnel serves {', '.join(_SERVED)}"
            return self._dialect.own(asked, message, code="UnknownOperationException", status=404)
        asked = replace(asked, operation=_OPERATIONS[found["operation"]])
        unread = read_json(call)
        if unread is not None:
            return errors.refused(self._dialect, asked, unread)
        return self._for_model(asked, take, unquote(found["model"]))

    def scripted(self, call: Call, spec: ErrorSpec, random: Random) -> Plan:
        """Answer with an error of the script's, whoever asks and for whatever."""
        found = _CALL.fullmatch(call.route or call.path)
        operation = _OPERATIONS.get(found["operation"], "listing") if found else "listing"
        asked = replace(self._asked(call, random), operation=operation)
        return errors.scripted(self._dialect, asked, spec, window=self._messages.window)

    def too_large(self, call: Call) -> Plan:
        return self._dialect.error(self._asked(call, Random(0)), ErrorSpec(kind="request_too_large"))

    def garbage(self, call: Call, why: str) -> Plan:
        """Bytes that are no HTTP: the load balancer answers, with a page (unverified)."""
        return self._dialect.error(self._asked(call, Random(0)), ErrorSpec(kind="edge_bad_request"))

    def refuse_step(self, call: Call, why: str) -> Plan:
        plan = self._dialect.own(self._asked(call, Random(0)), why)
        return plan.map_head(lambda head: head.with_header("x-should-retry", "false"))

    def broken(self, call: Call, why: str) -> Plan:
        plan = self._dialect.own(self._asked(call, Random(0)), why, code="InternalServerException", status=500)
        plan = plan.map_head(lambda head: head.with_header("x-should-retry", "false"))
        return Plan(plan.steps, plan.notes | {"answered_by": "broken"})

    # --- admission -----------------------------------------------------------------------------------------------

    def _asked(self, call: Call, random: Random) -> BedrockAsked:
        call.provider = self.name
        at = self._clock.start + call.arrived_at
        # A converse call's tools have ids of their own.
        kind = ConverseIds if "/converse" in (call.route or call.path) else Ids
        ids = kind(random, "bdrk_")
        id = ids.uuid4()
        stamp = headers.Stamp(at=at, request_id=id, organization_id=bedrock_models.ACCOUNT, cf_ray="")
        return BedrockAsked(call, random, stamp, ids, workspace=bedrock_models.ACCOUNT)

    def _for_model(self, asked: BedrockAsked, take: Callable[[str], Step | None], name: str) -> Plan:
        found = bedrock_models.find(name)
        if found is None:
            return errors.refused(self._dialect, asked, Problem("model_not_found", f"model: {name}"))
        asked = replace(asked, found_model=found)
        if asked.operation == "count-tokens":
            return self._count(asked, take)
        if found.prefix is None and not found.named.on_demand:
            return self._dialect.own(asked, _ON_DEMAND.format(found.named.id))
        read = self._read_converse if asked.converse else self._read_invoke
        asked, wrong = read(asked, asked.call.json)
        if wrong is not None:
            return wrong
        plan = self._messages.answer(asked, take)
        if plan.notes.get("answered_by") != "refused":
            return plan
        # Its limits give no hint when to come again, unless a script does.
        return plan.map_head(_without_hint)

    def _read_invoke(self, asked: BedrockAsked, body: Any) -> tuple[BedrockAsked, Plan | None]:
        """Put the first-party request in the place of the body, or refuse it."""
        asked = replace(asked, body_betas=bedrock_requests.betas_of(body))
        wrong = bedrock_requests.refusal(body)
        if wrong is not None:
            return asked, errors.refused(self._dialect, asked, wrong)
        request = bedrock_requests.first_party(body, model=_model(asked), stream=asked.streamed)
        return asked, self._checked(asked, request, body["anthropic_version"])

    def _read_converse(self, asked: BedrockAsked, body: Any) -> tuple[BedrockAsked, Plan | None]:
        asked = replace(asked, body_betas=bedrock_converse_request.betas_of(body))
        if not isinstance(body, Mapping):
            return asked, errors.refused(self._dialect, asked, Problem("invalid_json", "the body is no object"))
        assert asked.found_model is not None
        try:
            request = bedrock_converse_request.first_party(
                body, model=asked.found_model.named.model, stream=asked.streamed
            )
        except NotSupported as why:
            return asked, self._dialect.own(asked, str(why))
        except (LookupError, TypeError, ValueError, AttributeError) as broken:
            return asked, self._dialect.own(asked, _MALFORMED.format(broken))
        return asked, self._checked(asked, request, _CONVERSE_VERSION)

    def _checked(self, asked: BedrockAsked, request: dict[str, Any], version: str) -> Plan | None:
        asked.call.json = request
        wrong = bedrock_requests.unknown_beta(asked.betas) or self._rulebook.check(
            request, version=version, betas=asked.betas
        )
        return None if wrong is None else self._refused(asked, wrong)

    def _refused(self, asked: BedrockAsked, wrong: Problem) -> Plan:
        # Led by words of Bedrock's own on models that have no envelope (wire.md 1.2).
        if wrong.message == "invalid beta flag" and not asked.converse and asked.generation < (4, 7):
            return self._dialect.own(asked, f"The model returned the following errors: {wrong.message}")
        if asked.converse:
            # As reported: aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws#778.
            wrong = replace(wrong, message=wrong.message.replace(_FIRST_PARTY_BYTES, ".image.source.bytes", 1))
        return errors.refused(self._dialect, asked, wrong)

    # --- answers -------------------------------------------------------------------------------------------------

    def _count(self, asked: BedrockAsked, take: Callable[[str], Step | None]) -> Plan:
        """Count the tokens of a request; only plain ids are taken (recorded), of models that can."""
        assert asked.found_model is not None
        if asked.found_model.prefix is not None or not asked.found_model.named.counts_tokens:
            return self._dialect.own(asked, "The provided model doesn't support counting tokens.")
        given = asked.call.json.get("input") if isinstance(asked.call.json, Mapping) else None
        given = given if isinstance(given, Mapping) else {}
        if "converse" in given:
            asked, wrong = self._read_converse(asked, given["converse"])
        else:
            body = _wrapped(given.get("invokeModel"))
            if body is None:
                return self._dialect.own(asked, _MALFORMED.format("#: required key [input] not found"))
            asked, wrong = self._read_invoke(asked, body)
        if wrong is not None:
            return wrong
        exceeded = self._service.other("count_tokens", self._clock.now())
        if exceeded is not None:
            return limited.answer(self._dialect, asked, exceeded).map_head(_without_hint)
        step = take("count_tokens")
        if step is not None and step.error is not None:
            return errors.scripted(self._dialect, asked, step.error, window=self._messages.window)
        return self._value(asked, {"inputTokens": counted(asked.call.json)["input_tokens"]})

    def _listing(self, asked: BedrockAsked, take: Callable[[str], Step | None], name: str, id: str | None) -> Plan:
        step = take("models")
        if step is not None and step.error is not None:
            return errors.scripted(self._dialect, asked, step.error, window=self._messages.window)
        signed = _REGION.search(asked.call.header("authorization") or "")
        region = signed[1] if signed else bedrock_models.REGION
        if id is None:
            every = bedrock_listing.profiles if name == "inference-profiles" else bedrock_listing.foundation_models
            return self._value(asked, every(asked.query, region))
        one = bedrock_listing.profile if name == "inference-profiles" else bedrock_listing.foundation_model
        value = one(unquote(id), region)
        if value is None:
            return errors.refused(self._dialect, asked, Problem("not_found", f"Not found: {unquote(id)}"))
        return self._value(asked, value)

    def _value(self, asked: BedrockAsked, value: Mapping[str, Any]) -> Plan:
        body = compact.encode(value)
        shown = headers_bedrock.whole(asked.stamp.at, asked.stamp.request_id, len(body))
        return Plan(provider_framing.whole(200, shown, body).steps, {"request_id": asked.stamp.request_id})


def _model(asked: BedrockAsked) -> str:
    assert asked.found_model is not None
    return asked.found_model.named.model.id


def _without_hint(head: Head) -> Head:
    return head.without_header("retry-after")


def _wrapped(invoke: Any) -> Any:
    """Return the body that a request to count wraps up in base64; None where it cannot be read."""
    try:
        return json.loads(base64.b64decode(invoke["body"], validate=True))
    except (TypeError, LookupError, ValueError, binascii.Error):
        return None
