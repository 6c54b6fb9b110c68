"""Writing in another process: all of it, and what went wrong comes back in words."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import pytest

from windtunnel.cassette import files
from windtunnel.cassette.interaction import CassetteError, Interaction, Request, Response
from windtunnel.cassette.record.scribe import Scribe, write_all

ONE = Interaction(
    request=Request(method="POST", uri="https://api.anthropic.com/v1/messages", body=b"{}"),
    response=Response(status=200, body=b"{}"),
)


def test_everything_that_is_handed_over_is_written(tmp_path):
    scribe = Scribe(tmp_path / "a.yaml")

    for _ in range(3):
        scribe(ONE)
    scribe.close()

    assert scribe.count == 3 == len(files.load(tmp_path / "a.yaml").interactions)


def test_what_went_wrong_is_said_at_the_end(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("interactions: [", encoding="utf-8")
    scribe = Scribe(path)
    scribe(ONE)

    with pytest.raises(CassetteError, match="left as it is"):
        scribe.close()


def test_a_scribe_that_is_killed_is_missed(tmp_path):
    scribe = Scribe(tmp_path / "a.yaml")
    scribe._process.kill()
    scribe._process.wait()
    scribe(ONE)

    with pytest.raises(CassetteError, match="was ended"):
        scribe.close()


def test_a_recorder_that_dies_leaves_what_was_complete(tmp_path: Path):
    said = pickle.dumps(ONE)

    told = write_all(tmp_path / "a.yaml", io.BytesIO(said + said + said[: len(said) // 2]), afresh=False)

    assert told == {"count": 2, "error": None}
    assert len(files.load(tmp_path / "a.yaml").interactions) == 2
