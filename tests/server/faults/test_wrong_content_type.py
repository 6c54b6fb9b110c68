from __future__ import annotations

from random import Random

from windtunnel_server.faults.wrong_content_type import wrong_content_type
from windtunnel_server.plan import Plan


def test_only_the_type_is_wrong(streamed: Plan, rng: Random) -> None:
    rough = wrong_content_type(streamed, rng=rng)

    assert rough.head is not None
    assert rough.head.header("content-type") == "text/html; charset=utf-8"
    assert rough.steps[1:] == streamed.steps[1:]


def test_the_type_can_be_chosen(unstreamed: Plan, rng: Random) -> None:
    rough = wrong_content_type(unstreamed, rng=rng, value="text/plain")

    assert rough.head is not None
    assert rough.head.header("content-type") == "text/plain"
