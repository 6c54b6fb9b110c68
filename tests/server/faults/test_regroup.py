from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.faults.regroup import regroup
from windtunnel_server.plan import End, Head, Plan, Send, Step, Wait

PIECES = st.lists(
    st.builds(Send, st.binary(min_size=1, max_size=9), st.sampled_from([None, "ping"])) | st.builds(Wait, st.just(1.0))
)


def sizes(plan: Plan) -> list[int]:
    return [len(step.data) for step in plan if isinstance(step, Send)]


@given(PIECES, st.integers(1, 12) | st.just("random"), st.none() | st.sets(st.integers(1, 30)), st.integers(0))
def test_the_bytes_are_the_same_for_any_pieces(
    steps: list[Step], size: int | str, offsets: set[int] | None, seed: int
) -> None:
    calm = Plan((Head(200), *steps, End()))

    at = None if offsets is None else sorted(offsets)
    rough = regroup(calm, rng=Random(seed), bytes=size, at=at)  # type: ignore[arg-type]

    assert rough.body == calm.body
    assert rough.waits == calm.waits
    assert all(sizes(rough))


@given(PIECES, st.integers(1, 12))
def test_each_byte_leaves_behind_the_same_waits_as_before(steps: list[Step], size: int) -> None:
    calm = Plan((Head(200), *steps, End()))

    rough = regroup(calm, rng=Random(0), bytes=size)

    assert offsets_of_waits(rough) == offsets_of_waits(calm)


def offsets_of_waits(plan: Plan) -> list[int]:
    return [len(Plan(plan.steps[:i]).body) for i, step in enumerate(plan) if isinstance(step, Wait)]


def test_single_bytes_keep_the_name_on_the_one_that_completes_an_event(streamed: Plan, rng: Random) -> None:
    rough = regroup(streamed, rng=rng)

    assert set(sizes(rough)) == {1}
    assert rough.events == streamed.events
    assert Plan(rough.steps[: rough.index_after_events(3)]).body == streamed.split(3)[0].body


def test_offsets_cut_where_they_say(streamed: Plan, rng: Random) -> None:
    rough = regroup(streamed, rng=rng, at=[5, 100])

    assert sizes(rough) == [5, 95, len(streamed.body) - 100]


def test_offsets_count_from_the_start_of_the_body_across_waits(rng: Random) -> None:
    calm = Plan((Head(200), Send(b"abc"), Wait(1.0), Send(b"defg"), End()))

    rough = regroup(calm, rng=rng, at=[2, 5])

    assert rough.steps[1:-1] == (Send(b"ab"), Send(b"c"), Wait(1.0), Send(b"de"), Send(b"fg"))


def test_no_offsets_merge_all_events_under_the_name_that_tells_the_usage(streamed: Plan, rng: Random) -> None:
    rough = regroup(streamed, rng=rng, at=[])

    assert rough.steps[1:-1] == (Send(streamed.body, "message_delta"),)


def test_random_sizes_depend_on_the_seed_alone(streamed: Plan) -> None:
    first, again, other = (sizes(regroup(streamed, rng=Random(seed), bytes="random")) for seed in (1, 1, 2))

    assert first == again
    assert first != other
    assert len(set(first)) > 3


def test_pieces_can_come_apart_in_time(unstreamed: Plan, rng: Random) -> None:
    rough = regroup(unstreamed, rng=rng, at=[10, 20], every_s=0.1)

    assert rough.waits == [0.1, 0.1]


def test_the_first_piece_behind_a_wait_is_late_as_well(rng: Random) -> None:
    calm = Plan((Head(200), Wait(5.0), Send(b"ab"), Wait(1.0), Send(b"c"), End()))

    rough = regroup(calm, rng=rng, every_s=0.1)

    assert rough.waits == [5.0, 0.1, 1.0, 0.1]


def test_a_piece_that_completes_several_events_bears_the_name_the_usage_hangs_on(streamed: Plan, rng: Random) -> None:
    ends = [len(streamed.split(count)[0].body) for count in (3, 5, 6)]

    assert regroup(streamed, rng=rng, at=ends).events == [
        "message_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
    ]
