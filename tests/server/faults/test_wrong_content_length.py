from __future__ import annotations

from random import Random

from windtunnel_server.faults.wrong_content_length import wrong_content_length
from windtunnel_server.plan import Close, End, Plan


def length(plan: Plan) -> int:
    assert plan.head is not None
    return int(plan.head.header("content-length") or -1)


def test_more_is_promised_than_comes_before_the_close(unstreamed: Plan, rng: Random) -> None:
    rough = wrong_content_length(unstreamed, rng=rng)

    assert length(rough) == len(rough.body) + 10
    assert rough.body == unstreamed.body
    assert rough.steps[-1] == Close()


def test_less_is_promised_than_comes_and_the_connection_stays_open(unstreamed: Plan, rng: Random) -> None:
    rough = wrong_content_length(unstreamed, rng=rng, by=-3)

    assert length(rough) == len(rough.body) - 3
    assert rough.steps[-1] == End()


def test_a_length_is_never_negative(unstreamed: Plan, rng: Random) -> None:
    assert length(wrong_content_length(unstreamed, rng=rng, by=-(10**6))) == 0


def test_chunks_give_way_to_a_length_in_the_same_place(streamed: Plan, rng: Random) -> None:
    rough = wrong_content_length(streamed, rng=rng)

    assert rough.head is not None
    assert streamed.head is not None
    assert not rough.head.chunked
    assert length(rough) == len(streamed.body) + 10
    before = [name for name, _ in streamed.head.headers]
    assert [name for name, _ in rough.head.headers] == [*before[:2], "Content-Length", *before[3:]]
