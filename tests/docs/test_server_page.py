"""The page on the server knows every setting and every line of the books."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from windtunnel_server.ledger import Booking
from windtunnel_server.settings import Overload, RateLimits, Settings

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "server.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", [Settings, RateLimits, Overload])
def test_every_setting_has_a_row(kind: type) -> None:
    missing = [field.name for field in dataclasses.fields(kind) if f"\n| `{field.name}` |" not in PAGE]

    assert missing == []


def test_every_part_of_a_booking_is_named() -> None:
    assert [field.name for field in dataclasses.fields(Booking) if f"`{field.name}`" not in PAGE] == []
