"""Amazon's signatures through the recorder: a strict fake upstream, real SDKs in front."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from windtunnel.cassette.record.signing import Resigner, SigningError, is_signed
from windtunnel.fake import pointed_at

anthropic = pytest.importorskip("anthropic")
boto3 = pytest.importorskip("boto3")

MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
ASKED = {"max_tokens": 50, "messages": [{"role": "user", "content": "Hello"}]}


def by_sdk(base: str) -> str:
    with anthropic.AnthropicBedrock(base_url=base, max_retries=0) as client:
        return str(client.messages.create(model=MODEL, **ASKED).content[0].text)


def by_sdk_streaming(base: str) -> str:
    with anthropic.AnthropicBedrock(base_url=base, max_retries=0) as client:
        return "".join(
            event.delta.text
            for event in client.messages.create(model=MODEL, stream=True, **ASKED)
            if event.type == "content_block_delta"
        )


def by_boto3(base: str) -> str:
    client = boto3.client("bedrock-runtime", endpoint_url=base)
    answer = client.converse_stream(modelId=MODEL, messages=[{"role": "user", "content": [{"text": "Hello"}]}])
    text = "".join(
        event["contentBlockDelta"]["delta"]["text"] for event in answer["stream"] if "contentBlockDelta" in event
    )
    client.close()
    return text


each_client = pytest.mark.parametrize("ask", [by_sdk, by_sdk_streaming, by_boto3])


@pytest.fixture
def recorded(served: Any, proxied: Callable[..., Any]) -> Callable[..., str]:
    """Ask through a proxy before the fake, with the fake's credentials in the environment."""
    fake, url = served

    def ask(client: Callable[[str], str], **options: Any) -> str:
        with pointed_at(fake.env(url, "bedrock")):
            proxy = proxied(url, provider="bedrock", **options)
            return client(proxy.url + "/bedrock/bedrock")

    return ask


@each_client
def test_a_request_that_is_signed_anew_is_let_in(ask, recorded, kept):
    assert "Windtunnel" in recorded(ask)

    (taken,) = kept.wait_for(1)
    assert (taken.response.status, taken.provider) == (200, "bedrock")
    assert urlsplit(taken.request.uri).path.startswith("/bedrock/model/us.anthropic.claude")


@each_client
def test_a_request_that_is_not_signed_anew_is_refused_upstream(ask, recorded):
    class Left:
        def __call__(self, method, url, headers, body):
            return headers

    with pytest.raises(Exception, match="does not match the signature|signature we calculated"):
        recorded(ask, signer=Left())


@each_client
def test_a_session_token_replaces_none_and_the_other_way_round(ask, served, proxied, monkeypatch):
    fake, url = served
    session, user = fake.aws.keys.session(), fake.aws.keys.user
    with pointed_at(fake.env(url, "bedrock")):
        for client_key, own_key in ((session, user), (user, session)):
            signer = Resigner()
            signer.use(own_key.id, own_key.secret, own_key.token)
            proxy = proxied(url, provider="bedrock", signer=signer)
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", client_key.id)
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", client_key.secret)
            if client_key.token is None:
                monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
            else:
                monkeypatch.setenv("AWS_SESSION_TOKEN", client_key.token)

            assert "Windtunnel" in ask(proxy.url + "/bedrock/bedrock")


def test_a_recorder_without_credentials_says_what_to_do(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    said = "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=0"

    with pytest.raises(SigningError, match="finds no credentials: set AWS_PROFILE"):
        Resigner()("POST", "https://bedrock-runtime.us-east-1.amazonaws.com/", (("authorization", said),), b"")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Bearer x", False),
        ("", False),
        ("AWS4-HMAC-SHA256 Credential=A/1/r/s/aws4_request, SignedHeaders=a;b, Signature=1", True),
    ],
)
def test_a_signature_is_told_from_a_key(value, expected):
    assert is_signed((("Authorization", value),)) is expected


def test_what_the_client_signed_is_signed_again_and_the_order_stays():
    signer = Resigner()
    signer.use("AKIDEXAMPLE", "secret", "token")
    scope = "Credential=OTHER/20260101/eu-west-1/bedrock/aws4_request"
    headers = (
        ("host", "bedrock-runtime.eu-west-1.amazonaws.com"),
        ("Authorization", f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=content-type;host;x-amz-date;x-one, Signature=0"),
        ("X-One", "1"),
        ("user-agent", "me"),
        ("x-amz-date", "20260101T000000Z"),
        ("content-type", "application/json"),
    )

    signed = signer("POST", "https://bedrock-runtime.eu-west-1.amazonaws.com/model/a%3Ab/invoke", headers, b"{}")

    assert [name for name, _ in signed] == [*(name for name, _ in headers), "x-amz-security-token"]
    said = dict(signed)["Authorization"]
    assert "Credential=AKIDEXAMPLE/" in said and "/eu-west-1/bedrock/aws4_request" in said
    assert "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-one" in said
    assert dict(signed)["x-amz-date"] != "20260101T000000Z"
