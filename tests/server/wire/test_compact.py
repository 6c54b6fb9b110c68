from __future__ import annotations

from windtunnel_server.wire import compact


def test_json_has_no_spaces_and_keeps_other_alphabets_literal() -> None:
    assert compact.encode({"a": [1, "é→"], "b": None}) == '{"a":[1,"é→"],"b":null}'.encode()


def test_a_lone_surrogate_becomes_its_escape_instead_of_an_exception() -> None:
    assert compact.encode("\ud83d") == b'"\\ud83d"'
