"""What we write is a cassette of vcrpy's: it loads it and plays it to the official SDK; what it writes, we read."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from windtunnel.cassette.files import load, save
from windtunnel.cassette.interaction import Interaction

vcr = pytest.importorskip("vcr")
anthropic = pytest.importorskip("anthropic")
httpx2 = pytest.importorskip("httpx2")

ASKED = {"model": "claude-sonnet-5", "max_tokens": 64, "messages": [{"role": "user", "content": "Where?"}]}


@pytest.fixture
def cassette(tmp_path: Path, streamed: Interaction, answered: Interaction) -> Path:
    body = gzip.compress(answered.response.body)
    headers = (*answered.response.headers, ("content-encoding", "gzip"))
    packed = replace(answered, response=replace(answered.response, body=body, headers=headers))
    save(tmp_path / "talk.yaml", [streamed, answered, packed], expected=None)
    return tmp_path / "talk.yaml"


def test_vcrpy_plays_our_cassettes_to_the_official_sdk(cassette: Path) -> None:
    with (
        vcr.use_cassette(str(cassette), record_mode="none") as played,
        anthropic.Anthropic(api_key="sk-ant-none", max_retries=0) as client,
    ):
        with client.messages.stream(**ASKED) as stream:
            text = stream.get_final_text()
        one, packed = (client.messages.create(**ASKED) for _ in range(2))

    assert text == "Paris, “la Ville”."
    assert one == packed
    assert one.content[0].input == {"city": "Paris"}
    assert played.all_played


def test_vcrpy_gives_the_bytes_we_wrote(cassette: Path) -> None:
    with vcr.use_cassette(str(cassette), record_mode="none"), httpx2.Client() as client:
        for interaction in load(cassette).interactions:
            with client.stream("POST", interaction.request.uri) as answer:
                assert b"".join(answer.iter_raw()) == interaction.response.body
                assert answer.reason_phrase == (interaction.response.reason or "OK")


def test_what_we_know_survives_vcrpy_adding_to_the_file(cassette: Path, framed: Interaction) -> None:
    before = load(cassette).interactions

    with vcr.use_cassette(str(cassette), record_mode="new_episodes") as recorder:
        recorder.append(
            vcr.request.Request("GET", "https://a.test/x", b"", {"a": "1"}),
            {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": framed.response.body}},
        )

    after = load(cassette)
    assert [_sorted(interaction) for interaction in after.interactions[:3]] == [_sorted(each) for each in before]
    assert after.interactions[3].response.body == framed.response.body
    assert after.format == 0


def test_a_cassette_that_vcrpy_wrote_is_read_and_not_when_it_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "theirs.yaml"
    with vcr.use_cassette(str(path), record_mode="all") as recorder:
        for number in range(2):
            recorder.append(
                vcr.request.Request("POST", "https://a.test/x", json.dumps(ASKED), {"a": str(number)}),
                {"status": {"code": 200, "message": "OK"}, "headers": {"b": ["1", "2"]}, "body": {"string": b"Hi"}},
            )

    cassette = load(path)
    theirs = path.read_bytes()
    path.write_bytes(theirs[: theirs.index(b"version")])

    assert cassette.format == 0
    assert cassette.interactions[1].request.headers == (("a", "1"),)
    assert cassette.interactions[1].response.headers == (("b", "1"), ("b", "2"))
    with pytest.raises(ValueError, match="there is no version in it, and the end may be missing"):
        load(path)


def _sorted(interaction: Interaction) -> Interaction:
    """Put headers in order of their names: so vcrpy writes them."""
    request, response = interaction.request, interaction.response
    return replace(
        interaction,
        request=replace(request, headers=tuple(sorted(request.headers))),
        response=replace(response, headers=tuple(sorted(response.headers))),
    )
