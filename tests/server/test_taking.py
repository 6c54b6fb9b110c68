"""The queue of steps: which one a call takes, what chance decides, what comes behind the last."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.call import Call
from windtunnel_server.script import ScriptError, Step, Then
from windtunnel_server.taking import Script
from windtunnel_server.words import fail, fault, reply

HAIKU, SONNET = "claude-haiku-4-5", "claude-sonnet-4-6"


def script(*steps: Step, then: Then = "composed", seed: int = 0) -> Script:
    made = Script(seed)
    made.extend(steps)
    made.follow(then)
    return made


def take(steps: Script, endpoint: str = "messages", *, at_s: float = 0.0, **request: Any) -> Step | None:
    call = Call("POST", "/", arrived_at=at_s, json=request)
    return steps.take(steps.facts(endpoint, call, lambda request: len(request)))


def taken(steps: Script, calls: int, *, at_s: float = 0.0, **request: Any) -> list[Step | None]:
    return [take(steps, at_s=at_s, **request) for _ in range(calls)]


# --- in order ----------------------------------------------------------------------------------------------------


def test_steps_are_taken_in_order_each_as_often_as_it_says() -> None:
    once, twice = fail(429), fail(500, times=2)

    assert taken(script(twice, once), 4) == [twice, twice, once, None]


def test_a_call_takes_the_first_step_that_is_for_its_endpoint() -> None:
    counted, talked, whichever = fail(429, on="count_tokens"), fail(500), fail(503, on="any")
    steps = script(counted, talked, whichever)

    assert take(steps, "models") is whichever
    assert take(steps) is talked
    assert take(steps) is None
    assert steps.left == [counted]


def test_steps_are_added_behind_those_to_come() -> None:
    first, second = fail(429), fail(500)
    steps = script(first)

    steps.extend([second])

    assert steps.left == steps.steps == [first, second]


def test_a_step_forever_is_never_used_up_and_hides_what_is_behind() -> None:
    forever, hidden = fail(529, times="forever"), fail(429)
    steps = script(forever, hidden)

    assert taken(steps, 50) == [forever] * 50
    assert steps.left == [forever, hidden]
    assert steps.untaken == [hidden]


def test_a_step_whose_condition_never_holds_holds_nobody_up() -> None:
    never, usual = fail(429, when={"model": "claude-opus-*"}), fail(500)
    steps = script(never, usual)

    assert taken(steps, 2, model=SONNET) == [usual, None]
    assert steps.untaken == [never]


def test_a_condition_picks_its_calls_out_of_all() -> None:
    picked = fail(429, when={"model": "*haiku*"}, times=2)
    steps = script(picked)

    asked = [HAIKU, SONNET, HAIKU, SONNET, HAIKU]

    assert [take(steps, model=model) for model in asked] == [picked, None, picked, None, None]


def test_each_endpoint_counts_its_own_calls() -> None:
    second = fail(429, when={"call": 2}, on="any")
    steps = script(second)

    seen = [take(steps, endpoint) for endpoint in ("models", "messages", "count_tokens", "messages")]

    assert seen == [None, None, None, second]


def test_a_script_that_is_cleared_counts_from_one_again() -> None:
    steps = script(fail(429), then="refuse")
    take(steps)

    steps.clear()
    steps.extend([first := fail(500, when={"call": 1})])

    assert take(steps) is first
    assert steps.then == "composed"


# --- windows -----------------------------------------------------------------------------------------------------


def test_a_step_with_a_window_is_taken_within_it_however_often() -> None:
    storm, usual = fail("overloaded", during=(10, 30)), reply("Hello", times="forever")
    steps = script(storm, usual)

    seen = [take(steps, at_s=at_s) for at_s in (0, 9.999, 10, 20, 29.999, 30, 31)]

    assert seen == [usual, usual, storm, storm, storm, usual, usual]


def test_a_window_may_be_for_so_many_calls() -> None:
    storm = fail("overloaded", during=(0, 30), times=2)

    assert taken(script(storm), 3, at_s=5) == [storm, storm, None]


def test_windows_open_and_close_in_turn() -> None:
    steps = script(fail(429, during=(10, 30)), fail(500, during={"from": 20}), fail(503))

    assert [steps.next_change(at_s) for at_s in (0, 10, 15, 20, 29.9, 30)] == [10, 20, 20, 30, 30, None]
    steps.follow(fail(500, during=(40, 50)))
    assert [steps.next_change(at_s) for at_s in (0, 30, 40, 50)] == [10, 40, 50, None]


# --- chance ------------------------------------------------------------------------------------------------------


def pattern(steps: Script, rare: Step, calls: int = 200) -> list[bool]:
    return [one is rare for one in taken(steps, calls)]


def test_chance_takes_about_its_share_of_the_calls() -> None:
    rare = fail(529, chance=0.25)

    assert 0.15 < sum(pattern(script(rare), rare, 1000)) / 1000 < 0.35


def test_a_seed_repeats_the_pattern_and_another_one_does_not() -> None:
    rare = fail(529, chance=0.5)

    assert pattern(script(rare, seed=7), rare) == pattern(script(rare, seed=7), rare)
    assert pattern(script(rare, seed=7), rare) != pattern(script(rare, seed=8), rare)


def test_a_cleared_script_draws_the_same_again() -> None:
    rare = fail(529, chance=0.5)
    steps = script(rare, seed=7)
    first = pattern(steps, rare)

    steps.clear()
    steps.extend([rare])

    assert pattern(steps, rare) == first


@given(st.lists(st.booleans(), max_size=40), st.integers(0, 99))
def test_what_other_steps_do_changes_no_draw(busy: list[bool], seed: int) -> None:
    rare, other = fail(529, chance=0.5), fail(500, when={"model": HAIKU}, times="forever")
    alone, beside = script(reply(times="forever", on="models"), rare, seed=seed), script(other, rare, seed=seed)

    quiet = [take(alone) is rare for _ in busy]
    mixed = [take(beside, model=HAIKU if is_taken else SONNET) is rare for is_taken in busy]

    assert mixed == [drawn and not is_taken for drawn, is_taken in zip(quiet, busy, strict=True)]


def test_two_steps_draw_apart_from_each_other() -> None:
    first, second = fail(529, chance=0.5), fail(500, chance=0.5)

    seen = taken(script(first, second), 400)

    assert {seen.count(step) // 50 for step in (first, second, None)} <= {1, 2, 3, 4}
    assert all(step in seen for step in (first, second, None))


# --- what follows ------------------------------------------------------------------------------------------------


def test_repeat_begins_the_script_once_more() -> None:
    once, twice = fail(429), fail(500, times=2)

    assert taken(script(once, twice, then="repeat"), 7) == [once, twice, twice] * 2 + [once]


def test_repeat_of_nothing_is_nothing() -> None:
    assert take(script(then="repeat")) is None


def test_repeat_does_not_wait_for_a_condition_that_never_holds() -> None:
    never, usual = fail(429, when={"model": HAIKU}), fail(500)

    assert taken(script(never, usual, then="repeat"), 3, model=SONNET) == [usual] * 3


def test_repeat_leaves_the_steps_of_other_calls_in_their_place() -> None:
    busy, hello, counted = fail(529), reply("Hello"), fail(500, on="count_tokens")
    steps = script(busy, hello, counted, then="repeat")

    assert take(steps) is busy
    assert [take(steps, "count_tokens") for _ in range(3)] == [counted] * 3
    assert [take(steps) for _ in range(3)] == [hello, busy, hello]


def test_repeat_keeps_a_window_that_is_over_over() -> None:
    storm, usual = fail("overloaded", during=(0, 30)), reply("Hello")
    steps = script(storm, usual, then="repeat")

    assert taken(steps, 2, at_s=5) == [storm, storm]
    assert taken(steps, 3, at_s=30) == [usual] * 3


def test_a_step_may_follow_and_has_no_end() -> None:
    once, last = fail(429), fail("overloaded", times="forever")

    assert taken(script(once, then=fail("overloaded")), 5) == [once, *[last] * 4]


def test_a_step_that_follows_keeps_its_conditions() -> None:
    last = fail("overloaded", when={"model": "*haiku*"}, during=(10, 20), chance=0.5, times="forever")
    steps = script(then=last, seed=1)

    assert taken(steps, 20, at_s=15, model=SONNET) == [None] * 20
    assert taken(steps, 20, at_s=5, model=HAIKU) == [None] * 20
    drawn = taken(steps, 20, at_s=15, model=HAIKU)
    assert last in drawn and None in drawn
    assert take(steps, "models", at_s=15, model=HAIKU) is None


@pytest.mark.parametrize("then", ["repeet", "", None, 5])
def test_what_follows_is_one_of_a_few_words_or_a_step(then: Any) -> None:
    with pytest.raises(ScriptError, match=r"then: unknown .*composed, repeat, refuse.*, or a step"):
        script(then=then)


# --- the door ----------------------------------------------------------------------------------------------------

REFUSED = fail("connection_refused")


def at_the_door(steps: Script, at_s: Iterable[float] = (0.0,)) -> list[Step | None]:
    return [steps.at_the_door(at) for at in at_s]


def test_the_door_sees_the_next_step_without_taking_it() -> None:
    steps = script(step := fail(429, times=2))

    assert at_the_door(steps) == [step]
    assert [steps.take_at_the_door(0.0) for _ in range(3)] == [step, step, None]


def test_the_door_passes_over_what_depends_on_the_call() -> None:
    steps = script(
        fail(429, when={"stream": True}), fail(500, chance=0.5), fail(503, on="models"), REFUSED, reply("Hello")
    )

    assert at_the_door(steps) == [REFUSED]


def test_the_door_waits_for_the_steps_before() -> None:
    steps = script(before := fail(429), REFUSED)

    assert at_the_door(steps) == [before]
    take(steps)
    assert at_the_door(steps) == [REFUSED]


def test_the_door_heeds_windows() -> None:
    steps = script(shut := fail("connection_refused", during=(10, 30)), usual := reply("Hello", times="forever"))

    assert at_the_door(steps, (0, 10, 29.9, 30)) == [usual, shut, shut, usual]


def test_the_door_is_shut_by_the_step_that_follows() -> None:
    steps = script(fail(429), then=REFUSED)
    take(steps)

    assert [steps.take_at_the_door(0.0) for _ in range(5)] == [fail("connection_refused", times="forever")] * 5


def test_the_door_is_open_for_calls_that_a_step_may_be_for() -> None:
    steps = script(fail(429, when={"stream": True}), then=REFUSED)

    assert at_the_door(steps) == [None]


def test_the_door_begins_the_script_once_more() -> None:
    steps = script(REFUSED, hello := reply("Hello"), then="repeat")

    seen = []
    for _ in range(6):
        step = steps.take_at_the_door(0.0) if steps.at_the_door(0.0) is REFUSED else take(steps)
        seen.append(step)

    assert seen == [REFUSED, hello] * 3


def test_a_fault_of_the_door_under_a_condition_is_for_the_call() -> None:
    dropped = reply("Hello", faults=[fault("connection_dropped")], when={"model": HAIKU})
    steps = script(dropped)

    assert at_the_door(steps) == [None]
    assert take(steps, model=HAIKU) is dropped
