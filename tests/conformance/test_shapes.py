"""The shape of our composed answers against the recorded ones, exchange by exchange: nothing differs without a cause.

`pytest tests/conformance/test_shapes.py -s -k table` prints the tables of docs/reference/fidelity.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.conformance import shape
from tests.conformance.exchanges import Exchange, ask, exchanges
from tests.conformance.shape import Shape
from tests.conformance.shape_causes import CAUSES, Cause, cause
from tests.conformance.shape_diff import Difference, differences

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "fidelity.md"


@dataclass(frozen=True)
class Compared:
    """One exchange, the status of our answer, and what differs, with its cause."""

    exchange: Exchange
    status: int | None
    found: tuple[tuple[Difference, Cause | None], ...]

    @property
    def door(self) -> str:
        row = self.exchange.row
        return f"{row['provider']} · {row['api']}" + (" · stream" if row["response_kind"] == "sse" else "")


@pytest.fixture(scope="module")
def compared(corpus: Path) -> list[Compared]:
    return [_compare(exchange) for exchange in exchanges(corpus)]


def _compare(exchange: Exchange) -> Compared:
    plan = ask(exchange)
    if plan.status != 200 or plan.head is None:
        return Compared(exchange, plan.status, ())
    recorded = shape.of(exchange.headers, exchange.body, exchange.kind)
    ours = shape.of(plan.head.headers, plan.body, exchange.kind)
    found = differences(recorded, ours, ordered=exchange.raw)
    return Compared(exchange, 200, tuple((one, cause(one, exchange)) for one in found))


def test_what_was_answered_is_answered(compared: list[Compared]) -> None:
    refused = {one.exchange.id: one.status for one in compared if one.status != 200}

    assert len(compared) > 1_900
    assert refused == {}


def test_every_door_is_compared(compared: list[Compared]) -> None:
    apis = {(one.exchange.provider, one.exchange.api) for one in compared}

    assert {provider for provider, _ in apis} == {"anthropic", "bedrock", "foundry", "vertex"}
    assert {"converse", "converse-stream", "invoke", "invoke-stream", "vertex-predict"} <= {api for _, api in apis}


def test_nothing_differs_without_a_cause(compared: list[Compared]) -> None:
    unexplained = Counter(
        f"{one.door}: {difference}" for one in compared for difference, why in one.found if why is None
    )

    assert unexplained == Counter()


def test_every_cause_explains_something(compared: list[Compared]) -> None:
    used = {why for one in compared for _, why in one.found}

    assert [f"{one.group}: {one.reason}" for one in CAUSES if one not in used] == []


def test_bodies_recorded_since_august_2026_differ_in_what_the_model_chose_alone(compared: list[Compared]) -> None:
    recent = [one for one in compared if one.exchange.day >= "2026-08-10"]

    left = Counter(
        f"{one.door}: {difference} ({why.reason if why else 'no cause'})"
        for one in recent
        for difference, why in one.found
        if difference.place != "headers" and (why is None or why.group not in _NOT_OURS)
    )

    assert len(recent) > 75
    assert left == Counter()


#: What differs from answer to answer, and what recorders do.
_NOT_OURS = {"the model", "the cache", "the recorder"}


def test_the_page_names_every_cause() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert [one.reason for one in CAUSES if f"| {one.group} | {one.reason} |" not in page] == []


def test_print_the_tables(compared: list[Compared]) -> None:
    tables = [_doors(compared), _causes(compared)]

    print("\n" + "\n\n".join("\n".join(table) for table in tables))

    assert all(len(table) > 2 for table in tables)


def _doors(compared: Iterable[Compared]) -> list[str]:
    lines = ["| door | exchanges | differences | without a cause |", "|---|---|---|---|"]
    doors: dict[str, list[Compared]] = {}
    for one in compared:
        doors.setdefault(one.door, []).append(one)
    for door, of_door in sorted(doors.items()):
        found = [why for one in of_door for _, why in one.found]
        lines.append(f"| {door} | {len(of_door)} | {len(found)} | {found.count(None)} |")
    return lines


def _causes(compared: Iterable[Compared]) -> list[str]:
    differing: Counter[Cause | None] = Counter()
    where: Counter[Cause | None] = Counter()
    for one in compared:
        differing.update(why for _, why in one.found)
        where.update({why for _, why in one.found})
    lines = ["| what differs because of | why | source | differences | exchanges |", "|---|---|---|---|---|"]
    lines += [f"| {one.group} | {one.reason} | {one.source} | {differing[one]} | {where[one]} |" for one in CAUSES]
    return lines


# --- the instrument itself -------------------------------------------------------------------------------------------

TEXT = b'{"model":"m","id":"msg_011CeCGmnUdBeAXErTKPb4sn","type":"message","content":[{"type":"text","text":"a"}]%b}'


def _shape(more: bytes = b"", *headers: tuple[str, str]) -> Shape:
    return shape.of(headers, TEXT % more, "json")


@pytest.mark.parametrize(
    ("ours", "difference"),
    [
        (_shape(b',"usage":{"input_tokens":1}'), "more: answer: usage"),
        (_shape(b"", ("Server", "me")), "more: headers: server"),
        (shape.of((), TEXT.replace(b"text", b"thinking") % b"", "json"), "missing: blocks: text"),
        (
            shape.of((), TEXT.replace(b"msg_011Ce", b"msg_01X1Y") % b"", "json"),
            "form: id: msg_01, UUIDv7 / msg_01, random",
        ),
    ],
    ids=["key", "header", "block", "id"],
)
def test_a_difference_is_seen(ours: Shape, difference: str) -> None:
    found = [str(one) for one in differences(_shape(), ours, ordered=True)]

    assert difference in found


def test_order_counts_where_it_was_kept() -> None:
    turned = shape.of((), b'{"id":"msg_011CeCGmnUdBeAXErTKPb4sn","model":"m","type":"message","content":[]}', "json")
    whole = shape.of((), b'{"model":"m","id":"msg_011CeCGmnUdBeAXErTKPb4sn","type":"message","content":[]}', "json")

    assert [str(one) for one in differences(whole, turned, ordered=True)] == ["order: answer: model before id"]
    assert list(differences(whole, turned, ordered=False)) == []
