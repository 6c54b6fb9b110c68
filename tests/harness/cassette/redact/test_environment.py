"""Which variables hold a secret."""

from __future__ import annotations

import pytest

from windtunnel.cassette.redact.environment import secrets


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANTHROPIC_API_KEY", "opaque-0815"),
        ("AWS_ACCESS_KEY_ID", "AKIA0815AKIA"),
        ("PGPASSWORD", "correct-horse-battery-staple"),
        ("github_token", "abc12345"),
        ("GH_PAT", "opaque-AAAA-1234567"),
        ("GCP_CREDENTIALS", "opaque-AAAA-1234567"),
        ("DB_PASS", "h0rse-b4ttery"),
    ],
)
def test_a_secret_is_known_by_the_name_of_its_variable(name: str, value: str):
    assert list(secrets({name: value})) == [(name, value)]


def test_the_password_in_an_address_is_one():
    assert list(secrets({"DATABASE_URL": "postgres://bob:hunt3r2222@db/x"})) == [("DATABASE_URL", "hunt3r2222")]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://a1b2c3d4e5f6@o1.ingest.example.io/1", ["a1b2c3d4e5f6"]),
        ("Server=db;User Id=bob;Password=hunt3r2222;", ["hunt3r2222"]),
        ("AccountName=acme;AccountKey=A1b2C3d4E5==;Suffix=x", ["A1b2C3d4E5=="]),
        ("amqp://bob:a%2Fb1c2d3e4@mq, amqp://bob:z9y8x7w6v5@mq", ["a%2Fb1c2d3e4", "a/b1c2d3e4", "z9y8x7w6v5"]),
        ("postgres://postgres:postgres@db/x", []),
    ],
)
def test_a_password_within_a_value_is_looked_for_alone(value: str, expected: list[str]):
    assert [secret for _, secret in secrets({"CONNECTION": value})] == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GIT_AUTHOR_NAME", "Jane Doe 12345"),
        ("MAX_TOKENS", "123456789"),
        ("SSH_AUTH_SOCK", "agent.12345678"),
        ("ANTHROPIC_IDENTITY_TOKEN_FILE", "token-12345678"),
        ("SOME_KEY", "/etc/keys/12345678"),
        ("GIT_AUTH", "anonymous"),
        ("API_KEY", "short"),
        ("DB_PASSWORD", "postgres"),
        ("DB_PASSWORD", "correcthorse"),
        ("MY_SECRET", "change-me-please"),
        ("ADMIN_PASSWORD", "password1"),
        ("PGPASSWORD", "12345678"),
        ("SOME_TOKEN", "aaaaaaaaaa"),
        ("PATH", "/usr/bin:/bin/12345"),
    ],
)
def test_what_is_no_secret_is_not_looked_for(name: str, value: str):
    assert list(secrets({name: value})) == []
