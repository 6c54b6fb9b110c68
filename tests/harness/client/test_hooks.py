"""Hooks: heard, and harmless."""

from __future__ import annotations

import logging

import pytest

from windtunnel.client.hooks import tell


def test_a_hook_is_called_with_what_there_is_to_tell() -> None:
    told: list[int] = []

    tell("on_number", told.append, 3)
    tell("on_number", None, 4)

    assert told == [3]


def test_what_it_raises_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    def hook(number: int) -> None:
        raise ValueError(f"not {number}")

    tell("on_number", hook, 3)

    (record,) = caplog.records
    assert (record.name, record.levelno) == ("windtunnel.client", logging.ERROR)
    assert "on_number raised" in record.getMessage() and "not 3" in caplog.text


def test_who_wants_to_stop_everything_can() -> None:
    def hook(number: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tell("on_number", hook, 3)
