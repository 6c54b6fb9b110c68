from __future__ import annotations

import re
import uuid
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.wire import ids
from windtunnel_server.wire.ids import Ids

AUGUST_2026 = 1_787_240_000.123


@given(st.integers(0, 2**128 - 1))
def test_any_128_bit_number_survives_the_way_into_an_id_and_back(number: int) -> None:
    digits = ids.base58(number)

    assert len(digits) == 22
    assert ids.number_of(f"toolu_01{digits}") == number


@given(st.floats(0, 2**47 / 1000), st.integers())
def test_a_v7_id_tells_the_millisecond_it_was_made(at: float, seed: int) -> None:
    made = Ids(Random(seed)).request(at)

    assert ids.instant_of(made) == round(at * 1000) / 1000
    assert uuid.UUID(int=ids.number_of(made)).version == 7
    assert uuid.UUID(int=ids.number_of(made)).variant == uuid.RFC_4122


def test_ids_of_2026_begin_as_recorded_ones_do() -> None:
    mint = Ids(Random(1))

    assert mint.request(AUGUST_2026).startswith("req_011C")
    assert mint.message(AUGUST_2026).startswith("msg_011C")
    assert mint.file(AUGUST_2026).startswith("file_011C")


def test_later_ids_sort_behind_earlier_ones() -> None:
    mint = Ids(Random(1))

    made = [mint.request(AUGUST_2026 + step) for step in range(50)]

    assert made == sorted(made)


@pytest.mark.parametrize(
    ("made", "pattern"),
    [
        (Ids(Random(2)).tool_use(), r"toolu_01[1-9A-HJ-NP-Za-km-z]{22}"),
        (Ids(Random(2)).server_tool_use(), r"srvtoolu_01[1-9A-HJ-NP-Za-km-z]{22}"),
        (Ids(Random(2)).mcp_tool_use(), r"mcptoolu_01[1-9A-HJ-NP-Za-km-z]{22}"),
        (Ids(Random(2)).container(), r"container_01[1-9A-HJ-NP-Za-km-z]{22}"),
        (Ids(Random(2)).workspace(), r"wrkspc_01[1-9A-HJ-NP-Za-km-z]{22}"),
        (Ids(Random(2)).batch(), r"msgbatch_01[1-9A-HJ-NP-Za-km-z]{22}"),
        (Ids(Random(2), "vrtx_").request(AUGUST_2026), r"req_vrtx_011C[1-9A-HJ-NP-Za-km-z]{20}"),
        (Ids(Random(2), "bdrk_").message(AUGUST_2026), r"msg_bdrk_01[1-9A-HJ-NP-Za-km-z]{22}"),
        (Ids(Random(2)).converse_tool_use(), r"tooluse_[A-Za-z0-9_-]{22}"),
        (Ids(Random(2)).traceresponse(), r"00-[0-9a-f]{32}-[0-9a-f]{16}-01"),
        (Ids(Random(2)).cf_ray(), r"[0-9a-f]{16}-[A-Z]{3}"),
        (Ids(Random(2), colo="VIE").cf_ray(), r"[0-9a-f]{16}-VIE"),
        (Ids(Random(2)).signature(), r"Eo4D[A-Za-z0-9+/]+=*"),
    ],
)
def test_every_kind_of_id_has_its_form(made: str, pattern: str) -> None:
    assert re.fullmatch(pattern, made)


def test_batch_and_organisation_ids_are_uuid4() -> None:
    mint = Ids(Random(3))

    assert ids.version_of(mint.batch()) == 4
    assert uuid.UUID(mint.uuid4()).version == 4


def test_the_same_seed_mints_the_same_ids() -> None:
    assert [Ids(Random(5)).tool_use() for _ in range(2)] == [Ids(Random(5)).tool_use()] * 2


def test_a_random_id_has_no_time_to_tell() -> None:
    with pytest.raises(ValueError, match="holds no time"):
        ids.instant_of(Ids(Random(3)).batch())


@pytest.mark.parametrize(
    "text", ["", "req_", "req_02" + "1" * 22, "req_01" + "0" * 22, "req_01" + "z" * 22, "req_01abc"]
)
def test_text_that_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an id"):
        ids.number_of(text)


def test_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="128 bits"):
        ids.base58(2**128)
