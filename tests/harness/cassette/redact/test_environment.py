"""Which variables hold a secret."""

from __future__ import annotations

import pytest

from windtunnel.cassette.redact.environment import secrets


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANTHROPIC_API_KEY", "opaque-0815"),
        ("AWS_ACCESS_KEY_ID", "AKIA0815AKIA"),
        ("PGPASSWORD", "correcthorse"),
        ("github_token", "abc12345"),
        ("MY_SECRET", "anywords"),
    ],
)
def test_a_secret_is_known_by_the_name_of_its_variable(name: str, value: str):
    assert list(secrets({name: value})) == [(name, value)]


def test_the_password_in_an_address_is_one():
    assert list(secrets({"DATABASE_URL": "postgres://bob:hunter2@db/x"})) == [("DATABASE_URL", "hunter2")]


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
        ("PATH", "/usr/bin:/bin/12345"),
    ],
)
def test_what_is_no_secret_is_not_looked_for(name: str, value: str):
    assert list(secrets({name: value})) == []
