"""Which bodies may be kept though nothing can look into them."""

from __future__ import annotations

import pytest

from windtunnel.cassette.redact import LeakError
from windtunnel.cassette.redact.binary import check

FORM = "multipart/form-data; boundary=xyz"


def _part(kind: str, body: bytes) -> bytes:
    return b'--xyz\r\nContent-Disposition: form-data; name="f"\r\nContent-Type: %s\r\n\r\n%s\r\n--xyz--' % (
        kind.encode(),
        body,
    )


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"cut": "\xc3'),
        ("text/event-stream; charset=utf-8", b"data: \xff broken\n\n"),
        ("", b"no type, but text"),
        ("image/png", b"\x89PNG\0\xff"),
        ("application/pdf", b"%PDF\0\xff"),
        (FORM, _part("image/png", b"\0\xff")),
        (FORM, _part("application/octet-stream", b"text after all")),
    ],
)
def test_text_and_what_was_drawn_may_be_kept(content_type: str, body: bytes):
    check(content_type, body, [])


@pytest.mark.parametrize(
    ("content_type", "body", "named"),
    [
        ("application/zip", b"PK\0\xff", "application/zip"),
        ("application/json", '{"a":1}'.encode("utf-16"), "application/json"),
        ("", b"\xff\xfe\xfd\xfc\xfb", "application/octet-stream"),
        (FORM, _part("application/zip", b"PK\0\xff"), "application/zip"),
    ],
)
def test_what_nothing_can_look_into_is_refused_unless_a_rule_allows_it(content_type: str, body: bytes, named: str):
    with pytest.raises(LeakError, match=f"bytes of {named} cannot be looked into"):
        check(content_type, body, [])

    check(content_type, body, [named])
    check(content_type, body, ["application/*"])
