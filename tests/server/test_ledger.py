"""What the answers of a journal used."""

from __future__ import annotations

from typing import Any

from windtunnel_server.journal import Entry, Journal
from windtunnel_server.ledger import Account, Ledger


def journal(*calls: tuple[str | None, dict[str, Any] | None]) -> Journal:
    """A journal of calls: the model that was asked for (None: no JSON body), and the usage reported."""
    journal = Journal()
    for model, usage in calls:
        journal.open(
            lambda number, model=model, usage=usage: Entry(  # type: ignore[misc]
                number=number,
                provider="anthropic",
                method="POST",
                path="/v1/messages",
                body=None if model is None else {"model": model},
                usage=usage,
            )
        )
    return journal


USAGE = {"input_tokens": 3, "output_tokens": 5, "cache_creation_input_tokens": 7, "cache_read_input_tokens": 11}


def test_the_counts_of_all_calls_are_summed() -> None:
    ledger = Ledger(journal(("a", USAGE), ("b", USAGE)))

    assert ledger.total == Account(2, 6, 10, 14, 22)


def test_calls_that_reported_nothing_are_not_in_it() -> None:
    ledger = Ledger(journal(("a", None), ("a", USAGE), ("b", None), (None, None)))

    assert ledger.total.calls == 1
    assert ledger.by_model == {"a": Account(1, 3, 5, 7, 11)}


def test_each_model_has_its_own_account() -> None:
    ledger = Ledger(journal(("b", USAGE), ("a", USAGE), ("b", USAGE)))

    assert {model: account.calls for model, account in ledger.by_model.items()} == {"a": 1, "b": 2}
    assert list(ledger.by_model) == ["a", "b"]


def test_a_count_that_is_null_or_missing_is_none() -> None:
    ledger = Ledger(journal(("a", {"input_tokens": 1, "cache_read_input_tokens": None})))

    assert ledger.total == Account(1, 1, 0, 0, 0)


def test_the_account_follows_the_journal() -> None:
    book = journal(("a", USAGE))
    ledger = Ledger(book)

    book.clear()

    assert ledger.total == Account()


def test_it_is_told_as_plain_values() -> None:
    counted = {"calls": 1, **USAGE}

    assert Ledger(journal(("a", USAGE))).to_json() == {"total": counted, "by_model": {"a": counted}}
