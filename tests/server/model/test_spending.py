"""The month's money."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from windtunnel_server.model.spending import Spending


def on(*instant: int) -> float:
    return datetime(*instant, tzinfo=UTC).timestamp()  # type: ignore[arg-type, misc]


def test_the_call_after_the_last_cent_is_refused_with_the_day_it_ends() -> None:
    month = Spending(0.5)
    month.add(Decimal(499_999), on(2026, 11, 2))
    assert month.refusal(on(2026, 11, 30)) is None

    month.add(Decimal(1), on(2026, 11, 30))
    refused = month.refusal(on(2026, 11, 30))

    assert refused is not None and refused.kind == "spend_limited"
    assert refused.message.endswith("You will regain access on 2026-12-01 at 00:00 UTC.")


@pytest.mark.parametrize(
    ("spent", "next_month", "said"),
    [((2026, 11, 2), (2026, 12, 1), "2026-12-01"), ((2026, 12, 31, 23, 59), (2027, 1, 1), "2027-01-01")],
)
def test_the_next_month_begins_with_nothing(spent: tuple[int, ...], next_month: tuple[int, ...], said: str) -> None:
    month = Spending(1)
    month.add(Decimal(2_000_000), on(*spent))
    refused = month.refusal(on(*spent))

    assert refused is not None and said in refused.message
    assert month.refusal(on(*next_month)) is None
