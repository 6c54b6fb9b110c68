"""Entries that are filled in when somebody looks at them."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from windtunnel_server.journal import Entry, Performed, entry_from_json
from windtunnel_server.unread import Unread


def unread(**values: Any) -> Unread:
    entry = Unread(**{"number": 1, "provider": "anthropic", "method": "POST", "path": "/v1/messages"} | values)
    return entry


def test_nothing_is_told_before_somebody_looks() -> None:
    told: list[Entry] = []
    entry = unread()
    entry.later(told.append)

    assert (entry.number, entry.method, entry.ended, told) == (1, "POST", None, [])
    assert entry.usage is None
    assert told == [entry]


@pytest.mark.parametrize("name", ["headers", "body", "body_digest", "response_headers", "usage", "steps", "sent"])
def test_whatever_is_read_all_is_told_once_and_in_order(name: str) -> None:
    told: list[int] = []
    entry = unread()
    entry.later(lambda _: told.append(1))
    entry.later(lambda _: told.append(2))

    getattr(entry, name)
    _ = entry.to_json()

    assert told == [1, 2]


def test_what_is_told_may_read_and_write_the_entry() -> None:
    entry = unread()

    def tell(it: Entry) -> None:
        it.steps.append(Performed(0.5, "head"))
        it.bytes_out += 7

    entry.later(tell)

    assert (entry.steps, entry.bytes_out) == ([Performed(0.5, "head")], 7)


def test_what_is_written_before_the_first_look_comes_after_what_was_to_be_told() -> None:
    entry = unread()
    entry.later(lambda it: setattr(it, "usage", {"input_tokens": 1}))

    entry.usage = {"input_tokens": 2}

    assert entry.usage == {"input_tokens": 2}


def test_a_second_thread_waits_until_all_is_told() -> None:
    entry, begun, go, seen = unread(), threading.Event(), threading.Event(), []

    def tell(it: Entry) -> None:
        begun.set()
        assert go.wait(10)
        it.body = "told"

    entry.later(tell)
    first = threading.Thread(target=lambda: seen.append(entry.body))
    second = threading.Thread(target=lambda: seen.append(entry.body))
    first.start()
    assert begun.wait(10)
    second.start()
    go.set()
    first.join(10)
    second.join(10)

    assert seen == ["told", "told"]


def test_what_fails_fails_once_and_is_heard() -> None:
    entry = unread()
    entry.later(lambda it: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        _ = entry.body

    assert entry.body is None


def test_a_copy_and_json_hold_what_was_told() -> None:
    entry = unread()
    entry.later(lambda it: setattr(it, "body", {"model": "m"}))

    assert replace(entry, number=9).body == {"model": "m"}
    assert entry_from_json(unread(body={"model": "m"}).to_json()).body == {"model": "m"}
