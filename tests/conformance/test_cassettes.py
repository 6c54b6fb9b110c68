"""Every recorded exchange on a cassette: written, read back, and replayed to the real clients byte for byte."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from windtunnel.cassette import files
from windtunnel.cassette.interaction import Interaction
from windtunnel.cassette.player import Player
from windtunnel.tunnel import Windtunnel

from .recorded import interaction, records

anthropic = pytest.importorskip(
    "anthropic", minversion="1", reason="the replaying clients are those of SDK 1 and later"
)
pytest.importorskip("boto3", reason="boto3 is not installed")

#: The SDK warns of models that were retired since they were recorded.
pytestmark = pytest.mark.filterwarnings("ignore:The model:DeprecationWarning", "ignore:.*thinking:UserWarning")

#: Every so manieth exchange in the quick run.
QUICK_STEP = 25
#: The service answered something that the SDK cannot parse; the bytes are the same all the same.
UNREADABLE = {"7195df545ba17fcf"}

Exchanges = list[tuple[dict[str, Any], Interaction]]


@pytest.fixture(scope="module")
def exchanges(corpus: Path) -> Exchanges:
    return [(record, interaction(record)) for record in records(corpus)]


def by_source(exchanges: Iterable[tuple[dict[str, Any], Interaction]]) -> dict[str, Exchanges]:
    found: dict[str, Exchanges] = defaultdict(list)
    for record, asked in exchanges:
        found[record["source_repo"].replace("/", "--")].append((record, asked))
    return found


def replay(exchanges: Exchanges, folder: Path) -> tuple[Counter[tuple[str, ...]], list[str]]:
    """Write, read and replay; count by provider, kind of call and outcome, and tell what was not the same."""
    counts: Counter[tuple[str, ...]] = Counter()
    wrong: list[str] = []
    for source, rows in by_source(exchanges).items():
        path = folder / f"{source}.yaml"
        files.save(path, [asked for _, asked in rows], expected=None)
        back = files.load(path)
        wrong += [
            f"{record['id']} of {source} came back from its file as another"
            for (record, asked), read in zip(rows, back.interactions, strict=True)
            if read != asked
        ]
        wrong += [] if back.spots is not None else [f"{path.name} is not read quickly"]
        with Windtunnel(cassette=Player.load(path), clock="real") as tunnel:
            wrong += _played(rows, tunnel, counts)
    return counts, wrong


def _played(rows: Exchanges, tunnel: Windtunnel, counts: Counter[tuple[str, ...]]) -> list[str]:
    from .replaying import Clients

    clients, wrong = Clients(tunnel), []
    for record, asked in rows:
        seen = clients.ask(asked, record["api"])
        counts[record["provider"], record["api"], "no client calls it" if seen is None else seen.outcome] += 1
        if seen is not None and seen.body != asked.response.body:
            wrong.append(f"{record['id']} of {record['source_repo']}: {seen.outcome}: {(seen.body or b'')[:300]!r}")
        if seen is not None and seen.outcome.startswith("cannot read") and record["id"] not in UNREADABLE:
            wrong.append(f"{record['id']} of {record['source_repo']}: {seen.outcome}")
    return wrong


def told(counts: Counter[tuple[str, ...]]) -> str:
    return "\n".join(f"{count:5}  {' · '.join(key)}" for key, count in sorted(counts.items()))


def test_some_of_every_kind_are_replayed_byte_for_byte(exchanges: Exchanges, tmp_path: Path) -> None:
    kinds: Counter[tuple[str, str]] = Counter()
    some: Exchanges = []
    for record, asked in exchanges:
        kind = record["provider"], record["api"]
        if kinds[kind] % QUICK_STEP == 0:
            some.append((record, asked))
        kinds[kind] += 1

    counts, wrong = replay(some, tmp_path)

    assert wrong == []
    assert {key[:2] for key in counts} == set(kinds)


@pytest.mark.slow
def test_every_recorded_exchange_is_replayed_byte_for_byte(exchanges: Exchanges, tmp_path: Path) -> None:
    counts, wrong = replay(exchanges, tmp_path)

    print(f"\n{told(counts)}")
    assert wrong == []
    assert counts.total() == len(exchanges) > 2_000
    assert not [key for key in counts if key[2] == "no client calls it"]
