"""What gives itself away, and what only looks a little like it."""

from __future__ import annotations

import base64
from random import Random

import pytest

from windtunnel.cassette.redact import placeholders
from windtunnel.cassette.redact.edits import apply, merged
from windtunnel.cassette.redact.shapes import SHAPES, Shape, is_credential

HEX = "0123456789abcdef" * 4
UUID = "b5485fc7-f73e-4835-a25c-cee7dfffe0d9"


def redacted(text: str) -> str:
    found = [edit for shape in SHAPES for edit in shape.edits(text.encode(), shape.anchors)]
    return apply(text.encode(), merged(found, text.encode())).decode()


EXAMPLES = [
    ("a sk-ant-api03-abcdefghijkl_-x b", "a sk-ant-api03-REDACTED b"),
    ("sk-ant-oat01-abcdefghijkl", "sk-ant-oat01-REDACTED"),
    ("sk-ant-admin01-abcdefghijkl", "sk-ant-admin01-REDACTED"),
    ("sk-ant-abcdefghijkl", "sk-ant-REDACTED"),
    ("AKIAIOSFODNN7EXAMPLE", "AKIAREDACTEDREDACTED"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = REDACTED"),
    (f"Signature={HEX}", "Signature=REDACTED"),
    ("ya29.a0AfB_byC1234567890", "ya29.REDACTED"),
    ("Bearer opaque-token-0123456789=", "Bearer REDACTED"),
    ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic REDACTED"),
    ("https://bob:hunter2@db/x", "https://bob:REDACTED@db/x"),
    (f"limit for your organization ({UUID}) of", f"limit for your organization ({placeholders.UUID.decode()}) of"),
    (f"(org: {UUID}, model", f"(org: {placeholders.UUID.decode()}, model"),
    ("arn:aws:iam::123456789012:role/x", "arn:aws:iam::000000000000:role/x"),
    ("//x/projects/my-own-42/locations/eu", "//x/projects/redacted-project/locations/eu"),
    ("https://acme-ai.services.ai.azure.com/a", "https://redacted-resource.services.ai.azure.com/a"),
    ("login.microsoftonline.com/acme.onmicrosoft.com/", f"login.microsoftonline.com/{placeholders.UUID.decode()}/"),
    (r"hi\nbob.b+c@acme.co.uk\n", r"hi\nredacted@example.com\n"),
    (r"-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----\n", r"REDACTED-PRIVATE-KEY\n"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIabcdefghijklmnopqrstuv", "REDACTED-PRIVATE-KEY"),
    ("xoxb-123456789012-abcdefgh", "xoxb-REDACTED"),
    ("ABSKQmVkcm9ja0FQSUtleS0xMjM0", "ABSKREDACTED"),
    ("aws-external-anthropic-api-key-abcdefghij", "aws-external-anthropic-api-key-REDACTED"),
    ("bedrock-api-key-YmVkcm9jay5hbWF6b24=", "bedrock-api-key-REDACTED"),
    (f"?X-Amz-Signature={HEX}&a=b", "?X-Amz-Signature=REDACTED&a=b"),
    ("1//0abcdefghijklmnopqrstuvwxyz", "1//0REDACTED"),
    ("AIzaSyA1234567890abcdefghijklmnopqrstuv", "AIzaREDACTED"),
    ("GOCSPX-abcdefghijklmnopqrstuvwxyz12", "GOCSPX-REDACTED"),
    ("a" * 52 + "JQQJ99" + "b" * 26, "REDACTED"),
    ("abc8Q~" + "d" * 34, "REDACTED"),
    ("Name=acme;AccountKey=" + "A1b2" * 21 + "==;x", "Name=acme;AccountKey=REDACTED;x"),
    ("sk-" + "a1B2" * 12, "sk-REDACTED"),
    ("glpat-abcdefghij0123456789", "glpat-REDACTED"),
    ("xapp-1-A111-222-abcdef0123456789", "xapp-1-REDACTED"),
    ("https://hooks.slack.com/services/T000/B000/XXXXXXXXXXXX", "https://hooks.slack.com/services/REDACTED"),
    (f"https://discord.com/api/webhooks/1234567890/{HEX}", "https://discord.com/api/webhooks/1234567890/REDACTED"),
    ("sk_live_51Habcdefghijklmnop", "sk_live_REDACTED"),
    ("rk_test_51Habcdefghijklmnop", "rk_test_REDACTED"),
    ("whsec_" + "a1B2" * 8, "whsec_REDACTED"),
    ("npm_" + "a1B2" * 9, "npm_REDACTED"),
    ("pypi-AgEIcHlwaS5vcmcabcdefghijklmnop", "pypi-REDACTED"),
    ("dckr_pat_abcdefghijklmnopqrstuvw", "dckr_pat_REDACTED"),
    ("hf_abcdefghijklmnopqrstuvwxyzABCDEF", "hf_REDACTED"),
    ("SG.abcdefghijklmnop.qrstuvwxyz0123456789", "SG.REDACTED"),
    ("tvly-abcdefghijklmnop0123", "tvly-REDACTED"),
    ("gsk_" + "a1B2" * 10, "gsk_REDACTED"),
    ("curl -s -u bob:hunter22222 https://x", "curl -s -u bob:REDACTED https://x"),
    (r"curl \"-u\" x -u \"bob:hunter22222\"", r"curl \"-u\" x -u \"bob:REDACTED\""),
    ("Authorization: Bearer abcdefghijklmnopqrstuvwxyzabcd", "Authorization: Bearer REDACTED"),
    (
        "arn:aws:sts::123456789012:assumed-role/Admin/bob-the-dev is",
        "arn:aws:sts::000000000000:assumed-role/Admin/REDACTED is",
    ),
    ("denied on resource project my-proj-123.", "denied on resource project redacted-project."),
    ("sk-proj-abcdefghijklmnopqrstuvwxyz", "sk-proj-REDACTED"),
    ("ghp_" + "a1" * 18, "ghp_REDACTED"),
    ("github_pat_" + "a1" * 18, "github_pat_REDACTED"),
    ("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2ln", placeholders.JWT.decode()),
    ("wrkspc_01MZW3YzUeytZsFc9LHFxP78", "wrkspc_REDACTED"),
]


@pytest.mark.parametrize(("text", "expected"), EXAMPLES)
def test_a_secret_gives_way_to_a_placeholder_that_is_none(text: str, expected: str):
    assert redacted(text) == expected
    assert redacted(expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        "export KEY=sk-ant-...",
        f"toolu_01A09q90qw90lq917835lq9 msg_011CWF25JHypLJsN6uZksbsg {UUID} {HEX}",
        "bearer of bad news, bearer-token authentication",
        "the projects/readme of bob at acme dot com",
        "mail me@example.com, a@b.test or noreply@anthropic.com; git@github.com:a/b.git, pkg@1.2.3, @app.route",
        "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude",
        "https://host:8080/path@version",
        "grep -- '-----BEGIN PRIVATE KEY-----' file and carry on with many other words",
        "eyJ is how tokens begin",
        "the task-abcdefghijklmnopqrstuvwxyz0123456789 at disk-0",
        "curl -u $USER:$PASSWORD, curl -u user:password, curl https://x -o a:b/c",
        "Bearer your-very-own-token-goes-here",
        "assumed-role/x, the npm_config_registry and hf_hub_download_of_a_model",
    ],
)
def test_what_is_no_secret_stays(text: str):
    assert redacted(text) == text


def test_a_picture_in_base64_is_not_eaten():
    picture = base64.b64encode(Random(7).randbytes(1_000_000)).decode()

    assert redacted(picture) == picture


@pytest.mark.parametrize("shape", SHAPES, ids=[f"{shape.kind} {number}" for number, shape in enumerate(SHAPES)])
def test_every_shape_has_an_example(shape: Shape):
    assert any(list(shape.edits(text.encode(), shape.anchors)) for text, _ in EXAMPLES)


def test_a_value_of_one_shape_needs_no_name():
    assert is_credential(b"sk-ant-api03-abcdefghijklmnop")
    assert not is_credential(b"see sk-ant-api03-abcdefghijklmnop")
    assert not is_credential(b"bob@acme.io")
