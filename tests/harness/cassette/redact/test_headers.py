"""Headers: what goes, what stays, and what is left of what goes."""

from __future__ import annotations

import pytest

from windtunnel.cassette.redact.edits import apply
from windtunnel.cassette.redact.headers import HeaderRules
from windtunnel.cassette.redact.look import Look
from windtunnel.cassette.redact.rules import Rules

SIGNED = "AWS4-HMAC-SHA256 Credential={}/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature={}"


def redacted(name: str, value: str, **rules: list[str]) -> str:
    chosen = Rules(**rules)  # type: ignore[arg-type]
    ((kept, found),) = HeaderRules(chosen, Look.usual(chosen, {})).redacted(((name, value),))
    assert kept == name
    return found


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("X-API-Key", "anything", "REDACTED"),
        ("Authorization", "Bearer opaque", "Bearer REDACTED"),
        ("Authorization", "two words", "REDACTED"),
        ("authorization", "", ""),
        ("proxy-authorization", "Basic dTpw", "Basic REDACTED"),
        ("Authorization", SIGNED.format("AKIA1234", "ab" * 32), SIGNED.format("AKIAREDACTEDREDACTED", "REDACTED")),
        ("x-amz-security-token", "FwoGZX", "REDACTED"),
        ("ocp-apim-subscription-key", "k", "REDACTED"),
        ("x-vault-token", "s.1", "REDACTED"),
        ("x-litellm-key", "opaque", "REDACTED"),
        ("x-gw-key", "opaque", "REDACTED"),
        ("x-functions-key", "opaque==", "REDACTED"),
        ("x-proxy-pass", "opaque", "REDACTED"),
        ("mcp-session-id", "opaque", "REDACTED"),
        ("cookie", "opaque", "REDACTED"),
        ("cookie", 'a="x; opaque"; b=y', "a=REDACTED; b=REDACTED"),
        ("set-cookie", 'a="x; opaque"; Path=/', "a=REDACTED; Path=/"),
        ("set-cookie", "opaque; Path=/", "REDACTED; Path=/"),
        ("cookie", "a=1; b=2", "a=REDACTED; b=REDACTED"),
        ("set-cookie", "_cfuvid=x.y; Path=/; Secure", "_cfuvid=REDACTED; Path=/; Secure"),
        ("anthropic-organization-id", "b5485fc7-f73e-4835-a25c-cee7dfffe0d9", "00000000-0000-0000-0000-000000000000"),
        ("anthropic-workspace-id", "wrkspc_01MZW3YzUeytZsFc9LHFxP78", "wrkspc_REDACTED"),
        ("x-goog-user-project", "my-own-42", "redacted-project"),
        ("x-forwarded-for", "203.0.113.9, ::1", "192.0.2.1"),
        ("x-note", "from 198.51.100.7 by bob@acme.io", "from 192.0.2.1 by redacted@example.com"),
        ("host", "acme-ai.services.ai.azure.com", "redacted-resource.services.ai.azure.com"),
    ],
)
def test_a_secret_goes_and_its_form_stays(name: str, value: str, expected: str):
    assert redacted(name, value) == expected
    assert redacted(name, expected) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("user-agent", "Anthropic/Python 2.12.0 (1.2.3.4)"),
        ("host", "127.0.0.1:8080"),
        ("x-amz-date", "20260101T000000Z"),
        ("anthropic-ratelimit-input-tokens-remaining", "1999000"),
        ("x-amzn-bedrock-input-token-count", "16"),
        ("www-authenticate", 'Bearer realm="x"'),
        ("request-id", "req_011CWF25JHypLJsN6uZksbsg"),
        ("traceresponse", "00-85943e8caa1e0095a751ae3b28d2562b-df7dc5d517caf95d-01"),
        ("idempotency-key", "4f0c1f2e-0d8e-4b8e-9a55-3c1b6a6d0f11"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("cf-ray", "9e6a935d68349051-EWR"),
        ("x-claude-code-session-id", "503f36a0-a314-44a8-b1e8-8c1c79653868"),
    ],
)
def test_what_is_no_secret_stays(name: str, value: str):
    assert redacted(name, value) == value


def test_headers_can_be_added_and_kept():
    assert redacted("X-Team", "blue", headers=["x-team"]) == "REDACTED"
    assert redacted("X-API-Key", "k", keep=["x-api-key"]) == "k"
    assert redacted("x-real-ip", "203.0.113.9", keep=["address"]) == "203.0.113.9"


def test_the_session_of_a_cookie_is_looked_for_elsewhere_and_the_server_behind_a_balancer_is_not():
    look = Look.usual(Rules(), {})
    headers = (
        ("set-cookie", "sessionKey=s3ss10n-0fB0b-4711-xyz; Path=/; HttpOnly"),
        ("cookie", "theme=dark; sid=9f8e7d6c5b4a39281706; AWSALB=b4l4nc3r-0815-abcdef"),
    )

    HeaderRules(Rules(), look).redacted(headers)

    text = b"s3ss10n-0fB0b-4711-xyz 9f8e7d6c5b4a39281706 b4l4nc3r-0815-abcdef"
    assert apply(text, look.edits(text)) == b"REDACTED REDACTED b4l4nc3r-0815-abcdef"
