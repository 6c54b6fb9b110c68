"""What is wrong with a cassette is found, and what is right is left in peace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from windtunnel.cassette import exporting, layout
from windtunnel.cassette.interaction import Arrival, CassetteError, Interaction
from windtunnel.cassette.verify import verify


@pytest.fixture
def path(tmp_path: Path, streamed: Interaction) -> Path:
    file = tmp_path / "a.yaml"
    file.write_bytes(layout.document([layout.block(streamed)]))
    return file


def checks(path: Path, **options: bool) -> set[tuple[str, str, int]]:
    return {(fault.check, fault.weight, fault.number) for fault in verify(path, environ={}, sdk=False, **options)}


def test_a_good_cassette_has_no_faults(path: Path) -> None:
    assert checks(path) == set()


def test_a_comment_that_tells_something_else_is_an_error(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"# assistant: Paris", b"# assistant: Rome"))

    assert checks(path) == {("comments", "error", 1)}


def test_lines_of_ones_own_above_the_comments_are_not(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"# --- 1 ---\n", b"# --- 1 ---\n# Source: us\n"))

    assert checks(path) == set()


def test_a_secret_is_an_error(path: Path) -> None:
    key = b"sk-ant-api03-" + b"Ab1" * 31 + b"-AA"
    path.write_bytes(path.read_bytes().replace(b'x-api-key: ["***"]', b'x-api-key: ["%s"]' % key))

    assert ("secrets", "error", 0) in checks(path)


@pytest.mark.parametrize("arrivals", [(Arrival(0.9, 5), Arrival(0.1, 0)), (Arrival(99.0, 5),)])
def test_instants_that_cannot_be_are_an_error(path: Path, streamed: Interaction, arrivals: tuple[Arrival, ...]) -> None:
    rest = Arrival(arrivals[-1].at_s, len(streamed.response.body) - 5)
    changed = replace(streamed, response=replace(streamed.response, arrivals=(*arrivals, rest)))
    path.write_bytes(layout.document([layout.block(changed)]))

    assert ("arrivals", "error", 1) in checks(path)


def test_a_length_that_is_not_true_is_noted(path: Path, answered: Interaction) -> None:
    headers = (*answered.response.headers, ("content-length", "3"))
    changed = replace(answered, response=replace(answered.response, headers=headers))
    path.write_bytes(layout.document([layout.block(changed)]))

    assert checks(path) == {("length", "note", 1)}


def test_plain_vcr_and_an_edited_file_are_noted(path: Path, streamed: Interaction) -> None:
    path.write_bytes(path.read_bytes().replace(b"  response:", b"  response: "))
    edited = checks(path)
    path.write_bytes(exporting.vcr([streamed]))

    assert edited == {("layout", "note", 0)}
    assert checks(path) == {("format", "note", 0)}


def test_what_is_no_cassette_is_said(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])

    with pytest.raises(CassetteError):
        verify(path)


def test_fields_that_the_types_of_the_sdk_want_are_noted(path: Path, streamed: Interaction) -> None:
    pytest.importorskip("anthropic", minversion="1")
    body = streamed.response.body.replace(b'"index":0,', b"", 1)
    path.write_bytes(layout.document([layout.block(replace(streamed, response=replace(streamed.response, body=body)))]))

    found = [fault for fault in verify(path, environ={}) if "content_block_start" in fault.why]

    assert [(fault.check, fault.weight) for fault in found] == [("types", "note")]
