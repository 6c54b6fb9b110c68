"""A reply as steps."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.plan import Close, End, Head, Plan, Raw, Reset, Send, Wait

HEAD = Head(
    200, (("Content-Type", "text/event-stream"), ("Transfer-Encoding", "Chunked"), ("vary", "a"), ("Vary", "b"))
)
STREAM = Plan(
    (HEAD, Send(b"one", "a"), Wait(1.0), Send(b"two", "b"), Send(b"half"), Send(b"three", "c"), End()), {"n": 1}
)

steps = st.one_of(
    st.builds(Send, st.binary(max_size=4), st.sampled_from([None, "a", "b"])),
    st.builds(Wait, st.floats(0, 5)),
    st.builds(Raw, st.binary(max_size=3)),
)
plans = st.builds(
    lambda head, body, end: Plan((*head, *body, *end)),
    st.sampled_from([(), (HEAD,)]),
    st.lists(steps, max_size=8),
    st.sampled_from([(), (End(),), (Close(),), (Reset(),)]),
)


def test_a_header_is_found_in_any_case_and_the_first_one_counts() -> None:
    assert HEAD.header("VARY") == "a"
    assert HEAD.header("server") is None


def test_a_head_is_chunked_when_it_says_so_in_any_case() -> None:
    assert HEAD.chunked
    assert not HEAD.without_header("transfer-encoding").chunked


def test_a_header_is_replaced_where_it_stands_and_appended_where_it_is_new() -> None:
    replaced = HEAD.with_header("content-type", "text/plain")
    added = HEAD.with_header("server", "cloudflare")

    assert replaced.headers[0] == ("Content-Type", "text/plain")
    assert len(replaced.headers) == len(HEAD.headers)
    assert added.headers == (*HEAD.headers, ("server", "cloudflare"))


def test_every_header_of_a_name_is_dropped() -> None:
    assert [name for name, _ in HEAD.without_header("VARY").headers] == ["Content-Type", "Transfer-Encoding"]


def test_a_plan_tells_its_parts() -> None:
    assert STREAM.head is HEAD
    assert STREAM.status == 200
    assert STREAM.is_stream
    assert STREAM.waits == [1.0]
    assert STREAM.body == b"onetwohalfthree"
    assert STREAM.events == ["a", "b", "c"]


def test_a_plan_without_a_head_has_no_status() -> None:
    reset = Plan((Wait(math.inf), Reset()))

    assert reset.head is None
    assert reset.status is None
    assert not reset.is_stream


def test_events_are_counted_from_behind_the_head() -> None:
    assert [STREAM.index_after_events(count) for count in range(-1, 6)] == [1, 1, 2, 4, 6, 6, 6]


def test_no_events_is_the_beginning_where_there_is_no_head() -> None:
    assert Plan((Wait(1), Send(b"x", "a"))).index_after_events(0) == 0


def test_the_end_of_a_plan_without_an_end_is_its_length() -> None:
    assert Plan((HEAD, Send(b"x"))).index_of_end == 2
    assert [Plan((HEAD, end)).index_of_end for end in (End(), Close(), Reset())] == [1, 1, 1]


@given(plans, st.integers(-1, 9))
def test_a_plan_that_is_split_and_joined_is_the_plan(plan: Plan, after_events: int) -> None:
    sent, rest = plan.split(after_events)

    assert sent + rest == plan
    assert len(sent.events) == min(max(after_events, 0), len(plan.events))


def test_the_notes_stay_with_the_first_part() -> None:
    sent, rest = STREAM.split(1)

    assert (sent.notes, rest.notes) == ({"n": 1}, {})
    assert (sent + rest).notes == {"n": 1}


def test_a_plan_grows_by_a_step_a_plan_or_any_steps() -> None:
    plan = Plan((HEAD,))

    assert (plan + End()).steps == (HEAD, End())
    assert (plan + Plan((Wait(1), End()))).steps == (HEAD, Wait(1), End())
    assert (plan + iter([Wait(1), End()])).steps == (HEAD, Wait(1), End())


@given(plans)
def test_the_head_alone_is_changed_by_a_change_of_the_head(plan: Plan) -> None:
    changed = plan.map_head(lambda head: Head(500))

    assert changed.status == (None if plan.head is None else 500)
    assert [step for step in changed if not isinstance(step, Head)] == [s for s in plan if not isinstance(s, Head)]


@given(plans)
def test_sends_are_replaced_by_any_number_of_steps(plan: Plan) -> None:
    doubled = plan.map_sends(lambda send: [Wait(2), send, send])
    silent = plan.map_sends(lambda send: [])

    assert len(doubled.events) == 2 * len(plan.events)
    assert silent.body == b""
    assert silent.waits == plan.waits


def test_notes_make_no_difference() -> None:
    assert Plan((HEAD,), {"a": 1}) == Plan((HEAD,))


@pytest.mark.parametrize(
    "header", [("a", "b\r\nc: d"), ("a", "b\n"), ("a", "\rb"), ("a\nb", "c"), ("a", "en \u2013 dash")]
)
def test_headers_that_would_not_arrive_as_they_are_meant_are_refused(header: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="line end|latin-1"):
        Head(200, (header,)).lines()


def test_headers_are_lines_of_latin_1() -> None:
    assert Head(200, (("a", "b"), ("x", "caf\xe9"))).lines() == b"a: b\r\nx: caf\xe9\r\n"
    assert Head(204).lines() == b""
