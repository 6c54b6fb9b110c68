"""Other readings of attempts without marks, by rules that a test can see through."""

from __future__ import annotations

from dataclasses import dataclass

from windtunnel.verdicts._readings import innocent


@dataclass
class Seconds:
    """Each call tries again after exactly so many seconds, and may end on a success or after that many attempts."""

    wait_s: float
    attempts: int

    def goes_on(self, part, entry) -> bool:
        last = part[-1]
        return len(part) < self.attempts and last.status != 200 and entry.arrived_at - last.arrived_at == self.wait_s

    def may_end(self, part) -> bool:
        return part[-1].status == 200 or len(part) == self.attempts


def told_of(told, **calls: str) -> list:
    """Write down `a="0 2 4"` as three attempts; `4!` succeeds."""
    planned = [(float(word.strip("!")), word.endswith("!")) for words in calls.values() for word in words.split()]
    return [told.call(at, 200 if succeeded else 429) for at, succeeded in sorted(planned)]


def test_one_call_that_did_right_is_innocent(told):
    assert innocent(told_of(told, a="0 2 4!"), Seconds(2, 3))


def test_calls_that_ran_into_one_another_are_innocent(told):
    assert innocent(told_of(told, a="0 2 4", b="1 3 5", c="1.5!"), Seconds(2, 3))


def test_calls_one_after_the_other_are_innocent(told):
    assert innocent(told_of(told, a="0 2 4", b="7 9 11!"), Seconds(2, 3))


def test_a_wait_that_fits_nothing_is_not(told):
    assert not innocent(told_of(told, a="0 1 4"), Seconds(2, 3))


def test_a_call_given_up_early_is_not(told):
    assert not innocent(told_of(told, a="0 2 4", b="1 3"), Seconds(2, 3))


def test_a_hammering_client_is_not(told):
    hammering = [told.call(attempt * 0.01, 429) for attempt in range(100)]

    assert not innocent(hammering, Seconds(2, 3))


def test_what_would_take_too_long_to_search_is_taken_for_possible(told):
    many = [told.call(float(attempt), 429) for attempt in range(401)]
    tangled = [told.call(float(attempt // 10), 429) for attempt in range(100)]

    assert innocent(many, Seconds(0.3, 3))
    assert innocent(tangled, Seconds(1, 99))
