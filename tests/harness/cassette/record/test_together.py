"""What a test adds to a cassette that others write, too."""

from __future__ import annotations

from windtunnel.cassette.interaction import Interaction, Request, Response
from windtunnel.cassette.record.together import added


def taken(asked: str, said: str = "") -> Interaction:
    request = Request(method="POST", uri="https://api.anthropic.com/v1/messages", body=asked.encode())
    return Interaction(request=request, response=Response(status=200, body=said.encode()))


def test_what_another_has_added_meanwhile_is_not_added_again():
    assert added([taken("a", "mine"), taken("b")], there=[taken("a", "theirs")], known=[]) == [taken("b")]


def test_what_was_there_from_the_beginning_and_is_asked_once_more_is_added():
    assert added([taken("a")], there=[taken("a")], known=[taken("a")]) == [taken("a")]


def test_what_one_test_asks_twice_is_added_twice():
    assert added([taken("a"), taken("a")], there=[], known=[]) == [taken("a"), taken("a")]


def test_what_two_tests_ask_twice_each_is_there_twice():
    assert added([taken("a"), taken("a")], there=[taken("a"), taken("a")], known=[]) == []


def test_what_takes_the_place_of_the_file_is_added_whole():
    assert added([taken("a")], there=[], known=[taken("a")]) == [taken("a")]
