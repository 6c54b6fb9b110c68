from __future__ import annotations

from windtunnel_server.script import Script, Step
from windtunnel_server.words import fail, reply


def script(*steps: Step) -> Script:
    made = Script()
    made.extend(steps)
    return made


def test_steps_are_taken_in_order_each_as_often_as_it_says() -> None:
    once, twice = fail(429), fail(500, times=2)
    steps = script(twice, once)

    assert [steps.take("messages") for _ in range(4)] == [twice, twice, once, None]


def test_a_call_takes_the_first_step_that_is_for_it() -> None:
    counted, talked, whichever = fail(429, on="count_tokens"), fail(500), fail(503, on="any")
    steps = script(counted, talked, whichever)

    assert steps.take("models") is whichever
    assert steps.take("messages") is talked
    assert steps.take("messages") is None
    assert steps.left == [counted]


def test_what_a_reply_says_only_messages_can_say() -> None:
    said = reply("Hello", on="any")
    steps = script(said)

    assert steps.take("models") is None
    assert steps.take("messages") is said


def test_the_door_takes_whatever_is_next() -> None:
    counted, talked = fail("connection_refused", on="count_tokens"), fail(500)
    steps = script(counted, talked)

    assert [steps.take("door"), steps.take("door"), steps.take("door")] == [counted, talked, None]


def test_the_next_step_is_seen_without_being_taken() -> None:
    step = fail(429, times=2)
    steps = script(step)

    assert steps.next is step
    steps.take("messages")
    assert steps.next is step
    steps.take("messages")
    assert steps.next is None


def test_steps_are_added_behind_those_to_come() -> None:
    first, second = fail(429), fail(500)
    steps = script(first)

    steps.extend([second])
    assert steps.left == [first, second]
    steps.clear()
    assert steps.left == []
