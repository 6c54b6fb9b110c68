from __future__ import annotations

from typing import Any

import pytest

from windtunnel.cassette import formats
from windtunnel.cassette.formats import CONVERTERS, TooNew, format_of, upgrade
from windtunnel.cassette.misfit import Misfit
from windtunnel.cassette.vcr import FORMAT, from_vcr


def plain(**response: Any) -> dict[str, Any]:
    request: dict[str, Any] = {"method": "GET", "uri": "https://a.test", "headers": {}, "body": None}
    return {"request": request, "response": {"headers": {"a": ["1"]}, **response}}


def test_there_is_a_step_from_every_version_to_the_next() -> None:
    assert sorted(CONVERTERS) == list(range(FORMAT))


def test_a_cassette_without_our_key_is_plain_vcr() -> None:
    structure = plain(status={"code": 200, "message": "OK"}, body={"string": "Hello"})

    found = from_vcr(upgrade(structure))

    assert format_of(structure) == 0
    assert found.response.body == b"Hello"
    assert found.response.arrivals == ()
    assert found.response.head_at_s is None
    assert found.extra == {}


def test_an_answer_without_a_body_is_empty() -> None:
    assert from_vcr(upgrade(plain(status={"code": 204, "message": ""}))).response.body == b""


def test_answers_as_old_versions_of_vcrpy_wrote_those_of_httpx_are_read() -> None:
    found = from_vcr(upgrade(plain(status_code=200, content="Hello", http_version="HTTP/1.1")))

    assert (found.response.status, found.response.body) == (200, b"Hello")
    assert found.extra == {"response": {"http_version": "HTTP/1.1"}}


def test_steps_are_taken_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "FORMAT", 2)
    monkeypatch.setattr(formats, "CONVERTERS", {**CONVERTERS, 1: lambda found: {**found, "steps": found["response"]}})

    assert upgrade(plain())["steps"]["windtunnel"] == {"format": 1}


def test_a_version_from_the_future_is_refused() -> None:
    with pytest.raises(TooNew, match=r"response.windtunnel.format is 7, and this windtunnel reads up to 1"):
        upgrade(plain(windtunnel={"format": 7}))


@pytest.mark.parametrize("ours", [{"format": "1"}, {"format": True}, {"format": -1}, {}, "x"])
def test_a_version_is_a_number(ours: Any) -> None:
    with pytest.raises(Misfit, match=", not the number of a format"):
        format_of(plain(windtunnel=ours))
