"""What the package gives, and what importing it does not bring along."""

from __future__ import annotations

import subprocess
import sys

import pytest

import windtunnel.client as client

HEAVY = ("anthropic", "boto3", "botocore", "google.auth", "azure", "httpx2", "rich", "pydantic")


@pytest.mark.parametrize("name", client.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(client, name) is not None
    assert name in dir(client)


def test_names_are_sorted_and_a_wrong_one_is_an_error() -> None:
    assert client.__all__ == sorted(client.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Cleint'"):
        _ = client.Cleint  # type: ignore[attr-defined]


def test_nothing_heavy_is_imported_before_a_backend_is_made() -> None:
    code = (
        "import sys; from windtunnel.client import AsyncClient, Client, choose; choose({'ANTHROPIC_API_KEY': 'k'}); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"
