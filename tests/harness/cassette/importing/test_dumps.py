"""Dumps that the tools themselves wrote (`dumps/README.md`): nothing of them is lost, and what they lack is told."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from windtunnel import Player, Windtunnel
from windtunnel.cassette import exporting
from windtunnel.cassette.files import load
from windtunnel.cassette.importing import imported, kind_of
from windtunnel.cassette.interaction import CassetteError, Interaction, header
from windtunnel.cassette.reported import coding, named, plain
from windtunnel.cassette.scrubbing import redacted

DUMPS = Path(__file__).parent / "dumps"
KINDS = {
    "chromium.har": "har",
    "chromium.har.zip": "har",
    "mitmproxy.har": "har",
    "mitmproxy.flows": "mitmproxy",
    "cassetter.yaml": "cassetter",
    "cassetter.toml": "cassetter",
    "pytest-recording.yaml": "vcr",
    "vcr.json": "vcr",
}
#: JSON for which vcrpy has no binary; and formats in which the end of a file cannot be told from its middle.
SHORTER = ("vcr.json",)
OPEN_ENDED = ("cassetter.yaml", "cassetter.toml")
LOST = ("mitmproxy-streamed.flows", "chromium-omit.har")


@pytest.fixture(scope="module")
def origin() -> list[Interaction]:
    return list(load(DUMPS / "origin.yaml").interactions)


def unpacked(interaction: Interaction) -> bytes | None:
    heads = named(interaction.response.headers)
    return plain(interaction.response.body, coding(heads, interaction.response.body))


def essence(interaction: Interaction) -> tuple[Any, ...]:
    response = interaction.response
    asked = json.loads(interaction.request.body)
    kept = ("content-type", "request-id", "x-amzn-requestid", "date", "x-should-retry")
    heads = named(response.headers)
    return (
        interaction.request.method,
        asked,
        response.status,
        unpacked(interaction),
        response.ended,
        [heads.get(name) for name in kept],
        interaction.provider,
    )


@pytest.mark.parametrize("name", KINDS)
def test_a_dump_holds_what_was_asked_and_answered(name: str, origin: list[Interaction]) -> None:
    found = imported(DUMPS / name)

    assert kind_of((DUMPS / name).read_bytes()) == KINDS[name]
    assert [essence(one) for one in found] == [essence(one) for one in origin[: 3 if name in SHORTER else 4]]


@pytest.mark.parametrize("name", KINDS)
def test_a_dump_is_played_to_clients_byte_for_byte(name: str) -> None:
    anthropic = pytest.importorskip("anthropic")
    found = redacted(imported(DUMPS / name), name, environ={})

    with Windtunnel(cassette=Player([(name, found)])) as tunnel:
        with anthropic.Anthropic(base_url=tunnel.url, api_key=tunnel.api_key, max_retries=0) as client:
            with client.messages.stream(**asked(found[0])) as stream:
                text = stream.get_final_text()
            with pytest.raises(anthropic.InternalServerError, match="Overloaded"):
                client.messages.create(**asked(found[1]))
            packed = client.messages.create(**asked(found[2])).content[0].text
        framed = [raw(tunnel.url, one) == one.response.body for one in found[3:]]
        unplayed = tunnel.cassette.unplayed

    assert (text, packed, framed) == ("Grüße aus Ulm 🙂", "Gepackt.", [True] * (len(found) - 3))
    assert unplayed == []


@pytest.mark.parametrize("name", [name for name in KINDS if name not in SHORTER])
def test_what_was_imported_is_exported_and_played_by_vcrpy(name: str, tmp_path: Path) -> None:
    vcr = pytest.importorskip("vcr")
    found = imported(DUMPS / name)
    (tmp_path / "out.yaml").write_bytes(exporting.vcr(found))

    with vcr.use_cassette(str(tmp_path / "out.yaml"), record_mode="none") as played, httpx2.Client() as client:
        bodies = []
        for one in found:
            with client.stream(one.request.method, one.request.uri, content=one.request.body) as answer:
                bodies.append(b"".join(answer.iter_raw()))

    assert bodies == [one.response.body for one in found]
    assert played.all_played


@pytest.mark.parametrize("name", LOST)
def test_answers_whose_bodies_were_not_kept_are_not_taken_for_empty_ones(name: str) -> None:
    with pytest.raises(CassetteError, match=r"1 \(POST http://.*/v1/messages\): the body of the answer was not kept"):
        imported(DUMPS / name, tell=lambda line: None)


def is_between_flows(cut: bytes) -> bool:
    """Say whether these are whole flows of mitmproxy, each with its length in front: nobody can see that more followed."""
    while cut:
        size, _, rest = cut.partition(b":")
        if not size.isdigit() or len(rest) <= int(size):
            return False
        cut = rest[int(size) + 1 :]
    return True


@pytest.mark.parametrize("name", [name for name in KINDS if name not in OPEN_ENDED])
@given(share=st.floats(0.01, 0.99))
@example(share=0.29400082238647046)
def test_a_dump_that_was_cut_is_told_wherever_it_was(name: str, share: float, tmp_path_factory: Any) -> None:
    raw_dump = (DUMPS / name).read_bytes()
    cut = raw_dump[: int(len(raw_dump) * share)]
    assume(not is_between_flows(cut))
    path = tmp_path_factory.mktemp("cut") / name
    path.write_bytes(cut)
    told: list[str] = []

    try:
        found = list(imported(path, tell=told.append, kind=KINDS[name]))
    except CassetteError as error:
        told.append(str(error))
        found = []

    assert found == list(complete(name))[: len(found)]
    assert told
    assert name in told[0]


def test_a_dump_of_flows_that_was_cut_gives_those_before_the_cut(tmp_path: Path) -> None:
    whole = (DUMPS / "mitmproxy.flows").read_bytes()
    (tmp_path / "cut.flows").write_bytes(whole[:-100])
    told: list[str] = []

    found = imported(tmp_path / "cut.flows", tell=told.append)

    assert found == list(imported(DUMPS / "mitmproxy.flows"))[:3]
    assert "flow 4: the dump is cut or damaged from here on (100 bytes are missing at its end); left out" in told[0]
    with pytest.raises(CassetteError, match="flow 4: the dump is cut"):
        imported(tmp_path / "cut.flows")


def test_bodies_beside_an_archive_are_found_there_and_nowhere_else(tmp_path: Path, origin: list[Interaction]) -> None:
    with zipfile.ZipFile(DUMPS / "chromium.har.zip") as zipped:
        zipped.extractall(tmp_path)

    beside = imported(tmp_path / "har.har")
    (tmp_path / "alone").mkdir()
    moved = shutil.copy(tmp_path / "har.har", tmp_path / "alone")
    leading = (tmp_path / "har.har").read_text(encoding="utf-8").replace('"_file":"', '"_file":"../')
    (tmp_path / "alone" / "leading.har").write_text(leading, encoding="utf-8")

    assert [unpacked(one) for one in beside] == [unpacked(one) for one in origin]
    with pytest.raises(CassetteError, match="cannot be read: No such file or directory; put it beside"):
        imported(moved)
    with pytest.raises(CassetteError, match="which is not beside it"):
        imported(tmp_path / "alone" / "leading.har")


@cache
def complete(name: str) -> Sequence[Interaction]:
    return imported(DUMPS / name)


def asked(interaction: Interaction) -> dict[str, Any]:
    """Return a recorded question as the SDK takes it; a stream is asked for by another method."""
    return {name: value for name, value in json.loads(interaction.request.body).items() if name != "stream"}


def raw(url: str, interaction: Interaction) -> bytes:
    kind = header(interaction.request.headers, "content-type") or ""
    path = "/bedrock" + interaction.request.uri.partition("/bedrock")[2]
    with httpx2.Client() as client:
        answer = client.post(url + path, content=interaction.request.body, headers={"content-type": kind})
    return answer.content
