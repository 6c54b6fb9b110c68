"""All of Google's issuers together."""

from __future__ import annotations

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity.google import Google
from windtunnel_server.identity.google import iam as google_iam
from windtunnel_server.identity.google import sts as google_sts
from windtunnel_server.identity.google import token as google_token
from windtunnel_server.identity.google.issuers import issuers


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (google_token.PATH, "google_token"),
        ("/computeMetadata/v1/project/project-id", "google_metadata"),
        (google_sts.PATH, "google_sts"),
        (google_sts.LOGIN_PATH, "google_sts"),
        (google_iam.path("a@b.invalid"), "google_iam"),
    ],
)
def test_one_of_them_is_for_a_call(path: str, name: str):
    found = [issuer.name for issuer in issuers(Google(VirtualClock())) if issuer.is_for(Call("POST", path))]

    assert found == [name]


def test_none_is_for_the_calls_of_others():
    paths = ("/", "/v1/messages", "/v1/oauth/token", "/vertex/v1/projects/p", "/latest/api/token")

    assert not [path for path in paths for one in issuers(Google(VirtualClock())) if one.is_for(Call("GET", path))]
