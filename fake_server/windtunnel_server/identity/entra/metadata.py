"""Managed identity: what an application in Azure asks of the machine it runs on, in the two dialects there are.

App Service names an endpoint and a secret in the environment (`IDENTITY_ENDPOINT`, `IDENTITY_HEADER`); a virtual
machine has the instance metadata service at an address of its own, which `AZURE_POD_IDENTITY_AUTHORITY_HOST` moves.
Both are documented under "Managed identities for Azure resources".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final
from urllib.parse import parse_qs

from windtunnel_server.call import Call
from windtunnel_server.identity.entra import RESOURCES, Entra
from windtunnel_server.identity.entra import answers as entra_answers
from windtunnel_server.plan import Headers, Plan
from windtunnel_server.script import ErrorSpec, Step
from windtunnel_server.wire import headers

APP_SERVICE: Final = "/msi/token"
MACHINE: Final = "/metadata/identity/oauth2/token"
#: Ways to name an identity that was assigned by a user; App Service calls the second one otherwise than a machine does.
_NAMES: Final = ("client_id", "object_id", "principal_id", "msi_res_id", "mi_res_id")


class ManagedIdentity:
    """Hands tokens to who asks from the machine itself, which is all the proof there is."""

    name = "entra"

    def __init__(self, entra: Entra) -> None:
        self._entra = entra

    def is_for(self, call: Call) -> bool:
        return call.path in (APP_SERVICE, MACHINE)

    def reset(self) -> None:
        """Nothing is kept here."""

    def answer(self, call: Call, take: Callable[[str], Step | None], random: Random) -> Plan:
        """Answer a call: one that was made wrongly takes no step of the script."""
        asked = {name: values[0] for name, values in parse_qs(call.query).items()}
        on_machine = call.path == MACHINE
        wrong = self._wrong(call, asked, on_machine=on_machine)
        if wrong is not None:
            status, error, words = wrong
            value = _told(status, error, words, on_machine=on_machine)
            return entra_answers.refused(status, value, self._shown, error=error)
        step = take(entra_answers.ENDPOINT)
        if step is not None and step.error is not None:
            return self._scripted(step.error, on_machine=on_machine)
        given = self._given(asked["resource"], on_machine=on_machine)
        return entra_answers.answered(200, given, self._shown, confidential=True)

    def _given(self, resource: str, *, on_machine: bool) -> dict[str, Any]:
        """A token, with its numbers as text, as both write them."""
        now, said_s = int(self._entra.now), int(self._entra.said_s)
        said = {
            "access_token": self._entra.issue(resource),
            "client_id": self._entra.client_id,
            "expires_on": str(now + said_s),
            "resource": resource,
            "token_type": "Bearer",
        }
        machine = {"expires_in": str(said_s), "ext_expires_in": str(said_s), "not_before": str(now)}
        return said | machine if on_machine else said

    def _wrong(self, call: Call, asked: Mapping[str, str], *, on_machine: bool) -> tuple[int, str, str] | None:
        """Say what is wrong with a request: status, error, words. The words of App Service are unverified."""
        if on_machine and (call.header("metadata") or "").lower() != "true":
            return 400, "invalid_request", "Required metadata header not specified"
        if not on_machine and call.header("x-identity-header") != self._entra.identity_header:
            return 401, "unauthorized", "The X-IDENTITY-HEADER header is missing or wrong"
        if "api-version" not in asked:
            return 400, "invalid_request", "Required query variable 'api-version' is missing"
        if not asked.get("resource"):
            return 400, "invalid_request", "Required query variable 'resource' is missing"
        if any(name in asked and asked[name] not in self._known for name in _NAMES):
            return 400, "invalid_request", "Identity not found"
        if asked["resource"].rstrip("/") not in RESOURCES:
            named = f"The resource principal named {asked['resource']} was not found in the tenant named "
            return (400 if on_machine else 500), "invalid_resource", f"AADSTS500011: {named}{self._entra.tenant_id}."
        return None

    @property
    def _known(self) -> tuple[str, ...]:
        return (self._entra.client_id, self._entra.principal_id)

    def _scripted(self, spec: ErrorSpec, *, on_machine: bool) -> Plan:
        status = entra_answers.status_of(spec)
        error = spec.type or _ERRORS.get(status, "server_error")
        words = spec.message or _WORDS.get(status, "An unexpected error occurred while fetching the AAD Token.")
        value = _told(status, error, words, on_machine=on_machine)
        return entra_answers.scripted(status, value, self._shown, error=error, spec=spec, at=self._entra.now)

    @property
    def _shown(self) -> Headers:
        return (("Content-Type", "application/json; charset=utf-8"), ("Date", headers.http_date(self._entra.now)))


def _told(status: int, error: str, words: str, *, on_machine: bool) -> dict[str, Any]:
    """A machine writes errors as OAuth does; App Service as public threads have it."""
    return {"error": error, "error_description": words} if on_machine else {"statusCode": status, "message": words}


#: Documented under "How to use managed identities on an Azure VM": what a machine answers, by status.
_ERRORS: Final[Mapping[int, str]] = {
    400: "invalid_request",
    401: "unauthorized_client",
    403: "access_denied",
    404: "not_found",
    410: "gone",
    429: "too_many_requests",
}
_WORDS: Final[Mapping[int, str]] = {
    404: "The identity endpoint is being updated.",
    410: "The identity endpoint is being updated.",
    429: "Too many requests",
}
