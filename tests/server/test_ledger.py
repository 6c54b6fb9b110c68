"""What the calls of a journal are charged for."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from windtunnel_server.journal import Entry, Journal, Performed
from windtunnel_server.ledger import Account, Ledger, book, counted
from windtunnel_server.model.charge import Charge

SONNET, OPUS = "claude-sonnet-4-6", "claude-opus-4-8"
USAGE: dict[str, Any] = {
    "input_tokens": 3,
    "output_tokens": 5,
    "cache_creation_input_tokens": 7,
    "cache_read_input_tokens": 11,
    "cache_creation": {"ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 3},
}
#: On Sonnet 4.6, in micro-dollars: (3 + 4 * 1.25 + 3 * 2 + 11 * 0.1) * 3 + 5 * 15.
COST = Decimal("120.3")
TOKENS = Account(1, 3, 5, 7, 11, 4, 3)


def entry(number: int = 1, model: str | None = SONNET, **fields: Any) -> Entry:
    body = None if model is None else {"model": model}
    return Entry(number=number, method="POST", path="/v1/messages", body=body, **{"provider": "anthropic", **fields})


def journal(*made: Entry) -> Journal:
    book = Journal()
    for each in made:
        book.open(lambda number, each=each: each)  # type: ignore[misc]
    return book


def test_a_call_is_booked_with_its_tokens_and_its_cost() -> None:
    (line,) = book([entry(billed=USAGE, usage=USAGE)])

    assert (line.number, line.provider, line.model) == (1, "anthropic", SONNET)
    assert line.account == TOKENS + Account(cost_micro_usd=COST)
    assert line.cost_micro_usd == COST
    assert line.reported == line.account


def test_what_is_charged_and_what_was_reported_are_told_apart() -> None:
    cut = entry(billed=USAGE, usage=USAGE | {"output_tokens": 1})

    (line,) = book([cut])

    assert line.account.output_tokens == 5
    assert line.reported is not None and line.reported.output_tokens == 1
    assert Ledger(journal(cut)).total.output_tokens == 5
    assert Ledger(journal(cut)).reported.output_tokens == 1


def test_a_client_that_could_read_nothing_is_charged_all_the_same() -> None:
    (line,) = book([entry(billed=USAGE)])

    assert (line.account.input_tokens, line.reported) == (3, None)


def test_an_entry_that_only_knows_what_was_reported_is_booked_by_that() -> None:
    (line,) = book([entry(usage=USAGE)])

    assert line.account == line.reported


def test_failed_calls_are_not_in_it() -> None:
    assert book([entry(status=529, error_type="overloaded_error"), entry(model=None)]) == []


def test_a_stream_that_ends_in_an_error_costs_nothing() -> None:
    failed = entry(billed=USAGE, usage=USAGE, error_type="overloaded_error", steps=[Performed(0.0, "send", 9, "error")])

    (line,) = book([failed])

    assert line.account == Account(calls=1)
    assert line.reported is not None and line.reported.input_tokens == 3


def test_a_stream_cut_before_its_error_event_is_charged() -> None:
    cut = entry(billed=USAGE, error_type="overloaded_error", steps=[Performed(0.0, "send", 9, "message_start")])

    assert book([cut])[0].account.input_tokens == 3


def test_an_answer_that_is_free_is_booked_at_nothing() -> None:
    (line,) = book([entry(billed={}, usage=USAGE)])

    assert (line.account, line.cost_micro_usd) == (Account(calls=1), Decimal(0))


def test_accounts_are_summed_in_all_by_model_and_by_provider() -> None:
    ledger = Ledger(
        journal(
            entry(1, SONNET, billed=USAGE),
            entry(2, OPUS, billed=USAGE),
            entry(3, SONNET, billed=USAGE, provider="vertex"),
        )
    )

    assert ledger.total.calls == 3
    assert ledger.total.input_tokens == 9
    assert ledger.by_model[SONNET] == TOKENS + TOKENS + Account(cost_micro_usd=2 * COST)
    assert list(ledger.by_model) == [OPUS, SONNET]
    assert {name: account.calls for name, account in ledger.by_provider.items()} == {"anthropic": 2, "vertex": 1}
    assert [line.number for line in ledger.calls] == [1, 2, 3]


def test_a_call_of_unknown_price_is_counted_as_one() -> None:
    ledger = Ledger(journal(entry(1, "claude-fable-5-2", billed=USAGE), entry(2, billed=USAGE)))

    assert (ledger.total.unpriced_calls, ledger.total.cost_micro_usd) == (1, COST)
    assert ledger.calls[0].cost_micro_usd is None


def test_fast_mode_has_a_price_that_is_not_known() -> None:
    fast = entry(billed=USAGE)
    fast.body = {"model": SONNET, "speed": "fast"}

    assert book([fast])[0].cost_micro_usd is None


def test_a_beta_of_the_request_can_change_the_price() -> None:
    used = {"input_tokens": 300_000}
    long = [entry(model="claude-sonnet-4-5", billed=used, headers=headers) for headers in ((), BETA)]

    assert [line.cost_micro_usd for line in book(long)] == [900_000, 1_800_000]


BETA = (("Anthropic-Beta", "a, context-1m-2025-08-07"),)


def test_the_account_follows_the_journal() -> None:
    book = journal(entry(billed=USAGE))
    ledger = Ledger(book)

    book.clear()

    assert ledger.total == Account()


def test_counts_that_are_null_or_missing_are_none() -> None:
    assert counted({"input_tokens": 1, "cache_read_input_tokens": None, "cache_creation": None}) == Account(1, 1)


def test_a_usage_can_be_added_to_an_account() -> None:
    assert Account().plus(USAGE).plus({"output_tokens": 2}) == Account(2, 3, 7, 7, 11, 4, 3)


def test_writes_without_a_lifetime_are_for_five_minutes() -> None:
    assert counted({"cache_creation_input_tokens": 9}).cache_creation_5m_input_tokens == 9


def test_iterations_and_server_tools_are_counted() -> None:
    rounds = [{"type": "compaction", "input_tokens": 9}, {"type": "message", "input_tokens": 1, "output_tokens": 2}]
    used = {"input_tokens": 1, "iterations": rounds, "server_tool_use": {"web_search_requests": 2}}

    assert counted(used) == Account(1, 10, 2, web_search_requests=2)


def test_it_is_told_as_plain_values() -> None:
    told = Ledger(journal(entry(billed=USAGE, usage=USAGE))).to_json()

    assert json.loads(json.dumps(told)) == told
    assert list(told) == ["total", "reported", "by_model", "by_provider", "by_day", "calls"]
    assert told["total"] == told["by_model"][SONNET] == told["by_provider"]["anthropic"]
    assert (told["total"]["input_tokens"], told["total"]["cost_micro_usd"]) == (3, "120.3")
    assert told["calls"][0]["number"] == 1
    assert told["calls"][0]["reported"]["output_tokens"] == 5


def test_a_cost_is_written_in_full() -> None:
    assert Account(cost_micro_usd=Decimal("1200000.50")).to_json()["cost_micro_usd"] == "1200000.5"
    assert Account(cost_micro_usd=Decimal(0)).to_json()["cost_micro_usd"] == "0"
    assert Account(cost_micro_usd=Decimal(3_000_000)).to_json()["cost_micro_usd"] == "3000000"


def on(day: int, **fields: Any) -> Entry:
    """An entry answered on that day of October 2026, for a million tokens read from the cache."""
    dated = (("Date", f"Tue, {day:02} Oct 2026 12:00:00 GMT"),)
    return entry(
        model="claude-sonnet-5-5", billed={"cache_read_input_tokens": 1_000_000}, response_headers=dated, **fields
    )


def test_prices_are_those_of_the_day_of_the_answer() -> None:
    ledger = Ledger(journal(on(6), on(7)))

    assert [line.cost_micro_usd for line in ledger.calls] == [Decimal(200_000), Decimal(100_000)]
    assert {day: account.calls for day, account in ledger.by_day.items()} == {"2026-10-06": 1, "2026-10-07": 1}
    assert ledger.to_json()["calls"][0]["day"] == "2026-10-06"


@pytest.mark.parametrize("date", [None, "some day"])
def test_an_answer_without_a_day_has_the_newest_prices(date: str | None) -> None:
    headers = () if date is None else (("Date", date),)
    undated = entry(model="claude-sonnet-5-5", billed={"cache_read_input_tokens": 1}, response_headers=headers)

    (line,) = book([undated])

    assert (line.day, line.cost_micro_usd) == (None, Decimal("0.1"))


@pytest.mark.parametrize(
    ("provider", "path", "factor"),
    [
        ("bedrock", "/model/us.anthropic.claude-sonnet-4-6/invoke", "1.1"),
        ("bedrock", "/bedrock/model/eu.anthropic.claude-sonnet-4-6/converse-stream", "1.1"),
        ("bedrock", "/model/global.anthropic.claude-sonnet-4-6/invoke", "1"),
        (
            "bedrock",
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A111122223333%3Ainference-profile%2Fus.anthropic.claude-sonnet-4-6/invoke",
            "1.1",
        ),
        (
            "bedrock",
            "/model/arn:aws:bedrock:us-east-1:111122223333:inference-profile/global.anthropic.claude-sonnet-4-6/invoke",
            "1",
        ),
        ("vertex", "/v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-sonnet-4-6:rawPredict", "1.1"),
        ("vertex", "/v1/projects/p/locations/eu/publishers/anthropic/models/claude-sonnet-4-6:rawPredict", "1.1"),
        ("vertex", "/v1/projects/p/locations/global/publishers/anthropic/models/claude-sonnet-4-6:rawPredict", "1"),
        ("anthropic", "/v1/messages", "1"),
        ("foundry", "/anthropic/v1/messages", "1"),
    ],
)
def test_a_regional_endpoint_of_a_cloud_costs_a_tenth_more(provider: str, path: str, factor: str) -> None:
    called = Entry(number=1, provider=provider, method="POST", path=path, body={"model": SONNET}, billed=USAGE)

    (line,) = book([called])

    assert line.cost_micro_usd == COST * Decimal(factor)


def test_what_a_call_leads_to_later_is_booked_under_its_number() -> None:
    made = entry(3, model=None)
    ledger, charges = Ledger(journal(made)), list[Charge]()
    ledger.expect(made, lambda: charges)
    assert ledger.calls == []

    batched = USAGE | {"service_tier": "batch"}
    charges.append(Charge(batch_id="b", custom_id="x", model=SONNET, usage=batched, ended_at=1793610000.0))

    (line,) = ledger.calls
    assert (line.number, line.custom_id, line.model, str(line.day)) == (3, "x", SONNET, "2026-11-02")
    assert line.cost_micro_usd == COST / 2
    assert ledger.by_model[SONNET].calls == 1
