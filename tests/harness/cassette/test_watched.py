"""What is told of a cassette that a server plays: misses as they happen, and what was played in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from windtunnel.cassette.interaction import Interaction, Request, Response
from windtunnel.cassette.watched import Watched
from windtunnel_server.call import Call

ADDRESS = "https://api.anthropic.com/v1/messages"


def taken(number: int) -> Interaction:
    return Interaction(
        request=Request(method="POST", uri=ADDRESS, body=b'{"n":%d}' % number), response=Response(status=200)
    )


def call(body: bytes) -> Call:
    return Call("POST", "/v1/messages", "", (), body, 0.0, 0.0, 0.0)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def watch(told: list[str]) -> Callable[..., Watched]:
    """Watch a cassette of interactions 1 to 9."""

    def start(**options: Any) -> Watched:
        return Watched([("a.yaml", [taken(number) for number in range(1, 10)])], tell=told.append, **options)

    return start


def ask(player: Watched, *bodies: bytes) -> None:
    for body in bodies:
        if player.play(call(body)) is None:
            player.missed(call(body))


def test_a_miss_is_told_as_a_tests_report_tells_it(watch: Callable[..., Watched], told: list[str]) -> None:
    player = watch(remedy="record it")

    ask(player, b'{"n":1}', b'{"n":77}')

    assert told == [str(player.misses[0])]
    assert told[0].startswith(
        "No recording answers POST /v1/messages (request 2).\n  nearest: interaction 2 of a.yaml\n"
    )


def test_a_miss_that_comes_again_is_told_once_and_counted(watch: Callable[..., Watched], told: list[str]) -> None:
    player = watch()

    ask(player, *[b'{"n":77}', b'{"n":78}'] * 50)

    assert len(told) == 2
    assert "100 requests not recorded, 2 different ones" in player.summary()


def test_many_unlike_misses_do_not_bury_the_first(watch: Callable[..., Watched], told: list[str]) -> None:
    player = watch()

    ask(player, *(b'{"n":%d}' % number for number in range(100, 200)))

    assert len(told) == 21
    assert told[-1].endswith("they are counted, and the journal has them")
    assert "100 requests not recorded\n" in player.summary()


def test_a_wide_difference_is_told_one_below_the_other(
    watch: Callable[..., Watched], told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    ask(watch(remedy="record it"), b'{"n":"%s"}' % (b"a long text that goes on " * 9))

    assert told[0].splitlines()[2:5] == [
        "  differs: n",
        "    recorded: 1",
        '    asked:    "a long text that goes on a long text that goes on a long te…',
    ]
    assert max(map(len, told[0].splitlines())) <= 80


def test_what_was_played_already_names_the_option_that_serve_has(
    watch: Callable[..., Watched], told: list[str]
) -> None:
    ask(watch(), b'{"n":1}', b'{"n":1}')

    assert "played already; --allow-repeats lets it answer again" in told[0]


def test_the_end_tells_what_was_played_and_what_was_not(watch: Callable[..., Watched]) -> None:
    player = watch()

    ask(player, b'{"n":1}', b'{"n":4}', b'{"n":7}')

    assert player.summary() == "3 of 9 interactions played\n  not played: 2, 3, 5, 6, 8, 9 of a.yaml"


def test_runs_of_numbers_are_put_together(watch: Callable[..., Watched]) -> None:
    player = watch()

    ask(player, b'{"n":2}', b'{"n":10}')

    assert player.summary() == ("1 of 9 interactions played; 1 request not recorded\n  not played: 1, 3 to 9 of a.yaml")


def test_what_was_played_before_a_reset_was_played(watch: Callable[..., Watched]) -> None:
    player = watch()
    ask(player, b'{"n":1}', b'{"n":77}')

    player.rewind()
    ask(player, *(b'{"n":%d}' % number for number in range(2, 10)))

    assert player.summary() == "9 of 9 interactions played; 1 request not recorded"
