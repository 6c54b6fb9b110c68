"""A budget: what is used, what is left, and when it speaks up."""

from __future__ import annotations

import threading
import time

import pytest

from windtunnel.client.account import Account
from windtunnel.client.budget import Budget, Level
from windtunnel.client.failures import BudgetExhausted


def spent(budget: Budget, tokens: int) -> None:
    Account(on_booked=budget.spend).book("claude-opus-5", {"input_tokens": tokens - 1, "output_tokens": 1})


def test_input_cached_input_and_output_count() -> None:
    budget = Budget(1_000)
    usage = {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 50}

    Account(on_booked=budget.spend).book("claude-opus-5", usage)

    assert (budget.used, budget.remaining) == (165, 835)


@pytest.mark.parametrize(
    ("tokens", "level"), [(749, "ok"), (750, "low"), (900, "critical"), (1_000, "spent"), (5_000, "spent")]
)
def test_levels_begin_at_their_thresholds(tokens: int, level: Level) -> None:
    budget = Budget(1_000)

    spent(budget, tokens)

    assert budget.level == level


def test_each_new_level_is_told_once() -> None:
    told: list[Level] = []
    budget = Budget(1_000, on_level=told.append)

    for _ in range(11):
        spent(budget, 100)

    assert told == ["low", "critical", "spent"]


def test_what_the_hook_raises_is_logged_and_loses_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def hook(level: Level) -> None:
        raise ValueError("not today")

    budget = Budget(1_000, on_level=hook)
    spent(budget, 1_200)

    assert budget.used == 1_200
    assert "on_level" in caplog.text and "not today" in caplog.text


class Slow(Budget):
    """Lets other threads in between reading and writing."""

    @property
    def used(self) -> int:
        seen = self._used
        time.sleep(0.001)
        return seen

    @used.setter
    def used(self, value: int) -> None:
        self._used = value


def test_nothing_is_lost_between_threads() -> None:
    budget = Slow(1_000)

    def spend() -> None:
        for _ in range(5):
            spent(budget, 10)

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert budget.used == 200


def test_a_spent_budget_refuses_and_says_how_much_there_was() -> None:
    budget = Budget(1_000)
    budget.check()
    spent(budget, 1_200)

    assert budget.remaining == 0
    with pytest.raises(BudgetExhausted, match="1,200 of 1,000"):
        budget.check()


def test_the_gauge_is_readable_without_colour() -> None:
    budget = Budget(1_000)
    spent(budget, 800)

    assert budget.gauge() == "[################....] 800 of 1,000 low"
    assert len(Budget(999_999_999).gauge()) <= 44


@pytest.mark.parametrize(
    "given", [{"limit": 0}, {"limit": True}, {"limit": 10, "low": 0.95}, {"limit": 10, "low": 0.0}]
)
def test_nonsense_is_refused_with_the_value(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Budget(**given)  # type: ignore[arg-type]
