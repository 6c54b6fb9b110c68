"""The address that Entra's clients call their authority: discovery, and the endpoint that hands out tokens.

It stands at the root, since these clients take the first part of its path for the tenant:
`/{tenant}/oauth2/v2.0/token`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from windtunnel_server.call import Call
from windtunnel_server.identity import jwt
from windtunnel_server.identity.entra import ASSERTION_ISSUER, EXCHANGE_AUDIENCE, RESOURCES, SUBJECT, Entra
from windtunnel_server.identity.entra import answers as entra_answers
from windtunnel_server.identity.entra import errors as entra_errors
from windtunnel_server.identity.entra.errors import Refusal
from windtunnel_server.plan import Headers, Plan
from windtunnel_server.script import ErrorSpec, Step
from windtunnel_server.wire import headers
from windtunnel_server.wire.ids import Ids

_DISCOVERY: Final = "/common/discovery/instance"
_TOKEN: Final = re.compile(r"/(?P<tenant>[^/]+)/oauth2/v2\.0/token")
_CONFIGURATION: Final = re.compile(r"/(?P<tenant>[^/]+)/v2\.0/\.well-known/openid-configuration")
_KEYS: Final = re.compile(r"/(?P<tenant>[^/]+)/discovery/v2\.0/keys")
_ROUTES: Final = (_TOKEN, _CONFIGURATION, _KEYS)
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: How far clocks may be apart, seconds: five minutes are public knowledge, and unverified.
_LEEWAY_S: Final = 300.0


class EntraAuthority:
    """Answers what clients such as azure-identity ask of `AZURE_AUTHORITY_HOST`."""

    name = "entra"

    def __init__(self, entra: Entra) -> None:
        self._entra = entra

    def is_for(self, call: Call) -> bool:
        return call.path == _DISCOVERY or any(route.fullmatch(call.path) for route in _ROUTES)

    def reset(self) -> None:
        """Tokens outlive a reset, as those of logins do."""

    def answer(self, call: Call, take: Callable[[str], Step | None], random: Random) -> Plan:
        """Answer a call. A failure that a script wants hands out nothing; an answer that is lost on its way does."""
        ids = Ids(random)
        if call.path == _DISCOVERY:
            return self._answered(ids, self._discovered(call))
        tenant, token = _tenant(call.path), _TOKEN.fullmatch(call.path) is not None
        if token:
            call.json = _form(call.body)  # for the journal, which masks it
            step = take(entra_answers.ENDPOINT)
            if step is not None and step.error is not None:
                return self._scripted(call, step.error, ids)
        if tenant not in (self._entra.tenant_id, "organizations", "common"):
            return self._refused(call, entra_errors.no_such_tenant(tenant), ids)
        if token:
            return self._token(call, tenant, ids)
        return self._answered(ids, self._keys() if _KEYS.fullmatch(call.path) else self._configuration(call, tenant))

    def _answered(self, ids: Ids, value: Mapping[str, Any]) -> Plan:
        return entra_answers.answered(200, value, self._shown(ids))

    # --- discovery -----------------------------------------------------------------------------------------------

    def _discovered(self, call: Call) -> dict[str, Any]:
        asked = parse_qs(call.query).get("authorization_endpoint", [""])[0]
        tenant = _tenant(urlsplit(asked).path) or self._entra.tenant_id
        here = f"{_base(call)}/{tenant}/v2.0/.well-known/openid-configuration"
        host = call.header("host") or "localhost"
        known = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
        return {"tenant_discovery_endpoint": here, "api-version": "1.1", "metadata": [known]}

    def _configuration(self, call: Call, tenant: str) -> dict[str, Any]:
        base = f"{_base(call)}/{tenant}"
        return {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "issuer": f"{_base(call)}/{self._entra.tenant_id}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "tenant_region_scope": None,
            "cloud_instance_name": "microsoftonline.com",
        }

    def _keys(self) -> dict[str, Any]:
        return {"keys": [jwt.published(self._entra.key)]}

    # --- tokens --------------------------------------------------------------------------------------------------

    def _token(self, call: Call, tenant: str, ids: Ids) -> Plan:
        form: Mapping[str, str] = call.json
        refusal = self._refusal(form, tenant)
        if refusal is not None:
            return self._refused(call, refusal, ids)
        audience = form["scope"].removesuffix("/.default")
        told_s = max(int(self._entra.said_s) - 1, 0)  # 3599 of an hour, as public answers have it
        said = {"token_type": "Bearer", "expires_in": told_s, "ext_expires_in": told_s}
        given = said | {"access_token": self._entra.issue(audience)}
        return entra_answers.answered(200, given, self._shown(ids), confidential=True)

    def _refusal(self, form: Mapping[str, str], tenant: str) -> Refusal | None:
        """Say why a request gets no token. The order of the checks is unverified."""
        for name in ("grant_type", "client_id", "scope"):
            if not form.get(name):
                return entra_errors.missing(name)
        entra, client, scope = self._entra, form["client_id"], form["scope"]
        if form["grant_type"] != "client_credentials":
            return entra_errors.unsupported_grant(form["grant_type"])
        if client != entra.client_id:
            return entra_errors.no_such_client(client, tenant)
        if not scope.endswith("/.default"):
            return entra_errors.scope_without_default(scope)
        if scope.removesuffix("/.default").rstrip("/") not in RESOURCES:
            return entra_errors.no_such_resource(scope.removesuffix("/.default"), tenant)
        unproven = self._unproven(form)
        return unproven or (entra_errors.disabled_client(client) if entra.disabled else None)

    def _unproven(self, form: Mapping[str, str]) -> Refusal | None:
        entra = self._entra
        if form.get("client_assertion") and form.get("client_assertion_type") == _ASSERTION_TYPE:
            return self._unfit(form["client_assertion"])
        secret = form.get("client_secret")
        if not secret:
            return entra_errors.no_proof()
        if entra.knows_secret(secret):
            return None
        return (entra_errors.expired_secret if entra.knew_secret(secret) else entra_errors.wrong_secret)(
            entra.client_id
        )

    def _unfit(self, assertion: str) -> Refusal | None:
        claims = self._entra.claims_of_assertion(assertion)
        if claims is None:
            return entra_errors.assertion_unsigned()
        named = (claims.get("iss"), claims.get("sub"), claims.get("aud"))
        if named != (ASSERTION_ISSUER, SUBJECT, EXCHANGE_AUDIENCE):
            return entra_errors.assertion_unknown(*named)
        return None if _is_timely(claims, self._entra.now) else entra_errors.assertion_untimely()

    # --- answers -------------------------------------------------------------------------------------------------

    def _refused(self, call: Call, refusal: Refusal, ids: Ids) -> Plan:
        value = self._told(call, refusal, ids)
        return entra_answers.refused(refusal.status, value, self._shown(ids), error=refusal.error)

    def _scripted(self, call: Call, spec: ErrorSpec, ids: Ids) -> Plan:
        refusal = entra_errors.scripted(spec, entra_answers.status_of(spec))
        value, shown = self._told(call, refusal, ids), self._shown(ids)
        return entra_answers.scripted(refusal.status, value, shown, error=refusal.error, spec=spec, at=self._entra.now)

    def _told(self, call: Call, refusal: Refusal, ids: Ids) -> dict[str, Any]:
        correlation_id = call.header("client-request-id") or ids.uuid4()
        return entra_errors.told(refusal, at=self._entra.now, correlation_id=correlation_id, trace_id=ids.uuid4())

    def _shown(self, ids: Ids) -> Headers:
        """Headers of an answer, as public traces of 2025 have them (order unverified)."""
        return (
            ("Cache-Control", "no-store, no-cache"),
            ("Pragma", "no-cache"),
            ("Content-Type", "application/json; charset=utf-8"),
            ("Expires", "-1"),
            ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
            ("X-Content-Type-Options", "nosniff"),
            ("x-ms-request-id", ids.uuid4()),
            ("Date", headers.http_date(self._entra.now)),
        )


def _is_timely(claims: Mapping[str, Any], at: float) -> bool:
    begins, ends = claims.get("nbf", claims.get("iat")), claims.get("exp")
    if not isinstance(begins, (int, float)) or not isinstance(ends, (int, float)):
        return False
    return begins - _LEEWAY_S <= at < ends + _LEEWAY_S


def _form(body: bytes) -> dict[str, str]:
    """Read a form; of a field that comes twice, the first one."""
    return {name: values[0] for name, values in parse_qs(body.decode("latin-1")).items()}


def _tenant(path: str) -> str:
    return unquote(path.removeprefix("/").partition("/")[0])


def _base(call: Call) -> str:
    return f"{call.scheme}://{call.header('host') or 'localhost'}"
