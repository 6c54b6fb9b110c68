"""What gives itself away late is gone from the beginning."""

from __future__ import annotations

import base64
import gzip
import json
import urllib.parse
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from windtunnel.cassette import layout
from windtunnel.cassette.interaction import Headers, Interaction, Request, Response
from windtunnel.cassette.redact import USUAL, Guard, LeakError, Redactor, Rules
from windtunnel_server.wire import eventstream

SECRET = "q7Zr-opaque-value-0815-Xy2w/T+b"
JSON: Headers = (("content-type", "application/json"),)


def _delta(text: str) -> bytes:
    said = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
    return f"event: content_block_delta\ndata: {json.dumps(said)}\n\n".encode()


def _pieces(secret: str) -> bytes:
    return b"".join(_delta(secret[at : at + 5]) for at in range(0, len(secret), 5))


def _frames(secret: str) -> bytes:
    pieces = [{"index": 0, "delta": {"text": text}} for text in ("it is ", secret[:9], secret[9:])]
    return b"".join(eventstream.chunk(piece, pad="abc").encode() for piece in pieces)


def _in_json(text: str) -> bytes:
    return json.dumps({"note": text}).encode()


#: Where a secret may stand that nothing names: content type and coding, and how it is written there.
PLACES: dict[str, tuple[Headers, Callable[[str], bytes]]] = {
    "json": (JSON, _in_json),
    "json in json": (JSON, lambda secret: _in_json(json.dumps({"b": json.dumps(secret)}))),
    "escapes": (JSON, lambda s: b'{"a":"' + "".join(f"\\u{ord(c):04x}" for c in s).encode() + b'"}'),
    "base64": (JSON, lambda secret: _in_json(base64.b64encode(f"a: {secret}".encode()).decode())),
    "base64, in lines": (JSON, lambda s: base64.encodebytes(b"words before it, and many of them: " + s.encode())),
    "hex": (JSON, lambda secret: _in_json(secret.encode().hex())),
    "percent": ((("content-type", "text/plain"),), lambda s: b"https://x.y/?q=" + urllib.parse.quote(s, "").encode()),
    "form": (
        (("content-type", "application/x-www-form-urlencoded"),),
        lambda s: urllib.parse.urlencode({"c": s}).encode(),
    ),
    "gzip in base64": (JSON, lambda s: _in_json(base64.b64encode(gzip.compress(s.encode())).decode())),
    "gzip": ((*JSON, ("content-encoding", "gzip")), lambda secret: gzip.compress(_in_json(secret))),
    "events, in pieces": ((("content-type", "text/event-stream"),), _pieces),
    "frames": ((("content-type", eventstream.CONTENT_TYPE),), _frames),
}


def exchange(body: bytes = b"{}", *, headers: Headers = JSON, asked: Headers = (), **more: Any) -> Interaction:
    request = Request(method="POST", uri="https://api.anthropic.com/v1/messages", headers=(*JSON, *asked), body=b"{}")
    return Interaction(request=replace(request, **more), response=Response(status=200, headers=headers, body=body))


def gives_away(secret: str) -> Interaction:
    return exchange(asked=(("x-api-key", secret),))


def is_clean(interaction: Interaction, secret: str) -> bool:
    knowing = Redactor(environ={"SOME_API_KEY": secret})
    return knowing.interaction(interaction) == interaction and not knowing.scan(layout.block(interaction).encode())


def guard(*, rules: Rules = USUAL) -> Guard:
    return Guard("a.yaml", Redactor(rules, environ={}))


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_is_taken_out_of_what_came_before_it_was_known(place: str):
    headers, write = PLACES[place]
    first = exchange(write(SECRET), headers=headers)

    clean, _ = guard().together([first, gives_away(SECRET)])

    assert not is_clean(first, SECRET)
    assert is_clean(clean, SECRET)


letters = st.text("abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", min_size=30, max_size=50)


@settings(max_examples=60, deadline=None)
@given(letters, st.lists(st.sampled_from(sorted(PLACES)), min_size=1, max_size=4), st.booleans())
def test_no_late_secret_survives_in_any_encoding(secret: str, places: list[str], in_answer: bool):
    watch = guard()
    written = [watch.redacted(exchange(PLACES[place][1](secret), headers=PLACES[place][0])) for place in places]
    before = watch.known
    named = exchange(json.dumps({"refresh_token": secret}).encode()) if in_answer else gives_away(secret)
    written.append(watch.redacted(named))

    kept, out = watch.again(written, since=before, ours=lambda one: True)

    assert out == []
    assert all(is_clean(interaction, secret) for interaction in kept)


def test_an_address_a_header_and_a_foreign_key_are_looked_through_too():
    first = exchange(uri=f"https://a.b/{urllib.parse.quote(SECRET, '')}", asked=(("x-note", f"see {SECRET}"),))
    first = replace(first, extra={"note": [SECRET]})

    clean, _ = guard().together([first, gives_away(SECRET)])

    assert clean.request.uri == "https://a.b/REDACTED"
    assert ("x-note", "see REDACTED") in clean.request.headers
    assert clean.extra == {"note": ["REDACTED"]}


def test_what_holds_nothing_comes_back_as_it_was():
    watch = guard()
    first, second = watch.redacted(exchange(b'{"a":"nothing"}')), watch.redacted(exchange(_in_json(SECRET)))
    before = watch.known
    third = watch.redacted(gives_away(SECRET))

    kept, _ = watch.again([first, second, third], since=before, ours=lambda one: True)

    assert kept[0] is first
    assert kept[1] is not second
    assert watch.again(kept, since=watch.known, ours=lambda one: True)[0] == kept


def test_changes_of_the_user_are_made_once():
    def longer(message: Any) -> Any:
        return replace(message, body=message.body + b" ") if isinstance(message, Response) else message

    clean, _ = guard(rules=Rules(changes=[longer])).together([exchange(_in_json(SECRET)), gives_away(SECRET)])

    assert clean.response.body == b'{"note": "REDACTED"} '


def test_what_cannot_be_redacted_again_is_taken_out_unless_it_was_there_before():
    watch = guard()
    unreadable = exchange(b"\0\1", headers=(("content-type", "application/zip"),))
    calm = exchange()
    watch.redacted(gives_away(SECRET))

    kept, out = watch.again([unreadable, calm], since=0, ours=lambda one: True)
    left, none = watch.again([unreadable, calm], since=0, ours=lambda one: False)

    assert kept == [calm]
    assert "a.yaml: an interaction was taken out again. POST to https://api.anthropic.com" in str(out[0])
    assert left == [unreadable, calm]
    assert none == []


def test_a_file_that_holds_a_secret_is_complained_of_without_quoting_it():
    watch = guard()
    watch.redacted(gives_away(SECRET))

    with pytest.raises(LeakError, match=r"a\.yaml, line 2: something of the kind 'credential'") as caught:
        watch.check(f"a: 1\nb: {SECRET}\n".encode())

    assert SECRET not in str(caught.value)
