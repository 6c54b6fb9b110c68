"""The page on which a person lets an application in: what it asks for, and where it leads."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.core import Core
from windtunnel_server.identity import login_page
from windtunnel_server.identity.login_page import Wish
from windtunnel_server.identity.oauth import OAuth
from windtunnel_server.plan import Plan
from windtunnel_server.providers.anthropic import Anthropic

ASKED = {
    "client_id": "an-application",
    "redirect_uri": "http://localhost:5555/callback",
    "response_type": "code",
    "scope": "user:profile user:inference",
    "state": "a-state",
    "code_challenge": "a-challenge",
    "code_challenge_method": "S256",
}


def read(**changes: str | None) -> Wish | str:
    said = {name: [value] for name, value in (ASKED | changes).items() if value is not None}
    return login_page.read(said)


def visit(method: str = "GET", body: bytes = b"", *, oauth: bool = True, **changes: str) -> Plan:
    clock = VirtualClock()
    core = Core(Anthropic(clock, oauth=OAuth(clock) if oauth else None), clock)
    call = Call(method, login_page.PATH, urlencode(ASKED | changes), (("host", "fake.test"),), body)
    plan, _ = core.answer(call)
    return plan


def head(plan: Plan) -> Any:
    assert plan.head is not None
    return plan.head


def test_a_page_that_is_asked_for_rightly_names_application_and_scopes() -> None:
    plan = visit()

    assert head(plan).status == 200
    assert ("Content-Type", login_page.CONTENT_TYPE) in head(plan).headers
    for said in (b"an-application", b"<li>user:inference</li>", b'value="allow"', b'value="deny"'):
        assert said in plan.body


@pytest.mark.parametrize(("decision", "named"), [("allow", "code"), ("deny", "error"), ("", "error")])
def test_the_answer_leads_back_to_the_application_with_its_state(decision: str, named: str) -> None:
    plan = visit("POST", f"decision={decision}".encode())

    to = urlsplit(dict(head(plan).headers)["Location"])
    said = parse_qs(to.query)
    assert head(plan).status == 302
    assert f"{to.scheme}://{to.netloc}{to.path}" == ASKED["redirect_uri"]
    assert said["state"] == ["a-state"] and named in said and len(said) == 2


@pytest.mark.parametrize(
    "to",
    [
        "https://thief.invalid/callback",
        "http://thief.invalid/callback",
        "http://localhost:5555/elsewhere",
        "http://localhost:5555/callback?more=1",
        "http://localhost@thief.invalid/callback",
    ],
)
def test_a_redirect_to_anywhere_else_is_refused_and_not_followed(to: str) -> None:
    for plan in (visit(redirect_uri=to), visit("POST", b"decision=allow", redirect_uri=to)):
        assert head(plan).status == 400
        assert "Location" not in dict(head(plan).headers)


@pytest.mark.parametrize("lacking", ["client_id", "redirect_uri", "state", "code_challenge"])
def test_what_is_missing_is_named(lacking: str) -> None:
    assert read(**{lacking: None}) == f"Missing {lacking}"


@pytest.mark.parametrize("said", [{"response_type": "token"}, {"code_challenge_method": "plain"}])
def test_there_is_one_way_to_ask(said: dict[str, str]) -> None:
    assert "must be" in str(read(**said))


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=43, max_size=128))
def test_a_verifier_fits_its_own_challenge_and_no_other(verifier: str) -> None:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    wish = read(code_challenge=challenge)

    assert isinstance(wish, Wish)
    assert wish.is_verified_by(verifier)
    assert not wish.is_verified_by(verifier + "x")


@given(st.text())
def test_nothing_of_an_application_becomes_part_of_the_page(text: str) -> None:
    wish = read(client_id=f"<script>{text}", scope=f"<b>{text}")

    assert isinstance(wish, Wish)
    assert b"<script>" not in login_page.page(wish) and b"<b>" not in login_page.page(wish)


def test_where_nobody_logs_in_there_is_no_page() -> None:
    assert head(visit(oauth=False)).status == 404
