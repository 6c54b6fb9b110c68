"""Answers of Google's issuers: the shapes, and what a script changes about them."""

from __future__ import annotations

import json

import pytest

from windtunnel_server.call import Call
from windtunnel_server.identity.google.answers import Shape, api, failed, form, handed_out, oauth, plain
from windtunnel_server.journal import mask_body
from windtunnel_server.script import ErrorSpec
from windtunnel_server.wire.errors import KINDS


@pytest.mark.parametrize("shape", [oauth, api, plain])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_fails_with_its_status(shape: Shape, kind: str):
    plan = failed(ErrorSpec(kind=kind), shape, 0.0)

    assert plan.status == KINDS[kind].status and plan.notes["error_type"]
    assert plan.head is not None and plan.head.header("content-length") == str(len(plan.body))


def test_the_token_endpoints_write_an_error_and_its_description():
    assert json.loads(failed(ErrorSpec(status=500), oauth, 0.0).body) == {
        "error": "internal_failure",
        "error_description": "Backend Error",
    }


def test_what_a_script_says_goes_before_the_table():
    spec = ErrorSpec(
        status=400, type="server_error", message="Own words.", retry_after=3, retry_after_ms=5, headers={"X-Mine": "y"}
    )

    plan = failed(spec, oauth, 0.0)

    assert json.loads(plan.body) == {"error": "server_error", "error_description": "Own words."}
    assert plan.head is not None
    assert [plan.head.header(name) for name in ("retry-after", "retry-after-ms", "x-mine")] == ["3", "5", "y"]


def test_a_hint_may_be_a_date():
    plan = failed(ErrorSpec(status=503, retry_after_date=1.5), oauth, 10.0)

    assert plan.head is not None and plan.head.header("retry-after") == "Thu, 01 Jan 1970 00:00:12 GMT"


def test_a_credential_is_confidential():
    assert handed_out({"access_token": "secret"}).notes == {"confidential": True}


def test_a_form_is_left_for_the_journal_to_mask():
    call = Call("POST", "/", body=b"grant_type=x&subject_token=a%20very%20long%20secret&subject_token=b")

    assert form(call)["subject_token"] == "a very long secret"
    assert mask_body(call.json) == {"grant_type": "x", "subject_token": "***cret"}
