from __future__ import annotations

from random import Random

import pytest

from windtunnel_server.faults.broken_chunk import broken_chunk
from windtunnel_server.plan import Close, Plan, Raw


def test_half_way_comes_a_size_that_is_no_number_and_then_the_close(streamed: Plan, rng: Random) -> None:
    rough = broken_chunk(streamed, rng=rng)

    raw, last = rough.steps[-2:]
    assert rough.events == streamed.events[:4]
    assert last == Close()
    assert isinstance(raw, Raw)
    assert raw.data.endswith(b"\r\n")
    with pytest.raises(ValueError, match="invalid literal"):
        int(raw.data, 16)


def test_a_json_body_is_chunked_for_it(unstreamed: Plan, rng: Random) -> None:
    rough = broken_chunk(unstreamed, rng=rng, after_bytes=5)

    assert rough.head is not None
    assert rough.head.chunked
    assert rough.head.header("content-length") is None
    assert rough.body == unstreamed.body[:5]
