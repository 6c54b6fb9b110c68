"""Anthropic direct: its routes, its order of checks, and its answers besides those of Messages calls.

Order of checks (wire.md section 10; the exact order is unverified): size, key, version header, JSON, schema, model,
then the service's own (`model/service.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from windtunnel_server.call import Call
from windtunnel_server.clock import Clock
from windtunnel_server.identity import login_page
from windtunnel_server.identity.api_keys import ApiKeys
from windtunnel_server.identity.gate import Gate
from windtunnel_server.identity.oauth import ENDPOINT, OAuth
from windtunnel_server.identity.oauth import PATH as OAUTH_PATH
from windtunnel_server.model import models
from windtunnel_server.model.batches import Asking, Batches, size_of
from windtunnel_server.model.limits import Exceeded, Other
from windtunnel_server.model.problem import Problem
from windtunnel_server.model.service import Service
from windtunnel_server.plan import Plan
from windtunnel_server.providers import account_pages, errors, framing, limited
from windtunnel_server.providers.asked import Asked, read_json
from windtunnel_server.providers.dialect import Dialect
from windtunnel_server.providers.first_party import FirstParty
from windtunnel_server.providers.messages import Messages
from windtunnel_server.providers.rulebook import Rulebook
from windtunnel_server.script import ErrorSpec, Step
from windtunnel_server.settings import Settings
from windtunnel_server.wire import compact, headers
from windtunnel_server.wire.ids import Ids

#: Both are alive; the older `2023-01-01` is still documented as valid (wire.md section 0).
VERSIONS: Final = ("2026-10-21", "2023-06-01", "2023-01-01")

_MB = 1024 * 1024
#: wire.md 1.1.
_MAX_BODY_BYTES: Final = {"batches": 256 * _MB, "": 32 * _MB}

#: Stands for our own address until an answer leaves.
_HERE: Final = "http://windtunnel.invalid"

#: SDKs of the older version still ask for betas with a query; the API takes no notice (wire.md section 0).
_BATCH = r"/v1/messages/batches/(?P<id>[^/]+)"
_ROUTES: Final[tuple[tuple[str, str, str], ...]] = (
    ("POST", r"/v1/messages", "messages"),
    ("POST", r"/v1/messages/count_tokens", "count_tokens"),
    ("GET", r"/v1/models", "list_models"),
    ("GET", r"/v1/models/(?P<id>[^/]+)", "get_model"),
    ("POST", r"/v1/messages/batches", "create_batch"),
    ("GET", r"/v1/messages/batches", "list_batches"),
    ("GET", _BATCH, "get_batch"),
    ("DELETE", _BATCH, "delete_batch"),
    ("POST", _BATCH + "/cancel", "cancel_batch"),
    ("GET", _BATCH + "/results", "batch_results"),
    ("POST", OAUTH_PATH, ENDPOINT),
    ("GET", login_page.PATH, "login_page"),
    ("POST", login_page.PATH, "login_answer"),
    ("GET", account_pages.PROFILE_PATH, "profile"),
    ("GET", account_pages.SESSION_PATH, "session"),
    ("HEAD", r"/", "root"),
)

#: What there is only where people log in.
_LOGIN: Final = frozenset({ENDPOINT, "login_page", "login_answer", "profile", "session"})

#: Which limit a call counts for.
_LIMITED: Final[Mapping[str, Other]] = {
    "count_tokens": "count_tokens",
    **dict.fromkeys(
        ("create_batch", "list_batches", "get_batch", "delete_batch", "cancel_batch", "batch_results"), "batch_calls"
    ),
}

#: What a script calls an endpoint.
_SCRIPTED: Final = {
    "count_tokens": "count_tokens",
    "list_models": "models",
    "get_model": "models",
}
#: The pages of an account: a step for "any" endpoint is for them too, and no other.
_ACCOUNT: Final = "account"


_USUAL: Final = Settings()


class Anthropic:
    """The first-party door."""

    name = "anthropic"
    #: Anthropic sends the bill, and has a limit for it.
    bills = True

    def __init__(
        self,
        clock: Clock,
        *,
        seed: int = 0,
        keys: ApiKeys | None = None,
        settings: Settings = _USUAL,
        oauth: OAuth | None = None,
        dialect: Dialect | None = None,
    ) -> None:
        self._clock = clock
        #: Issues the tokens of logins; None: there is no token endpoint.
        self.oauth = oauth
        self._gate = Gate(keys or ApiKeys(), oauth)
        own = Ids(Random(f"organisation {seed}"))
        self.organization_id, self._workspace_id = own.uuid4(), own.workspace()
        self._colo = own.cf_ray()[-3:]
        self._new_batch_id = own.batch
        self._service = Service(settings, start=clock.start, seed=seed, bills=self.bills)
        self._dialect: Dialect = dialect or FirstParty()
        self._rulebook = Rulebook(settings, self.name)
        self._messages = Messages(self._service, clock, self._dialect, seed=seed, rulebook=self._rulebook)
        self.reset()

    def reset(self) -> None:
        """Forget the batches, what is cached, and what has been used of the limits."""
        self._service.reset()
        self._batches = Batches(self._messages.answer_in_batch, new_id=self._new_batch_id, results_base=_HERE)

    # --- the provider's part of the core -------------------------------------------------------------------------

    def max_body_bytes(self, path: str) -> int:
        return _MAX_BODY_BYTES["batches" if path.startswith("/v1/messages/batches") else ""]

    def answer(self, call: Call, take: Callable[[str], Step | None], random: Random) -> Plan:
        """Answer a call; a step is taken only once the call is one that the API would have let in."""
        endpoint, asked = self._route(call, random)
        if isinstance(asked, Plan):
            return asked
        if endpoint == "root" or (endpoint in _LOGIN and self.oauth is None):
            return self._not_here(asked, "Not found")
        if endpoint == ENDPOINT:
            return self._token(asked, take)
        if endpoint in ("login_page", "login_answer"):
            return self._login(asked)
        if endpoint in ("profile", "session"):
            return self._account(endpoint, asked, take)
        refused = self._refused(asked)
        if refused is not None:
            return errors.refused(self._dialect, asked, refused)
        unread = read_json(call)
        if unread is not None:
            return errors.refused(self._dialect, asked, unread)
        return self._answer(endpoint, asked, take)

    def _answer(self, endpoint: str, asked: Asked, take: Callable[[str], Step | None]) -> Plan:
        if endpoint in ("messages", "count_tokens"):
            wrong = self._rulebook.check(
                asked.call.json,
                version=asked.version,
                endpoint=endpoint,  # type: ignore[arg-type]
                betas=asked.betas,
            )
            if wrong is not None:
                return errors.refused(self._dialect, asked, wrong)
        if endpoint == "messages":
            return self._messages.answer(asked, take)
        exceeded = self._exceeded(endpoint, asked)
        if exceeded is not None:
            return limited.answer(self._dialect, asked, exceeded)
        step = take(_SCRIPTED.get(endpoint, "batches"))
        if step is not None and step.error is not None:
            return errors.scripted(self._dialect, asked, step.error, window=self._messages.window)
        answers: dict[str, Callable[[Asked], Any]] = {
            "count_tokens": self._messages.count,
            "list_models": self._models,
            "get_model": self._model,
            "create_batch": lambda a: self._batches.create(a.call.json, a.stamp.at, Asking(a.version, a.betas)),
            "list_batches": lambda a: self._batches.listing(a.query, a.stamp.at),
            "get_batch": lambda a: self._batches.get(a.found["id"], a.stamp.at),
            "delete_batch": lambda a: self._batches.delete(a.found["id"], a.stamp.at),
            "cancel_batch": lambda a: self._batches.cancel(a.found["id"], a.stamp.at),
            "batch_results": lambda a: self._batches.results(a.found["id"], a.stamp.at),
        }
        value = answers[endpoint](asked)
        plan = self._value(asked, value, lines=endpoint == "batch_results")
        if endpoint != "create_batch" or isinstance(value, Problem):
            return plan
        # Charged once it has ended, whether somebody looks or not.
        batches, id, wall = self._batches, value["id"], self._clock.wall
        return Plan(plan.steps, plan.notes | {"charges": lambda: batches.charges(id, wall())})

    def _exceeded(self, endpoint: str, asked: Asked) -> Exceeded | None:
        """Hold a call of an endpoint besides Messages against its limits; models have none."""
        at, kind = self._clock.now(), _LIMITED.get(endpoint)
        exceeded = self._service.other(kind, at) if kind is not None else None
        if exceeded is not None or endpoint != "create_batch":
            return exceeded
        left = self._batches.waiting(asked.stamp.at)
        waiting = {ends_at - self._clock.start: size for ends_at, size in left.items()}
        return self._service.queued(waiting, size_of(asked.call.json), at)

    def scripted(self, call: Call, spec: ErrorSpec, random: Random) -> Plan:
        """Answer with an error of the script's, whoever asks and for whatever."""
        return errors.scripted(self._dialect, self._asked(call, random), spec, window=self._messages.window)

    def too_large(self, call: Call) -> Plan:
        return self._dialect.error(self._asked(call, Random(0)), ErrorSpec(kind="request_too_large"))

    def garbage(self, call: Call, why: str) -> Plan:
        """Bytes that are no HTTP: the edge answers, with a page (its words are unverified)."""
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

    def _asked(self, call: Call, random: Random, found: Mapping[str, str] | None = None) -> Asked:
        call.provider = self.name
        at = self._clock.start + call.arrived_at
        ids = Ids(random, colo=self._colo)
        stamp = headers.Stamp(
            at=at,
            request_id=ids.request(at),
            organization_id=self.organization_id,
            workspace_id=self._workspace_id,
            traceresponse=ids.traceresponse(),
            cf_ray=ids.cf_ray(),
        )
        version = call.header("anthropic-version") or ""
        return Asked(call, random, stamp, ids, found or {}, version, self._workspace(call))

    def _workspace(self, call: Call) -> str:
        return self._gate.workspace(call.headers, of_logins=self._workspace_id)

    def _route(self, call: Call, random: Random) -> tuple[str, Asked | Plan]:
        allowed: list[str] = []
        for method, pattern, endpoint in _ROUTES:
            match = re.fullmatch(pattern, call.route or call.path)
            if match and method == call.method:
                return endpoint, self._asked(call, random, match.groupdict())
            if match:
                allowed.append(method)
        asked = self._asked(call, random)
        if allowed:
            return "", self._wrong_method(asked, allowed)
        served = ", ".join(f"{method} {_readable(pattern)}" for method, pattern, _ in _ROUTES)
        return "", self._not_here(asked, f"Not found: windtunnel serves {served}")

    def _not_here(self, asked: Asked, message: str) -> Plan:
        return self._dialect.error(asked, ErrorSpec(kind="not_found", message=message))

    def _wrong_method(self, asked: Asked, allowed: list[str]) -> Plan:
        # The real API's words for this are unverified.
        plan = self._dialect.error(asked, ErrorSpec(status=405, message="Method Not Allowed"))
        return plan.map_head(lambda head: head.with_header("allow", ", ".join(allowed)))

    def _refused(self, asked: Asked) -> Problem | None:
        stranger = self._stranger(asked)
        if stranger is not None:
            return stranger
        version = asked.version
        if not version:
            return Problem("version_header_missing", "anthropic-version: header is required")
        if version not in VERSIONS:
            # The real API's words for this are unverified (wire.md, open question 4).
            return Problem("invalid_request", f'anthropic-version: "{version}" is not a valid version')
        return None

    def _stranger(self, asked: Asked) -> Problem | None:
        return self._gate.check(asked.call.headers)

    # --- answers -------------------------------------------------------------------------------------------------

    def _token(self, asked: Asked, take: Callable[[str], Step | None]) -> Plan:
        """Exchange a token. A failure that a script wants spends nothing; an answer that is lost on its way does."""
        assert self.oauth is not None
        step = take(ENDPOINT)
        if step is not None and step.error is not None:
            read_json(asked.call)  # for the journal
            return errors.scripted(self._dialect, asked, step.error, window=self._messages.window)
        answer = self.oauth.answer(asked.call)
        plan = framing.whole(answer.status, headers.other_json(asked.stamp), answer.body)
        confidential = answer.status == 200
        notes: dict[str, object] = {"request_id": asked.stamp.request_id, "error_type": answer.error}
        return Plan(plan.steps, notes | {"confidential": confidential})

    def _login(self, asked: Asked) -> Plan:
        """Show the page on which a person lets an application in, or take their answer."""
        assert self.oauth is not None
        shown = headers.other_json(asked.stamp, content_type=login_page.CONTENT_TYPE)
        wish = login_page.read(asked.query)
        if isinstance(wish, str):
            plan = framing.whole(400, shown, login_page.complaint(wish))
        elif asked.call.method == "GET":
            plan = framing.whole(200, shown, login_page.page(wish))
        else:
            granted = login_page.is_granted(asked.call.body)
            said = {"code": self.oauth.grant(wish)} if granted else {"error": "access_denied"}
            plan = framing.whole(302, (*shown, ("Location", wish.leads_to(**said))), b"")
        return Plan(plan.steps, {"request_id": asked.stamp.request_id, "confidential": True})

    def _account(self, endpoint: str, asked: Asked, take: Callable[[str], Step | None]) -> Plan:
        """Say who is logged in, or what a client is to know. Both look at the credential and at nothing else."""
        assert self.oauth is not None
        stranger = self._stranger(asked)
        if stranger is not None:
            return errors.refused(self._dialect, asked, stranger)
        step = take(_ACCOUNT)
        if step is not None and step.error is not None:
            return errors.scripted(self._dialect, asked, step.error, window=self._messages.window)
        told = account_pages.profile if endpoint == "profile" else account_pages.session
        return self._value(asked, told(asked, self.oauth.person), lines=False)

    def _model(self, asked: Asked) -> Any:
        name = asked.found["id"]
        model = models.find(name)
        if model is None:
            return Problem("model_not_found", f"model: {name}")
        return self._seen(model.info(version=asked.version))

    def _models(self, asked: Asked) -> Any:
        listed = models.listing(asked.query, version=asked.version)
        if isinstance(listed, Problem):
            return listed
        return listed | {"data": [self._seen(info) for info in listed["data"]]}

    def _seen(self, info: dict[str, Any]) -> dict[str, Any]:
        """Name the window that the settings give, where they do."""
        window = self._service.settings.context_window
        return info if window is None else info | {"max_input_tokens": window}

    def _value(self, asked: Asked, value: Any, *, lines: bool) -> Plan:
        if isinstance(value, Problem):
            return errors.refused(self._dialect, asked, value)
        notes: dict[str, object] = {"request_id": asked.stamp.request_id}
        if lines:
            body = b"".join(compact.encode(item) + b"\n" for item in value)
            shown = headers.other_json(asked.stamp, content_type=headers.JSON_LINES)
        else:
            body, shown = compact.encode(value), headers.other_json(asked.stamp)
        # Addresses in an answer lead back to wherever the client found us.
        body = body.replace(
            _HERE.encode(), f"{asked.call.scheme}://{asked.call.header('host') or 'localhost'}".encode()
        )
        return Plan(framing.whole(200, shown, body).steps, notes)


def _readable(pattern: str) -> str:
    return re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", pattern)
