"""A request as a value."""

from __future__ import annotations

from windtunnel_server.call import Call


def test_a_header_is_found_in_any_case_and_the_first_one_counts() -> None:
    call = Call("POST", "/", headers=(("X-Api-Key", "one"), ("x-api-key", "two")))

    assert call.header("x-API-key") == "one"
    assert call.header("host") is None


def test_a_call_comes_from_another_process_until_somebody_says_otherwise() -> None:
    call = Call("GET", "/")

    assert (call.sender, call.in_process, call.connection, call.json) == (None, False, 0, None)
