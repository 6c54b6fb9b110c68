"""What the plugin's helper does beyond what an inner run shows (tests/plugin): the hand-over between processes."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from windtunnel.session import gather, hand_over, write_page


def config(**attributes: Any) -> Any:
    return SimpleNamespace(stash=pytest.Stash(), **attributes)


def account(title: str) -> dict[str, Any]:
    usual = {"entries": [], "exact": True, "verdicts": [], "claims": None, "provider": "anthropic", "seed": 0}
    return {"title": title, "simulated_s": 0.0, "context_window": None} | usual


def test_workers_hand_over_what_they_saw_and_the_page_is_in_order(tmp_path: Path):
    controller = config()
    for title in ("test_later", "test_earlier"):
        node = SimpleNamespace(config=controller, workeroutput={"windtunnel_seen": json.dumps([account(title)])})
        gather(node)

    write_page(controller, tmp_path / "new folder" / "page.html")

    page = (tmp_path / "new folder" / "page.html").read_text(encoding="utf-8")
    assert 0 < page.index("test_earlier") < page.index("test_later")


def test_a_worker_that_crashed_has_left_nothing_and_harms_nothing(tmp_path: Path):
    controller = config()

    gather(SimpleNamespace(config=controller))
    write_page(controller, tmp_path / "page.html")

    assert "python -m pytest" not in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_what_a_worker_hands_over_is_plain_text():
    worker = config(workeroutput={})

    hand_over(worker)

    assert worker.workeroutput == {"windtunnel_seen": "[]"}
