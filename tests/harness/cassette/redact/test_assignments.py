"""Secrets that text assigns to a name."""

from __future__ import annotations

import json

import pytest

from windtunnel.cassette.redact.edits import apply
from windtunnel.cassette.redact.look import Look
from windtunnel.cassette.redact.rules import Rules

SECRET = "opaque-AAAA-1234567"


def redacted(text: str) -> str:
    seen = text.encode()
    return apply(seen, Look.usual(Rules(), {}).edits(seen)).decode()


@pytest.mark.parametrize(
    "line",
    [
        "PASSWORD={}",
        "A=1\nDATABASE_PASSWORD={}\nB=2",
        "MY_API_KEY={}",
        'SECRET_KEY="{}"',
        "export GH_PAT='{}'",
        "SIGNING_KEY={}",
        "PGPASSWORD={}",
        "user: x\npassword: {}\n",
        "[x]\napi_key = {}",
        'Client(api_key="{}")',
        "Client(base_url=url, api_key='{}', timeout=3)",
        "{{'access_token': '{}'}}",
        "let authToken = `{}`",
        "mysql --password={} db",
        "tool --token {} go",
        ":secret => '{}'",
    ],
)
@pytest.mark.parametrize("write", [str, lambda text: json.dumps({"content": text})], ids=["text", "json"])
def test_what_looks_like_a_secret_goes_and_the_rest_stays(line: str, write):
    assert redacted(write(line.format(SECRET))) == write(line.format("REDACTED"))


@pytest.mark.parametrize(
    "text",
    [
        "password: none",
        "the token: the-word that was meant",
        "Use api_key=YOUR_KEY, or api_key=os.environ['MY_API_KEY'], or api_key=settings.api_key2",
        "def connect(user: str, password: str = None, token: Optional[str] = None, private_key: CertificatePrivateKeyTypes)",
        "client = Client(api_key=api_key, auth=HTTPBasicAuth(user, password))",
        "TOKEN=$(cat token1234), SECRET=${SECRET12345}, password: {{ vault.password1 }}",
        "next_token=abc123def456ghi, pageToken: 'abc123def456ghi', PRIMARY_KEY=abc123def456ghi",
        "max_tokens: 123456789, input_tokens=12345, author=b0b12345678",
        "if password == 'changeme': pass",
        "the secret is out, and the password policy: at least 12 characters",
        "cache_key=user1234567x89",
        "password: пароль, token: 中文字符中文",
        '{"token": 123456789012, "secret": -1.5e10, "auth": null}',
    ],
)
@pytest.mark.parametrize("write", [str, lambda text: json.dumps({"content": text})], ids=["text", "json"])
def test_talk_of_secrets_stays(text: str, write):
    assert redacted(write(text)) == write(text)


def test_a_password_in_the_environment_of_a_command_may_be_a_word():
    assert redacted("docker run -e POSTGRES_PASSWORD=postgres pg") == "docker run -e POSTGRES_PASSWORD=REDACTED pg"
    assert redacted("POSTGRES_PASSWORD=<password> or $PASSWORD") == "POSTGRES_PASSWORD=<password> or $PASSWORD"


def test_what_is_assigned_is_known_from_then_on():
    look = Look.usual(Rules(), {})

    look.edits(f"API_TOKEN={SECRET}".encode())

    assert [edit.start for edit in look.edits(f"say {SECRET}".encode())] == [4]
