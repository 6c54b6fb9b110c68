"""The metadata server of a machine in Google's cloud."""

from __future__ import annotations

import json
from random import Random

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity.google import Google
from windtunnel_server.identity.google.metadata import GoogleMetadata
from windtunnel_server.plan import Plan
from windtunnel_server.script import ErrorSpec, Step

ROOT = "/computeMetadata/v1"
TOKEN = f"{ROOT}/instance/service-accounts/default/token"


class Machine:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.google = Google(self.clock, lifetime_s=3600.0)
        self.server = GoogleMetadata(self.google)

    def get(self, path: str, query: str = "", *, flavor: str = "Google", step: Step | None = None) -> Plan:
        call = Call("GET", path, query, headers=(("metadata-flavor", flavor),) if flavor else ())
        return self.server.answer(call, lambda endpoint: step, Random(0))

    def token(self) -> tuple[str, int]:
        said = json.loads(self.get(TOKEN).body)
        return said["access_token"], said["expires_in"]


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_it_says_that_it_is_there(machine: Machine):
    plan = machine.get("/")

    assert plan.status == 200 and plan.head is not None
    assert plan.head.header("metadata-flavor") == "Google"


@pytest.mark.parametrize(("path", "flavor", "expected"), [("/", "Google", True), ("/", "", False), (TOKEN, "", True)])
def test_it_knows_its_calls(machine: Machine, path: str, flavor: str, expected: bool):
    call = Call("GET", path, headers=(("Metadata-Flavor", flavor),) if flavor else ())

    assert machine.server.is_for(call) is expected


def test_who_does_not_say_the_word_gets_nothing(machine: Machine):
    assert machine.get(TOKEN, flavor="").status == 403


def test_project_and_account_are_told(machine: Machine):
    account = machine.get(f"{ROOT}/instance/service-accounts/default/", "recursive=true")

    assert machine.get(f"{ROOT}/project/project-id").body.decode() == machine.google.project_id
    assert machine.get(f"{ROOT}/instance/service-accounts/default/email").body.decode() == machine.google.email
    assert json.loads(account.body)["email"] == machine.google.email


@pytest.mark.parametrize(
    "path", ["/nothing", "/instance/service-accounts/other/token", "/instance/service-accounts/default/identity"]
)
def test_the_rest_is_not_found(machine: Machine, path: str):
    assert machine.get(ROOT + path).status == 404


def test_a_token_is_handed_out_again_until_five_minutes_before_its_end(machine: Machine):
    first, told = machine.token()

    machine.clock.advance(3299.0)
    again, left = machine.token()
    machine.clock.advance(2.0)
    fresh, anew = machine.token()

    assert (told, left, anew) == (3600, 301, 3600)
    assert first == again != fresh


def test_a_token_that_was_taken_back_is_not_handed_out_again(machine: Machine):
    first, _ = machine.token()
    machine.google.revoke(first)

    assert machine.token()[0] != first


def test_a_reset_forgets_the_token(machine: Machine):
    first, _ = machine.token()
    machine.server.reset()

    assert machine.token()[0] != first


def test_nothing_of_a_token_is_kept(machine: Machine):
    assert machine.get(TOKEN).notes["confidential"] is True


def test_a_script_may_let_tokens_fail_and_nothing_else(machine: Machine):
    step = Step(on="token", error=ErrorSpec(status=503))

    assert machine.get(TOKEN, step=step).status == 503
    assert machine.get(f"{ROOT}/project/project-id", step=step).status == 200
