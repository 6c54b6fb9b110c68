"""Secrets that a name gives away: in JSON however deep, in XML, in forms."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.cassette.redact import fields
from windtunnel.cassette.redact.edits import apply, merged
from windtunnel.cassette.redact.sieve import Sieve

USUAL = fields.names()


def redacted(text: str, *, exchange: bool = False, names: fields.Names = USUAL) -> str:
    seen = text.encode()
    present = Sieve([], names.words).present(seen)
    return apply(seen, merged(names.edits(seen, present, exchange=exchange), seen)).decode()


@given(st.text(min_size=1), st.integers(0, 4), st.sampled_from(["access_token", "clientSecret", "SecretAccessKey"]))
def test_a_value_goes_at_any_depth_of_quoting_and_the_rest_stays(secret: str, depth: int, name: str):
    before: object = {"a": 'quoted "text" \\', name: secret, "z": ["\\", 1]}
    after: object = {"a": 'quoted "text" \\', name: "REDACTED", "z": ["\\", 1]}
    for _ in range(depth):
        before, after = {"in": json.dumps(before)}, {"in": json.dumps(after)}

    found = redacted(json.dumps(before))

    # What has a form of its own keeps it; random text has none.
    assert found == json.dumps(after)


def test_spelling_and_spacing_do_not_matter():
    said = '{"Access-Token" : "a b", "REFRESHTOKEN":\n  "c", "id_token": ""}'

    assert redacted(said) == '{"Access-Token" : "REDACTED", "REFRESHTOKEN":\n  "REDACTED", "id_token": ""}'


def test_a_number_under_a_secret_name_goes_too():
    assert redacted('{"password": 1234, "a": 1}') == '{"password": 0, "a": 1}'


def test_a_value_that_was_cut_goes_as_far_as_it_came():
    assert redacted('{"refresh_token":"abc') == '{"refresh_token":"REDACTED'


def test_credentials_in_xml_go():
    said = "<Credentials><AccessKeyId>X1</AccessKeyId><SecretAccessKey>y/z</SecretAccessKey></Credentials>"

    assert redacted(said) == (
        "<Credentials><AccessKeyId>REDACTED</AccessKeyId><SecretAccessKey>REDACTED</SecretAccessKey></Credentials>"
    )


def test_a_form_loses_what_it_proves_itself_by():
    form = urlencode({"grant_type": "authorization_code", "code": "c/1", "client_id": "me", "code_verifier": "v"})

    assert redacted(form) == "grant_type=authorization_code&code=REDACTED&client_id=me&code_verifier=REDACTED"


@pytest.mark.parametrize(
    "said",
    [
        '{"type":"tool_use","input":{"code":"print(1)","token":"word","key":"a"}}',
        '{"properties":{"password":{"type":"string"},"api_key":{"type":"string"}},"required":["password"]}',
        '{"usage":{"input_tokens":12,"output_tokens":3},"max_tokens":5}',
        '{"error":"invalid_grant","error_description":"no"}',
        '{"type":"tool_use","input":{"user_id":"u-1"}}',
    ],
)
def test_a_conversation_is_not_mistaken_for_a_login(said: str):
    assert redacted(said) == said


def test_an_answer_keeps_its_status_and_loses_its_credentials():
    said = '{"Code" : "Success", "SecretAccessKey" : "s", "Token" : "t", "Expiration" : "2026"}'

    assert redacted(said) == (
        '{"Code" : "Success", "SecretAccessKey" : "REDACTED", "Token" : "REDACTED", "Expiration" : "2026"}'
    )


def test_where_credentials_are_asked_for_more_names_are_secret():
    assert redacted('{"token":"t"}') == '{"token":"t"}'
    assert redacted('{"token":"t"}', exchange=True) == '{"token":"REDACTED"}'


def test_a_form_in_parts_loses_what_its_parts_are_called_by():
    part = '--B\r\nContent-Disposition: form-data; name="{}"\r\nContent-Type: text/plain\r\n\r\n{}\r\n'
    said = part.format("note", "stays") + part.format("refresh_token", "a b\nc") + part.format("x", "y") + "--B--\r\n"

    assert redacted(said) == said.replace("a b\nc", "REDACTED")


def test_auth_in_an_address_goes():
    assert redacted("/v1/x?auth=abc&a=b", exchange=True) == "/v1/x?auth=REDACTED&a=b"


def test_an_element_that_is_none_stays():
    said = "socks5h://<username>:<password>@proxy-host and so on <b>x</b>"

    assert redacted(said) == said


def test_the_user_in_the_metadata_goes():
    said = '{"metadata":{"user_id":"{\\"device\\":\\"a\\"}"},"input":{"user_id":"u"}}'

    assert redacted(said) == '{"metadata":{"user_id":"REDACTED"},"input":{"user_id":"u"}}'


def test_a_header_quoted_in_text_goes():
    assert redacted("curl -H 'x-api-key: opaque-0123456789' x") == "curl -H 'x-api-key: REDACTED' x"


def test_persons_keep_the_form_they_had():
    said = '{"organization_uuid":"b5485fc7-f73e-4835-a25c-cee7dfffe0d9","account_id":"123456789012"}'

    assert redacted(said) == (
        '{"organization_uuid":"00000000-0000-0000-0000-000000000000","account_id":"000000000000"}'
    )


def test_names_can_be_added_and_kept():
    names = fields.names(more=frozenset({"ssn"}), keep=frozenset({"password", "organization", "user"}))
    said = '{"ssn":"1","password":"p","organization_id":"o","metadata":{"user_id":"u"}}'

    assert redacted(said, names=names) == said.replace('"1"', '"REDACTED"')
