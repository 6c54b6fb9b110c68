"""Amazon's signatures through the recorder: a strict fake upstream, real SDKs in front."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from windtunnel.cassette.interaction import Response, header
from windtunnel.cassette.record.signing import Resigner, SigningError, is_signed
from windtunnel.fake import pointed_at

anthropic = pytest.importorskip("anthropic")
boto3 = pytest.importorskip("boto3")
httpx2 = pytest.importorskip("httpx2")
Config = pytest.importorskip("botocore.config").Config

MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
SIGNED = "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=0"
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

    with pytest.raises(SigningError, match="finds no credentials: set AWS_PROFILE"):
        Resigner()("POST", "https://bedrock-runtime.us-east-1.amazonaws.com/", (("authorization", SIGNED),), b"")


def test_a_profile_that_is_not_there_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    with pytest.raises(SigningError, match=r"cannot get its credentials: .*nobody"):
        Resigner()("POST", "https://bedrock-runtime.us-east-1.amazonaws.com/", (("authorization", SIGNED),), b"")


# --- credentials of the recorder's that are no good --------------------------------------------------------------


@pytest.fixture
def told() -> list[str]:
    return []


def _wrong(fake: Any) -> tuple[str, str, str | None]:
    return fake.aws.keys.user.id, "another secret", None


def _unknown(fake: Any) -> tuple[str, str, str | None]:
    return "AKIAUNKNOWN", "a secret", None


def _expired(fake: Any) -> tuple[str, str, str | None]:
    session = fake.aws.keys.session()
    fake.aws.keys.expire(session)
    return session.id, session.secret, session.token


@each_client
@pytest.mark.parametrize(
    ("credentials", "kind"),
    [
        (_wrong, "InvalidSignatureException"),
        (_unknown, "UnrecognizedClientException"),
        (_expired, "ExpiredTokenException"),
    ],
)
def test_credentials_that_the_service_refuses_are_told_to_be_the_recorders(
    ask, credentials, kind: str, served, recorded, kept, told
):
    signer = Resigner()
    signer.use(*credentials(served[0]))

    with pytest.raises(Exception, match="403|40[13]|Exception|signature|token"):
        recorded(ask, signer=signer, told=told)

    assert {taken.response.status for taken in kept.wait_for(1)} == {403}
    (line,) = told  # however often the client tries again
    assert line.startswith(f"the service answered 403 ({kind}) to what the recorder signed")
    assert "another secret" not in line


def test_without_credentials_of_its_own_it_tells_client_and_terminal_and_sends_nothing(
    served, proxied, kept, told, monkeypatch, tmp_path
):
    fake, url = served
    session = boto3.Session("AKIAMINE", "secret", region_name="us-east-1")
    with pointed_at(fake.env(url, "bedrock")):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            monkeypatch.setenv(name, str(tmp_path / "none"))
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        proxy = proxied(url, provider="bedrock", told=told)
        client = session.client(
            "bedrock-runtime", endpoint_url=proxy.url + "/bedrock", config=Config(retries={"max_attempts": 0})
        )

        with pytest.raises(Exception, match="InternalServerException.*finds no credentials"):
            client.converse(modelId=MODEL, messages=[{"role": "user", "content": [{"text": "Hello"}]}])
        client.close()

    assert "finds no credentials: set AWS_PROFILE" in told[0]
    assert (kept, fake.core.journal.calls) == ([], [])


# --- passed as they are ------------------------------------------------------------------------------------------


def passed_by_sdk(base: str, proxy: str) -> str:
    """The SDK signs for `base`; below it, the request is led to the recorder."""

    class Led(httpx2.HTTPTransport):
        def handle_request(self, request: Any) -> Any:
            request.url = request.url.copy_with(host="127.0.0.1", port=urlsplit(proxy).port)
            return super().handle_request(request)

    with (
        httpx2.Client(transport=Led()) as http,
        anthropic.AnthropicBedrock(base_url=base, max_retries=0, http_client=http) as client,
    ):
        return str(client.messages.create(model=MODEL, **ASKED).content[0].text)


def passed_by_boto3(base: str, proxy: str) -> str:
    """boto3 signs for `base` and takes the recorder for a proxy."""
    config = Config(proxies={"http": proxy}, retries={"max_attempts": 0})
    client = boto3.client("bedrock-runtime", endpoint_url=base, config=config)
    answer = client.converse(modelId=MODEL, messages=[{"role": "user", "content": [{"text": "Hello"}]}])
    client.close()
    return str(answer["output"]["message"]["content"][0]["text"])


each_passing = pytest.mark.parametrize("ask", [passed_by_sdk, passed_by_boto3])


@each_passing
def test_a_signature_for_the_right_host_passes_as_it_is(ask, served, proxied, kept):
    fake, url = served
    with pointed_at(fake.env(url, "bedrock")):
        proxy = proxied(url, provider="bedrock", aws="pass")

        assert "Windtunnel" in ask(url + "/bedrock", proxy.url)

    (taken,) = kept.wait_for(1)
    assert (taken.response.status, taken.provider) == (200, "bedrock")
    assert taken.request.uri.startswith(f"{url}/bedrock/model/")
    assert header(taken.request.headers, "host") == urlsplit(url).netloc
    assert header(taken.request.headers, "proxy-connection") is None


@each_passing
def test_a_signature_that_is_wrong_is_refused_by_the_service_and_not_mended(ask, served, proxied, kept, told):
    fake, url = served
    with pointed_at(fake.env(url, "bedrock") | {"AWS_SECRET_ACCESS_KEY": "another secret"}):
        proxy = proxied(url, provider="bedrock", aws="pass", told=told)

        with pytest.raises(Exception, match="signature"):
            ask(url + "/bedrock", proxy.url)

    assert [taken.response.status for taken in kept.wait_for(1)] == [403]
    assert told == []  # nothing was signed here


@each_client
def test_a_signature_for_the_recorder_itself_is_not_passed_on(ask, recorded, served, told, kept):
    with pytest.raises(Exception, match="is signed for 127.0.0.1"):
        recorded(ask, aws="pass", told=told)

    assert "which is not where it would go" in told[0] and "without it the recorder signs anew" in told[0]
    assert (kept, served[0].core.journal.calls) == ([], [])


@pytest.mark.parametrize(
    ("host", "is_right"),
    [
        ("bedrock-runtime.eu-west-1.amazonaws.com", True),
        ("bedrock-runtime.eu-west-1.amazonaws.com:{port}", True),
        ("bedrock-runtime.us-east-1.amazonaws.com", False),
        ("127.0.0.1:{port}", False),
    ],
)
def test_the_right_host_is_that_of_the_region_and_service_by_its_name(host, is_right, proxied, dialled, told):
    seen: list[Any] = []

    def answer(request: Any) -> Response:
        seen.append(request)
        return Response(status=200, headers=(("content-length", "0"),))

    proxy = proxied(
        "https://{bedrock}.{region}.amazonaws.com", provider="bedrock", aws="pass", answer=answer, told=told
    )
    host = host.format(port=urlsplit(proxy.url).port)
    scope = SIGNED.replace("us-east-1", "eu-west-1")
    client = dialled(proxy.url)

    client.send(
        f"POST /model/a%3Ab/invoke HTTP/1.1\r\nHost: {host}\r\nAuthorization: {scope}\r\n"
        "content-length: 0\r\nconnection: close\r\n\r\n".encode()
    )
    said = client.until(b"\r\n\r\n") if is_right else client.to_end()[0]

    assert said.startswith(b"HTTP/1.1 200" if is_right else b"HTTP/1.1 502")
    if is_right:
        assert seen[0].uri == "https://bedrock-runtime.eu-west-1.amazonaws.com/model/a%3Ab/invoke"
        assert dict(seen[0].headers)["Host"] == host


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
