"""Programs may use the control API, and the page it serves; pages from elsewhere may not."""

from __future__ import annotations

import pytest

from windtunnel_server.call import Call
from windtunnel_server.visitors import refusal


def call(host: str | None = "127.0.0.1:8080", origin: str | None = None) -> Call:
    given = {"Host": host, "Origin": origin}
    return Call("POST", "/_windtunnel/reset", headers=tuple((k, v) for k, v in given.items() if v is not None))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8080", "127.0.0.1", "localhost", "localhost:1", "LOCALHOST:1", "a.localhost:1", "[::1]:8080", "10.1.2.3", None],
)  # fmt: skip
def test_a_program_on_this_machine_or_at_an_address_is_let_in(host: str | None) -> None:
    assert refusal(call(host)) is None


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "notlocalhost", "", "[::1"],
)  # fmt: skip
def test_a_name_that_was_made_to_point_here_is_refused(host: str) -> None:
    why = refusal(call(host))

    assert why is not None and repr(host) in why and "localhost" in why


def test_a_name_the_server_goes_by_is_let_in() -> None:
    assert refusal(call("fake:8080"), hosts={"fake"}) is None
    assert refusal(call("other:8080"), hosts={"fake"}) is not None


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"])
def test_the_page_the_server_has_served_is_let_in(host: str) -> None:
    assert refusal(call(host, f"http://{host}")) is None


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "https://evil.example:8080", "null", "http://127.0.0.1:9999", "http://localhost:8080", "file://", ""],
)  # fmt: skip
def test_a_page_from_elsewhere_is_refused(origin: str) -> None:
    why = refusal(call("127.0.0.1:8080", origin))

    assert why is not None and repr(origin) in why


def test_a_page_whose_own_name_points_here_is_refused() -> None:
    assert refusal(call("evil.example:8080", "http://evil.example:8080")) is not None
