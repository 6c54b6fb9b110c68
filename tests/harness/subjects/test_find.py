"""Clients by name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from windtunnel.policies import POLICIES
from windtunnel.subjects import SUBJECTS, SubjectError, find
from windtunnel.subjects.subject import ABILITIES


@pytest.mark.parametrize("name", SUBJECTS)
def test_each_says_truthfully_what_it_is(name):
    pytest.importorskip("anthropic")
    from windtunnel.subjects import clouds

    subject = find(name)

    assert subject.name == name
    assert subject.about
    assert subject.policy in POLICIES
    assert subject.abilities <= set(ABILITIES)
    four = {"anthropic", "bedrock", "vertex", "foundry"}
    assert set(subject.providers) == {"naive": {"anthropic"}, "unified": four}.get(name, set(clouds.providers()))


def test_the_default_comes_first():
    assert next(iter(SUBJECTS)) == "unified"


def test_a_wrong_name_is_told_the_nearest():
    with pytest.raises(
        SubjectError, match="No built-in client is called 'antropic'.\n  on offer, nearest first: anthropic, "
    ):
        find("antropic")


def test_without_the_sdk_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(
        SubjectError, match="'anthropic-async' is the official SDK, which is not installed: pip install"
    ):
        find("anthropic-async")


def test_nothing_heavy_is_imported_before_a_client_is_made():
    code = "import sys, windtunnel.subjects; sys.exit('anthropic' in sys.modules or 'urllib.request' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], timeout=50).returncode == 0
