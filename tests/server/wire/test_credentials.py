"""Where credentials stand in traffic."""

from __future__ import annotations

from windtunnel_server.wire import credentials


def test_names_are_in_lower_case_as_they_are_compared():
    names = credentials.HEADERS | credentials.SCHEMES | credentials.PARAMETERS | credentials.PROOFS

    assert names == {name.lower() for name in names}


def test_both_headers_of_an_api_key_are_secret():
    assert {"authorization", "x-api-key"} <= credentials.HEADERS
