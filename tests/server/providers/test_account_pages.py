"""Profile and session data, for those whom the door lets in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.core import Core
from windtunnel_server.identity.api_keys import ApiKeys
from windtunnel_server.identity.oauth import API_BETA, OAuth
from windtunnel_server.providers.account_pages import PROFILE_PATH, SESSION_PATH
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.words import fail


class Fake:
    def __init__(self, *, logins: bool = True) -> None:
        clock = VirtualClock()
        self.oauth = OAuth(clock)
        door = Anthropic(clock, keys=ApiKeys(frozenset({"a-key"})), oauth=self.oauth if logins else None)
        self.core = Core(door, clock)

    def get(self, path: str, **headers: str) -> tuple[int, Any]:
        shown = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        plan, _ = self.core.answer(Call("GET", path, headers=shown))
        assert plan.head is not None
        return plan.head.status, json.loads(plan.body)

    def login(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.oauth.login().access_token}", "anthropic_beta": API_BETA}


@pytest.fixture
def fake() -> Fake:
    return Fake()


def test_a_login_has_a_profile(fake: Fake) -> None:
    status, said = fake.get(PROFILE_PATH, **fake.login())

    assert status == 200
    assert said["account"]["email"] == fake.oauth.person.email
    assert said["organization"]["uuid"] == fake.oauth.organization_id


def test_login_and_key_have_session_data(fake: Fake) -> None:
    for credential in (fake.login(), {"x_api_key": "a-key"}):
        status, said = fake.get(SESSION_PATH, **credential)

        assert status == 200
        assert said["additional_model_options"] == []
        assert said["oauth_account"]["account_uuid"] == fake.oauth.person.id


def test_a_key_has_no_profile(fake: Fake) -> None:
    assert fake.get(PROFILE_PATH, x_api_key="a-key")[0] == 401


@pytest.mark.parametrize("path", [PROFILE_PATH, SESSION_PATH])
def test_strangers_are_told_nothing(fake: Fake, path: str) -> None:
    for credential in ({}, {"x_api_key": "another"}, fake.login() | {"anthropic_beta": ""}):
        status, said = fake.get(path, **credential)

        assert status == 401 and said["type"] == "error"


def test_a_step_for_any_endpoint_is_for_these_pages_too(fake: Fake) -> None:
    fake.core.extend_script([fail(503, on="any")])

    assert fake.get(SESSION_PATH, x_api_key="a-key")[0] == 503
    assert fake.get(SESSION_PATH, x_api_key="a-key")[0] == 200


def test_where_nobody_logs_in_there_are_no_such_pages() -> None:
    assert Fake(logins=False).get(SESSION_PATH, x_api_key="a-key")[0] == 404
