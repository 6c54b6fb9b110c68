from __future__ import annotations

from dataclasses import replace

from windtunnel.cassette.interaction import Arrival, Interaction
from windtunnel.cassette.layout import block, document
from windtunnel.cassette.spots import find, ours


def test_every_interaction_is_found_with_all_it_has(three: list[Interaction]) -> None:
    raw = document(map(block, three))

    spots = find(raw) or []

    assert [raw[spot.start : spot.end].count(b"- request:") for spot in spots] == [1, 1, 1]
    assert [spot.response_body.style for spot in spots] == ["literal", "folded", "binary"]
    assert [ours(spot.response, "ended") for spot in spots] == [b"complete", b"complete", b"reset"]
    assert [ours(spot.response, "expires") for spot in spots] == [b"2027-05-01", None, None]


def test_what_only_yaml_can_read_is_declined(streamed: Interaction) -> None:
    raw = document([block(streamed)])

    for before, behind in [
        (b"method: POST", b"method: 'POST'"),
        (b"uri: https", b"uri:  https"),
        (b'["application/json"]', b"[application/json]"),
        (b'["text/event-stream; charset=utf-8"]', b'["a", "\xe2\x80\x93"]'),
        (b'["text/event-stream; charset=utf-8"]', b'["a\\r\\nb: c"]'),
        (b'["text/event-stream; charset=utf-8"]', b'["a\\u000db: c"]'),
        (b"      accept:", b'      "":'),
        (b"      accept:", b'      "a b":'),
        (b"      accept:", b"      content-type:"),
        (b"      accept:", b'      "content-type":'),
        (b"      set-cookie:", b"      Set-Cookie:"),
        (b"code: 200", b"code: 101"),
        (b"code: 200", b"code: 600"),
        (b"code: 200", b"code: 0"),
        (b"    body: >2-", b"    body: >-"),
        (b"format: 1", b"format: 2"),
        (b"ended: complete", b"ended: well"),
        (b"12:30:00", b"12:61:00"),
        (b"at_s: [0.25, ", b"at_s: ["),
        (b"\n", b"\r\n"),
        (b"version: 1", b"version: 1\nmore: 2"),
        (b"Paris", b"Par\xc2\x85s"),
        (b"Paris", b"Par\xffs"),
        (b"Paris", b"Par\x0cs"),
    ]:
        assert before in raw
        assert find(raw.replace(before, behind)) is None, behind


def test_every_beginning_of_a_file_is_declined(answered: Interaction) -> None:
    raw = document([block(answered)])

    assert all(find(raw[:end]) is None for end in range(len(raw)))


def test_base64_that_was_touched_is_declined(framed: Interaction) -> None:
    raw = document([block(framed)])
    (line,) = [line for line in raw.splitlines() if line.endswith(b"=")][-1:] or [raw.splitlines()[-2]]

    assert find(raw.replace(line, line[:-3])) is None
    assert find(raw.replace(line, b"        =" + line[9:])) is None


def test_an_instant_without_its_size_is_declined(answered: Interaction) -> None:
    arrivals = (Arrival(0.5, len(answered.response.body)),)
    raw = document([block(replace(answered, response=replace(answered.response, arrivals=arrivals)))])
    lines = raw.splitlines(keepends=True)

    assert find(raw) is not None
    for key in (b"at_s:", b"sizes:"):
        assert find(b"".join(line for line in lines if key not in line)) is None
