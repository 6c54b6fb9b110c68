"""Clocks taken hold of as default arguments."""

from __future__ import annotations

import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest

from windtunnel_server.inprocess import held_clocks

MODULE = "anthropic.lib.credentials._cache"


def module_with_a_held_clock() -> Any:
    class TokenCache:
        def __init__(self, *, time_source: Any = time.time) -> None:
            self.now = time_source

    return SimpleNamespace(TokenCache=TokenCache)


def test_a_held_clock_asks_for_the_time_when_it_is_needed(monkeypatch: pytest.MonkeyPatch):
    module = module_with_a_held_clock()
    monkeypatch.setitem(sys.modules, MODULE, module)

    held_clocks.release()

    monkeypatch.setattr(time, "time", lambda: 7.0)
    assert module.TokenCache().now() == 7.0


@pytest.mark.parametrize("module", [None, SimpleNamespace(), SimpleNamespace(TokenCache=object)], ids=range(3))
def test_without_such_a_class_nothing_happens(monkeypatch: pytest.MonkeyPatch, module: Any):
    monkeypatch.setitem(sys.modules, MODULE, module)

    held_clocks.release()
