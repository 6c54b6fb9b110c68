"""What is odd in a foreign recording is told with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from windtunnel.cassette.importing.numbered import numbered, structure
from windtunnel.cassette.interaction import CassetteError, Interaction, Request, Response

PATH = Path("theirs.yaml")


def read(item: Any, place: str) -> Interaction:
    return Interaction(request=Request(method="GET", uri=item["uri"]), response=Response(status=int(item["status"])))


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ({"uri": "https://a.test/"}, "theirs.yaml, entry 2: 'status' is missing; the file may have been cut"),
        ({"uri": "https://a.test/", "status": "no"}, "theirs.yaml, entry 2: it cannot be read (ValueError"),
        (None, "theirs.yaml, entry 2: it cannot be read (TypeError"),
    ],
)
def test_an_item_that_cannot_be_read_is_named(second: Any, said: str) -> None:
    with pytest.raises(CassetteError) as error:
        numbered(PATH, "entry", [{"uri": "https://a.test/", "status": 200}, second], read)

    assert said in str(error.value)


def test_what_is_no_list_is_said() -> None:
    with pytest.raises(CassetteError, match=r"theirs\.yaml: where its list should be is int"):
        numbered(PATH, "entry", 3, read)


def test_yaml_that_breaks_off_is_told_with_its_line() -> None:
    with pytest.raises(CassetteError, match=r"theirs\.yaml, line 3: this is no YAML"):
        structure(b'a: 1\nb: "two\n', PATH)
