"""What is said of the sources of the real cassettes, in each file and on the page that lists them."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "cassettes"
PAGE = (FOLDER / "LICENCES.md").read_text(encoding="utf-8")
#: How the page heads the texts of licences.
TEXTS = {"MIT": "MIT", "0BSD": "0BSD", "Apache-2.0": "Apache 2.0", "Apache-2.0 OR BSD-3-Clause": "Apache 2.0"}

Source = tuple[str, str, str]


def sources_named_in_files() -> dict[str, Source]:
    found: dict[str, Source] = {}
    for path in (FOLDER / "real").glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        (source,) = re.findall(r"^# +of https://github\.com/(\S+) at (\w+), licence (.+)$", text, re.MULTILINE)
        found[path.stem] = source
    return found


def sources_listed() -> dict[str, Source]:
    rows = re.findall(r"^\| https://github\.com/(\S+) \| `(\w+)` \| (.+?) \| (.+) \|$", PAGE, re.MULTILINE)
    return {name: source for *source_, names in rows for source in [tuple(source_)] for name in names.split(", ")}


def test_the_page_lists_every_real_cassette_under_the_source_that_it_names() -> None:
    assert sources_listed() == sources_named_in_files()


def test_every_source_has_a_notice_and_the_text_of_its_licence() -> None:
    sources = set(sources_named_in_files().values())

    wanting = [
        repository
        for repository, _, licence in sources
        if f"\n| {repository} | {TEXTS[licence]}" not in PAGE or f"\n## {TEXTS[licence]}\n\n```text\n" not in PAGE
    ]

    assert wanting == []
