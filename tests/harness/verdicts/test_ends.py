"""Which claim is about which request, by the instants at which both end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from windtunnel.verdicts._ends import Ending, by_end
from windtunnel.verdicts.claims import Claim


def failed(ended_at: float | None, *, asked_at: float | None = 0.0, client: int = 0, status: int = 429) -> Claim:
    return Claim(outcome="error", status=status, client=client, asked_at=asked_at, ended_at=ended_at)


def over(ends_at: float, *, begins_at: float = 0.0, look: str = "429", client: int | None = None) -> Ending:
    return Ending(begins_at, ends_at, look, client)


def test_each_claim_is_about_the_request_that_ended_with_it():
    claims = [failed(6.6, client=3), failed(6.7, client=2), failed(7.8, client=5)]

    assert sorted(by_end(claims, [over(7.8), over(6.6), over(6.7)])) == [(0, 1), (1, 2), (2, 0)]


def test_nothing_is_told_where_a_claim_was_made_later_than_any_request_ended():
    assert by_end([failed(1.0), failed(3.0)], [over(1.0), over(2.0)]) == []


def test_a_claim_that_took_its_time_does_not_pass_for_the_next_ones():
    """Each was made a second after its request was over, and so most fall on the end of another."""
    claims = [failed(2.0), failed(3.0), failed(4.0)]

    assert by_end(claims, [over(1.0), over(2.0), over(3.0)]) == []


def test_nothing_is_told_without_instants_or_with_another_number_of_claims():
    assert by_end([failed(None)], [over(1.0)]) == []
    assert by_end([failed(1.0, asked_at=None)], [over(1.0)]) == []
    assert by_end([failed(1.0)], [over(1.0), over(1.0)]) == []


def test_a_claim_is_about_nothing_that_began_before_it_was_asked():
    assert by_end([failed(5.0, asked_at=3.0)], [over(5.0, begins_at=1.0)]) == []


def test_those_that_end_together_are_left_open_where_both_sides_differ():
    together = [failed(1.0, status=429), failed(1.0, status=529)]

    assert by_end([*together, failed(2.0)], [over(1.0), over(1.0, look="529"), over(2.0)]) == [(2, 2)]


def test_those_that_end_together_are_paired_in_any_way_where_one_side_is_alike():
    same, other = [failed(1.0), failed(1.0, client=1)], [failed(1.0, status=429), failed(1.0, status=529)]

    assert len(by_end(same, [over(1.0), over(1.0, look="529")])) == 2
    assert len(by_end(other, [over(1.0), over(1.0)])) == 2


def test_of_those_that_are_alike_each_gets_one_that_began_while_it_was_asked():
    claims = [failed(5.0, asked_at=2.0), failed(5.0, asked_at=0.0, client=1)]

    assert sorted(by_end(claims, [over(5.0, begins_at=0.0), over(5.0, begins_at=2.0)])) == [(0, 1), (1, 0)]


def test_a_known_client_goes_before_all_that():
    claims = [failed(1.0, client=7), failed(1.0, client=8, status=529)]

    assert sorted(by_end(claims, [over(1.0, client=8, look="529"), over(1.0)])) == [(0, 1), (1, 0)]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.sampled_from(["a", "b"])), max_size=8), st.randoms())
def test_whoever_is_told_apart_is_told_right(crowd: list[tuple[int, int, str]], rng):
    """A crowd of requests, with claims made when they were over: pairs differ from the truth in nothing that shows."""
    endings = [over(float(end), look=look) for end, _, look in crowd]
    truth = [
        (failed(float(end + late), client=place, status=ord(look)), ending)
        for place, ((end, late, look), ending) in enumerate(zip(crowd, endings, strict=True))
    ]
    shuffled = rng.sample(truth, len(truth))
    claims = [claim for claim, _ in shuffled]

    told = by_end(claims, endings)

    assert all(chr(claims[claim].status or 0) == endings[ending].look for claim, ending in told)
    assert len({claim for claim, _ in told}) == len({ending for _, ending in told}) == len(told)
