from __future__ import annotations

import pytest

from windtunnel.cassette.document import Damage, parse
from windtunnel.cassette.interaction import Interaction
from windtunnel.cassette.layout import block, document

ONE = """
interactions:
- request: {method: GET, uri: "https://a.test", headers: {}, body: null}
  response:
    status: {code: 200, message: OK}
    headers: {}
    body: {string: Hi}
version: 1
"""


def test_our_own_layout_is_yaml(three: list[Interaction]) -> None:
    assert parse(document(map(block, three))).interactions == tuple(three)


def test_plain_vcr_is_format_0_and_other_keys_are_kept() -> None:
    found = parse(f"{ONE}recorded_with: somebody\n".encode())

    assert found.format == 0
    assert found.interactions[0].response.body == b"Hi"
    assert found.extra == {"recorded_with": "somebody"}


def test_what_a_merge_brings_may_be_said_otherwise() -> None:
    merged = ONE.replace("headers: {}, body", "headers: &h {a: b}, body").replace(
        "headers: {}", "headers: {<<: *h, a: c}"
    )

    assert parse(merged.encode()).interactions[0].response.headers == (("a", "c"),)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert len(parse(b"\xef\xbb\xbf" + ONE.encode()).interactions) == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("!!python/unicode 'Hi'", b"Hi"),
        ("!!python/object/new:_io.BytesIO {state: !!python/tuple [!!binary SGk=, 0, null]}", b"Hi"),
        ("!!python/object/apply:builtins.iter {args: [[!!binary SA==, i]]}", b"Hi"),
    ],
)
def test_tags_that_vcrpy_wrote_are_understood(body: str, expected: bytes) -> None:
    found = parse(ONE.replace("body: null", f"body: {body}").encode())

    assert found.interactions[0].request.body == expected


@pytest.mark.parametrize(
    ("edit", "line", "message"),
    [
        (("status: {", "status: ["), 5, "this is not YAML that a cassette is made of"),
        (("OK", "!!python/name:os.system x"), 5, "could not determine a constructor for the tag"),
        (("OK", "\x07"), 5, "this character cannot stand in YAML"),
        (("OK", "2026-13-01"), 5, "'2026-13-01' is an impossible value: month must be in 1..12"),
        (("OK", "!!bool perhaps"), 5, "'perhaps' is an impossible value"),
        (("OK", "!!python/object/new:_io.BytesIO {state: 7}"), 5, "is an impossible value"),
        (("code: 200", "code: 101"), 5, "interaction 1: response.status.code is 101, with which no exchange ends"),
        (("    headers: {}", '    headers: {a: ["–"]}'), 6, "interaction 1: response.headers.a holds '–'"),
        (("body: null", "body: null, body: null"), 3, "'body' stands here again, after line 3"),
        (("version: 1", "interactions: []\nversion: 1"), 8, "'interactions' stands here again, after line 2"),
        (("    headers: {}", "    headers:\n      a: b\n      'a': c"), 8, "'a' stands here again, after line 7"),
        (("method: GET, ", ""), 3, "interaction 1: request.method is missing"),
        (("code: 200", "code: two"), 5, "interaction 1: response.status.code is 'two'"),
        (("    headers: {}", "    headers: 7"), 6, "interaction 1: response.headers is 7, not a mapping"),
        (
            ("    body:", "    windtunnel: {format: 2}\n    body:"),
            7,
            "is 2, and this windtunnel reads up to 1",
        ),
        (("version: 1", "version: 2"), 8, "VCR's version is 2, and only 1 is known"),
        (("version: 1", ""), 0, "there is no version in it, and the end may be missing"),
        (("interactions:", "episodes:"), 0, "there is no list of interactions in it"),
        (("interactions:", "interactions: 7\nepisodes:"), 2, "interactions is not a list"),
    ],
)
def test_damage_has_a_line_and_a_reason(edit: tuple[str, str], line: int, message: str) -> None:
    with pytest.raises(Damage) as damage:
        parse(ONE.replace(*edit, 1).encode())

    assert message in str(damage.value)
    assert damage.value.line == line


@pytest.mark.parametrize(
    ("raw", "line", "message"),
    [
        (b"a\nb\n\xff", 3, "this is not UTF-8"),
        (b"", 0, "there is no list of interactions in it"),
        (b"- request: {}\n", 1, "a cassette of vcrpy before 1.0"),
        (b"interactions: [7]\nversion: 1\n", 1, "interaction 1: the interaction is not a mapping"),
    ],
)
def test_what_is_no_cassette_at_all_is_damage(raw: bytes, line: int, message: str) -> None:
    with pytest.raises(Damage) as damage:
        parse(raw)

    assert message in str(damage.value)
    assert damage.value.line == line
