"""Nothing secret survives, in whatever encoding and place; nothing else changes."""

from __future__ import annotations

import base64
import gzip
import json
import re
import urllib.parse
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from windtunnel.cassette import layout
from windtunnel.cassette.interaction import Arrival, Headers, Interaction, Request, Response, header
from windtunnel.cassette.redact import LeakError, Redactor, Rules
from windtunnel_server.wire import eventstream

URI = "https://api.anthropic.com/v1/messages"
JSON = (("content-type", "application/json"),)

letters = st.text("abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", min_size=44, max_size=60)


def _jwt(text: str) -> str:
    part = base64.urlsafe_b64encode(json.dumps({"sub": text}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{part}.{text}"


#: Kinds whose shape alone gives them away.
KINDS = {
    "api key": lambda text: f"sk-ant-api03-{text}-AA",
    "login": lambda text: f"sk-ant-oat01-{text}",
    "refresh": lambda text: f"sk-ant-ort01-{text}",
    "bedrock": lambda text: f"ABSK{text}",
    "platform": lambda text: f"aws-external-anthropic-api-key-{text}",
    "google": lambda text: f"ya29.c.{text}",
    "google key": lambda text: f"AIza{text[:35]}",
    "github": lambda text: f"ghp_{text[:36]}",
    "access key": lambda text: f"AKIA{text[:16].upper()}",
    "temporary key": lambda text: f"ASIA{text[:16].upper()}",
    "jwt": _jwt,
    "e-mail": lambda text: f"{text[:20]}@{text[20:30]}.com",
    "arn": lambda text: f"arn:aws:iam::{int.from_bytes(text.encode()) % 10**12 or 1:012d}:role/x",
    "workspace": lambda text: f"wrkspc_01{text[:22]}",
    "private key": lambda text: f"-----BEGIN PRIVATE KEY-----\n{text}\n{text}\n-----END PRIVATE KEY-----\n",
}

#: Of a planted secret: the part that must be gone.
PARTS = {"arn": lambda secret: secret.split(":")[4], "private key": lambda secret: secret.splitlines()[1]}

secrets = st.builds(lambda kind, text: (kind, KINDS[kind](text)), st.sampled_from(sorted(KINDS)), letters)


def _event(name: str, said: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(said)}\n\n".encode()


def _delta(text: str) -> bytes:
    delta = {"type": "text_delta", "text": text}
    return _event("content_block_delta", {"type": "content_block_delta", "index": 0, "delta": delta})


def _split(secret: str) -> bytes:
    third = len(secret) // 3
    return b"".join(_delta(part) for part in ("here: ", secret[:third], secret[third : 2 * third], secret[2 * third :]))


def _in_frames(secret: str) -> bytes:
    half = len(secret) // 2
    pieces = [{"index": 0, "delta": {"text": text}} for text in (f"it is {secret[:half]}", secret[half:], "bye")]
    whole = {"message": {"content": secret}}
    return b"".join(eventstream.chunk(piece, pad="abc").encode() for piece in (*pieces, whole))


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


BODIES: dict[str, tuple[str, Any]] = {
    "json": ("application/json", lambda s: json.dumps({"a": [1, {"b": f"see {s} there"}]})),
    "json on a new line": ("application/json", lambda s: json.dumps({"a": f"see\n{s}\nthere"})),
    "json in json": ("application/json", lambda s: json.dumps({"a": json.dumps({"b": json.dumps({"c": s})})})),
    "every letter escaped": ("application/json", lambda s: '{"a":"' + "".join(f"\\u{ord(c):04x}" for c in s) + '"}'),
    "slashes escaped": ("application/json", lambda s: json.dumps({"a": s}).replace("/", "\\/")),
    "percent": ("text/plain", lambda s: "go to https://x.y/?q=" + urllib.parse.quote(s, safe="")),
    "form": ("application/x-www-form-urlencoded", lambda s: urllib.parse.urlencode({"a": "b", "c": s})),
    "json in a form": ("application/x-www-form-urlencoded", lambda s: urllib.parse.urlencode({"c": json.dumps([s])})),
    "base64": ("application/json", lambda s: json.dumps({"a": _b64(f" {s}")})),
    "base64, second": ("application/json", lambda s: json.dumps({"a": _b64(f": {s}")})),
    "base64, third": ("application/json", lambda s: json.dumps({"a": _b64(f"x: {s}")})),
    "base64, unpadded": ("application/json", lambda s: json.dumps({"a": _b64(f" {s}").rstrip("=")})),
    "base64 behind letters": ("text/plain", lambda s: "ab" + _b64(f"{s} is it")),
    "base64url of json": (
        "application/json",
        lambda s: json.dumps({"a": base64.urlsafe_b64encode(json.dumps({"é?>": s}).encode()).decode()}),
    ),
    "base64 in lines": ("text/plain", lambda s: base64.encodebytes(f"words before {s} and {s}".encode()).decode()),
    "base64 of binary": (
        "application/json",
        lambda s: json.dumps({"a": base64.b64encode(b"\x89\xff\0\x01" * 20 + s.encode()).decode()}),
    ),
    "gzip in base64": (
        "application/json",
        lambda s: json.dumps({"a": base64.b64encode(gzip.compress(s.encode())).decode()}),
    ),
    "hex": ("application/json", lambda s: json.dumps({"a": s.encode().hex()})),
    "hex with blanks": ("application/json", lambda s: json.dumps({"a": s.encode().hex(" ")})),
    "hex with colons": ("text/plain", lambda s: "it is " + s.encode().hex(":").upper() + ", all of it"),
    "base32": ("application/json", lambda s: json.dumps({"a": base64.b32encode(f"it is {s}".encode()).decode()})),
    "base32, shifted": ("text/plain", lambda s: "AB" + base64.b32encode(f"it is {s}".encode()).decode()),
    "two bytes a letter, in base64": (
        "application/json",
        lambda s: json.dumps({"a": base64.b64encode(f"it is {s}".encode("utf-16")).decode()}),
    ),
    "two bytes a letter, in hex": ("text/plain", lambda s: s.encode("utf-16-be").hex()),
    "zlib in base64": (
        "application/json",
        lambda s: json.dumps({"a": base64.b64encode(zlib.compress(s.encode())).decode()}),
    ),
    "character references": ("text/html", lambda s: "".join(f"&#{ord(c)};" for c in s)),
    "character references, in hex": ("text/html", lambda s: "".join(f"&#x{ord(c):x};" for c in s)),
    "escapes of a program": ("application/json", lambda s: json.dumps({"a": "".join(f"\\x{ord(c):02x}" for c in s)})),
    "events": ("text/event-stream", lambda s: _delta(f"see {s}")),
    "events, in pieces": ("text/event-stream", _split),
    "tool input, in pieces": (
        "text/event-stream",
        lambda s: b"".join(
            _event("content_block_delta", {"index": 1, "delta": {"type": "input_json_delta", "partial_json": part}})
            for part in ('{"a": "', json.dumps(s)[1:12], json.dumps(s)[12:-1], '"}')
        ),
    ),
    "frames": (eventstream.CONTENT_TYPE, _in_frames),
    "frames of an unknown type": ("application/octet-stream", _in_frames),
}


def interaction(
    body: bytes = b"", *, type: str = "application/json", headers: Headers = (), **more: Any
) -> Interaction:
    return Interaction(
        request=Request(method="POST", uri=URI, headers=JSON, body=b'{"messages":[]}'),
        response=Response(status=200, headers=(("content-type", type), *headers), body=body, **more),
    )


def bytes_of(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def said(body: bytes) -> bytes:
    """Read everything a body may hide a text in, as far as these tests hide it."""
    frames = b""
    if body[:1] == b"\0":
        decoded = eventstream.decode(body)
        events = [base64.b64decode(json.loads(frame.payload)["bytes"]) for frame in decoded]
        frames = b"".join(events) + "".join(json.loads(e).get("delta", {}).get("text", "") for e in events).encode()
    pieces = [json.loads(line[6:]) for line in body.split(b"\n") if line.startswith(b"data: ")]
    spelt = "".join(p["delta"].get("text", "") + p["delta"].get("partial_json", "") for p in pieces)
    return b"\n".join((body, frames, spelt.encode(), *_unpacked(body)))


def _unpacked(body: bytes) -> list[bytes]:
    found = re.search(rb'"(e[A-Za-z0-9+/]{40,}=*)"', body)
    try:
        return [zlib.decompress(base64.b64decode(found[1]))] if found else []
    except (ValueError, zlib.error):
        return []


def encodings_of(part: str) -> list[bytes]:
    plain = part.encode()
    aligned = [base64.b64encode(b"x" * skip + plain)[4 if skip else 0 : -4] for skip in range(3)]
    urlsafe = [base64.urlsafe_b64encode(b"x" * skip + plain)[4 if skip else 0 : -4] for skip in range(3)]
    thirtytwo = [base64.b32encode(b"x" * skip + plain)[8 if skip else 0 : -8] for skip in range(5)]
    wide = [base64.b64encode(b"x" * skip + part.encode("utf-16-le"))[4 if skip else 0 : -4] for skip in range(3)]
    escaped = (
        "".join(form.format(ord(c)) for c in part).encode() for form in ("\\u{:04x}", "\\x{:02x}", "&#{};", "&#x{:x};")
    )
    hexed = (plain.hex(), plain.hex(" "), plain.hex(":").upper(), part.encode("utf-16-be").hex())
    percent = urllib.parse.quote(part, safe="").encode()
    return [plain, percent, *map(str.encode, hexed), *escaped, *aligned, *urlsafe, *thirtytwo, *wide]


def assert_gone(kind: str, secret: str, body: bytes) -> None:
    part = PARTS.get(kind, lambda text: text)(secret)
    seen = said(body)
    assert not [form for form in encodings_of(part) if form in seen]


@pytest.mark.parametrize("where", BODIES)
@settings(max_examples=12, deadline=None)
@given(secrets)
def test_no_secret_survives_in_a_body(where: str, secret: tuple[str, str]):
    kind, text = secret
    content_type, write = BODIES[where]
    planted = interaction(bytes_of(write(text)), type=content_type)

    redacted = Redactor(environ={}).interaction(planted)

    assert_gone(kind, text, redacted.response.body)
    assert Redactor(environ={}).interaction(redacted) == redacted


#: Long enough to be taken to pieces, and of what makes a closer look necessary: names, addresses, base64.
HISTORY = json.dumps(
    {"messages": [f"{number} access_token org https://a.b/c {_b64('readable words ' * 3)}" for number in range(40)]}
).encode()


@pytest.mark.parametrize("where", [name for name in BODIES if "frames" not in name])
@settings(max_examples=6, deadline=None)
@given(secrets)
def test_no_secret_survives_where_all_else_was_seen_before(where: str, secret: tuple[str, str]):
    kind, text = secret
    content_type, write = BODIES[where]
    redactor = Redactor(environ={})
    redactor.interaction(interaction(HISTORY, type=content_type))

    redacted = redactor.interaction(interaction(HISTORY + b"\n\n" + bytes_of(write(text)), type=content_type))

    assert_gone(kind, text, redacted.response.body)
    assert redacted.response.body.startswith(HISTORY)


@settings(max_examples=40, deadline=None)
@given(secrets)
def test_no_secret_survives_in_an_address_or_a_header(secret: tuple[str, str]):
    kind, text = secret
    line = text.replace("\n", " ")
    asked = Request(
        method="GET",
        uri=f"https://a.b/c/{urllib.parse.quote(text, safe='')}?q={urllib.parse.quote_plus(text)}",
        headers=(("x-note", f"see {line}"), ("referer", "https://a.b/?q=" + urllib.parse.quote(text))),
    )

    redacted = Redactor(environ={}).request(asked)

    for value in (redacted.uri, *(value for _, value in redacted.headers)):
        if kind != "private key":
            assert_gone(kind, text, value.encode())


@settings(max_examples=60, deadline=None)
@given(letters, st.sampled_from(sorted(BODIES)))
def test_a_value_of_the_environment_survives_nowhere(value: str, where: str):
    content_type, write = BODIES[where]
    redactor = Redactor(environ={"SOME_API_KEY": value})

    redacted = redactor.interaction(interaction(bytes_of(write(value)), type=content_type))

    assert_gone("", value, redacted.response.body)


@settings(max_examples=60, deadline=None)
@given(letters, st.sampled_from(sorted(BODIES)), st.sampled_from(["x-api-key", "authorization", "X-Vault-Token"]))
@example("abcdefgh12345678abcdefgh12345678abcdefgh12345678", "json", "x-api-key")
def test_what_a_header_gives_away_is_found_in_the_body_too(value: str, where: str, name: str):
    content_type, write = BODIES[where]
    planted = interaction(bytes_of(write(value)), type=content_type)
    planted = replace(planted, request=replace(planted.request, headers=((name, f"Bearer {value}"),)))

    redacted = Redactor(environ={}).interaction(planted)

    assert redacted.request.headers == ((name, "Bearer REDACTED"),)
    assert_gone("", value, redacted.response.body)


def _in_text(text: str) -> Interaction:
    return _asking(json.dumps({"messages": [{"role": "user", "content": text}]}))


def _asking(body: str, *, kind: str = "application/json", uri: str = URI) -> Interaction:
    request = Request(method="POST", uri=uri, headers=(("content-type", kind),), body=body.encode())
    return Interaction(request=request, response=Response(status=200, headers=JSON, body=b"{}"))


def _headed(name: str, value: str) -> Interaction:
    return Interaction(
        request=Request(method="GET", uri=URI, headers=((name, value),)),
        response=Response(status=200, headers=(("set-cookie", "a=b; Path=/"),)),
    )


def _part(name: str, value: str) -> Interaction:
    body = f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n--B--\r\n'
    return _asking(body, kind="multipart/form-data; boundary=B")


#: Where a value of no particular look is given away by what stands around it.
PLACES: dict[str, Callable[[str], Interaction]] = {
    ".env": lambda v: _in_text(f"A=1\nDATABASE_PASSWORD={v}\nB=2\n"),
    ".env, first line": lambda v: _in_text(f"SECRET_KEY={v}"),
    ".env, in quotes": lambda v: _in_text(f'MY_API_KEY="{v}"'),
    "yaml": lambda v: _in_text(f"user: x\npassword: {v}\n"),
    "a line below": lambda v: _in_text(f"Your password:\n\n  {v}\n"),
    "ini": lambda v: _in_text(f"[x]\napi_key = {v}\n"),
    "program": lambda v: _in_text(f'client = Client(api_key="{v}")'),
    "dictionary": lambda v: _in_text(str({"access_token": v})),
    "shell": lambda v: _in_text(f"curl -u bob:{v} https://a.b"),
    "part of a form": lambda v: _part("password", v),
    "form": lambda v: _asking(urllib.parse.urlencode({"a": "b", "refresh_token": v})),
    "parameter": lambda v: _asking("{}", uri=f"{URI}?auth={v}"),
    "key of a gateway": lambda v: _headed("x-litellm-key", v),
    "virtual key": lambda v: _headed("x-portkey-virtual-key", v),
    "session": lambda v: _headed("x-session-id", v),
    "cookie without a name": lambda v: _headed("cookie", v),
    "cookie in quotes": lambda v: _headed("cookie", f'a="{v}"; b=y'),
}


@pytest.mark.parametrize("where", PLACES)
@settings(max_examples=5, deadline=None)
@given(letters.map(lambda text: f"q7-{text}"), st.sampled_from(["plain", "base64", "hex", "in an answer as base32"]))
def test_what_its_place_gives_away_survives_nowhere(where: str, value: str, elsewhere: str):
    again = {
        "plain": value,
        "base64": _b64(value),
        "hex": value.encode().hex(),
        "in an answer as base32": base64.b32encode(value.encode()).decode(),
    }[elsewhere]
    planted = PLACES[where](value)
    planted = replace(planted, response=replace(planted.response, headers=JSON, body=json.dumps([again]).encode()))

    redactor = Redactor(environ={})

    redacted = redactor.interaction(planted)

    # What is to be written tells the text once more, in a comment: nothing may be found there that was not found before.
    redactor.check(layout.block(redacted).encode(), name="a.yaml")
    for seen in (redacted.request.uri, str(redacted.request.headers), redacted.request.body, redacted.response.body):
        assert_gone("", value, bytes_of(seen))


def test_whose_account_it_is_is_not_told_elsewhere_either():
    uuid = "b5485fc7-f73e-4835-a25c-cee7dfffe0d9"
    user = json.dumps({"device_id": "d", "account_uuid": uuid})
    planted = Interaction(
        request=Request(
            method="POST",
            uri="https://a.b/v1/projects/my-proj-123/locations/eu/publishers/x",
            headers=JSON,
            body=json.dumps({"metadata": {"user_id": user}, "system": f"You work for {uuid}."}).encode(),
        ),
        response=Response(
            status=403,
            headers=JSON,
            body=b"User: arn:aws:sts::123456789012:assumed-role/Admin/bob-the-dev, account 123456789012, in my-proj-123.",
        ),
    )

    redacted = Redactor(environ={}).interaction(planted)

    assert b"for 00000000-0000-0000-0000-000000000000." in redacted.request.body
    assert redacted.response.body == (
        b"User: arn:aws:sts::000000000000:assumed-role/Admin/REDACTED, account 000000000000, in redacted-project."
    )


def test_an_account_that_is_talked_about_does_not_change_what_was_asked():
    asked = b'{"messages": ["How is account 123456789012?"]}'
    planted = interaction(b'{"input": "arn:aws:iam::123456789012:role/x"}')

    redacted = Redactor(environ={}).interaction(replace(planted, request=replace(planted.request, body=asked)))

    assert redacted.request.body == asked


harmless = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("text id type name".split()), inner),
)


@settings(max_examples=80, deadline=None)
@given(harmless, letters, st.integers(0, 3))
def test_what_is_not_secret_stays_byte_for_byte(value: Any, text: str, indent: int):
    before = json.dumps(value, indent=indent or None).encode()
    body = b'{"a":' + before + b',"key":"sk-ant-api03-' + text.encode() + b'"  ,"b":' + before + b"}    "

    redacted = Redactor(environ={}).body("application/json", body)

    assert redacted == body.replace(text.encode(), b"REDACTED")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=40), letters)
def test_arrivals_add_up_to_the_body_and_keep_their_instants(sizes: list[int], text: str):
    body = _delta("calm") + _split(f"sk-ant-api03-{text}") + _delta("bye")
    arrivals, at = [], 0
    for number, size in enumerate(sizes):
        arrivals.append(Arrival(float(number), min(size, len(body) - at)))
        at += arrivals[-1].size
    arrivals.append(Arrival(99.0, len(body) - at))

    redacted = Redactor(environ={}).interaction(
        interaction(
            body, type="text/event-stream", arrivals=tuple(arrivals), headers=(("Content-Length", str(len(body))),)
        )
    )

    assert sum(arrival.size for arrival in redacted.response.arrivals) == len(redacted.response.body)
    assert {a.at_s for a in redacted.response.arrivals} <= {a.at_s for a in arrivals}
    assert header(redacted.response.headers, "content-length") == str(len(redacted.response.body))


def test_the_placeholder_does_not_depend_on_the_secret():
    asked = Request(method="POST", uri=URI, headers=(("x-api-key", "sk-ant-api03-" + "a1" * 20),), body=b"{}")
    replayed = replace(asked, headers=(("x-api-key", "a key of another kind"),))

    assert Redactor(environ={}).request(asked) == Redactor(environ={}).request(replayed)


def test_a_request_replayed_with_what_the_cassette_said_equals_the_recorded_one():
    token = '{"access_token":"at-opaque-1234567890","expires_in":3600}'
    redactor = Redactor(environ={})
    answer = redactor.body("application/json", token.encode(), uri="https://a.b/v1/oauth/token")
    recorded = redactor.body("application/json", b'{"note":"at-opaque-1234567890"}')

    replayed = redactor.body("application/json", b'{"note":"%s"}' % json.loads(answer)["access_token"].encode())

    assert answer == b'{"access_token":"REDACTED","expires_in":3600}'
    assert replayed == recorded


def test_ids_and_signatures_stay():
    body = (
        b'{"id":"msg_011CWF25JHypLJsN6uZksbsg","request_id":"req_011CWF25JHypLJsN6uZksbsg","content":[{"type":"tool_use",'
        b'"id":"toolu_01A09q90qw90lq917835lq9","input":{"uuid":"b5485fc7-f73e-4835-a25c-cee7dfffe0d9","code":"print(1)"}},'
        b'{"type":"thinking","signature":"'
        + base64.b64encode(bytes(range(256)) * 4)
        + b'"}],"usage":{"input_tokens":12}}'
    )
    kept = (
        ("request-id", "req_011CWF25JHypLJsN6uZksbsg"),
        ("user-agent", "x/1.2.3.4"),
        ("x-amz-date", "20261021T000000Z"),
    )

    redacted = Redactor(environ={}).interaction(interaction(body, headers=kept))

    assert redacted.response == interaction(body, headers=kept).response


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/latest/api/token", b"AQAEAFz-opaque", b"REDACTED"),
        ("/computeMetadata/v1/project/project-id", b"disco-park-312913", b"redacted-project"),
    ],
)
def test_an_answer_that_is_one_secret_goes_whole(path: str, body: bytes, expected: bytes):
    response = Response(
        status=200,
        headers=(("content-type", "text/plain"), ("content-length", str(len(body)))),
        body=body,
        arrivals=(Arrival(0.1, len(body)),),
    )

    redacted = Redactor(environ={}).response(response, uri=f"http://169.254.169.254{path}")

    assert redacted.body == expected
    assert redacted.arrivals == (Arrival(0.1, len(expected)),)
    assert header(redacted.headers, "content-length") == str(len(expected))


def test_a_compressed_body_without_secrets_stays_as_it_came():
    body = gzip.compress(b'{"text":"nothing here"}')
    came = interaction(body, headers=(("content-encoding", "gzip"),), arrivals=(Arrival(0.5, len(body)),))

    assert Redactor(environ={}).interaction(came).response == came.response


def test_a_compressed_body_with_a_secret_is_kept_as_it_reads():
    plain = b'{"text":"sk-ant-api03-abcdefghijklmnop"}'
    body = gzip.compress(plain)
    arrivals = (Arrival(0.1, 5), Arrival(0.2, len(body) - 5))
    headers = (("Content-Encoding", "gzip"), ("content-length", str(len(body))))

    redacted = Redactor(environ={}).interaction(interaction(body, headers=headers, arrivals=arrivals)).response

    assert redacted.body == b'{"text":"sk-ant-api03-REDACTED"}'
    assert header(redacted.headers, "content-encoding") is None
    assert header(redacted.headers, "content-length") == str(len(redacted.body))
    assert redacted.arrivals == (Arrival(0.2, len(redacted.body)),)


def test_digests_of_a_body_that_changed_do_not_tell_what_it_was():
    headers = (*JSON, ("x-amz-content-sha256", "a" * 64), ("etag", '"abc"'))
    asked = Request(method="POST", uri=URI, headers=headers, body=b'{"a":"sk-ant-api03-abcdefghijklmnop"}')

    redacted = Redactor(environ={}).request(asked)

    assert header(redacted.headers, "x-amz-content-sha256") not in (None, "a" * 64)
    assert header(redacted.headers, "etag") == "REDACTED"


def test_a_cut_body_stays_as_much_shorter_than_its_length_says():
    body = b'{"text":"sk-ant-api03-abcdefghijklmnop", "more": "'

    redacted = Redactor(environ={}).interaction(
        interaction(body, headers=(("content-length", str(len(body) + 7)),), ended="cut")
    )

    assert header(redacted.response.headers, "content-length") == str(len(redacted.response.body) + 7)


def test_what_cannot_be_looked_into_fails_closed_and_says_what_to_do():
    with pytest.raises(
        LeakError,
        match=r"POST to https://api\.anthropic\.com/v1/messages: the response: its body: .*"
        r"application/zip.*windtunnel\.redact\.yaml: `binary: \[application/zip\]`",
    ):
        Redactor(environ={}).interaction(interaction(b"PK\x03\x04\0\0\xff", type="application/zip"))


def test_a_rule_that_raises_fails_closed_without_its_words():
    def clumsy(message: object) -> Any:
        raise RuntimeError(f"cannot read sk-ant-api03-abcdefghijklmnop in {message}")

    with pytest.raises(LeakError, match="the request: redaction broke off with RuntimeError") as caught:
        Redactor(Rules(changes=[clumsy]), environ={}).interaction(interaction(b"{}"))

    assert "sk-ant" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_rule_that_returns_something_else_fails_closed():
    def forgetful(message: object) -> Any:
        return None

    with pytest.raises(LeakError, match="your rule forgetful returned a NoneType for a Request"):
        Redactor(Rules(changes=[forgetful]), environ={}).interaction(interaction(b"{}"))


def test_user_rules_reach_headers_fields_patterns_and_messages():
    def shout(message: Any) -> Any:
        return replace(message, body=message.body.replace(b"quiet", b"LOUD"))

    rules = Rules(headers=["X-Team"], keys=["ssn"], patterns=[r"case-\d+"], changes=[shout], keep=["e-mail"])
    body = b'{"ssn":"123","note":"quiet case-77 bob@acme.io"}'

    redacted = Redactor(rules, environ={}).interaction(interaction(body, headers=(("x-team", "blue"),)))

    assert redacted.response.body == b'{"ssn":"REDACTED","note":"LOUD REDACTED bob@acme.io"}'
    assert header(redacted.response.headers, "x-team") == "REDACTED"


def test_extra_keys_of_a_foreign_cassette_are_redacted_too():
    extra = {"note": ["sk-ant-api03-abcdefghijklmnop", 7, b"sk-ant-api03-abcdefghijklmnop"]}

    redacted = Redactor(environ={}).interaction(replace(interaction(b"{}"), extra=extra))

    assert redacted.extra == {"note": ["sk-ant-api03-REDACTED", 7, b"sk-ant-api03-REDACTED"]}


def test_the_finished_file_is_refused_if_a_value_seen_earlier_is_in_it():
    redactor = Redactor(environ={})
    redactor.headers((("x-api-key", "opaque-value-0815"),))

    with pytest.raises(LeakError, match=r"a\.yaml, line 2: something of the kind 'credential'.") as caught:
        redactor.check(b"a: 1\nb: opaque-value-0815\n", name="a.yaml")

    assert "0815" not in str(caught.value)


def _recorded(exchange: dict[str, Any]) -> Interaction:
    asked, body, kind = exchange["request_body"], exchange["response_body"], exchange["response_kind"]
    if kind == "eventstream":
        answer = base64.b64decode(body)
    elif isinstance(body, str):
        answer = body.encode()
    else:
        answer = (exchange.get("response_body_raw") or json.dumps(body, separators=(",", ":"))).encode()
    return Interaction(
        request=Request(
            method=exchange["method"],
            uri=exchange["url"],
            headers=_headers(exchange["request_headers"]),
            body=asked.encode() if isinstance(asked, str) else json.dumps(asked).encode() if asked else b"",
        ),
        response=Response(status=exchange["status"], headers=_headers(exchange["response_headers"]), body=answer),
    )


def _headers(recorded: dict[str, Any] | None) -> Headers:
    return tuple((name, str(value)) for name, value in (recorded or {}).items())


@pytest.mark.slow
def test_recorded_traffic_loses_only_who_recorded_it(corpus: Path):
    asked = answered = 0
    for file in sorted(corpus.glob("exchanges-*.jsonl.gz")):
        for line in gzip.decompress(file.read_bytes()).decode().splitlines():
            came = _recorded(json.loads(line))
            redacted = Redactor(environ={}).interaction(came)
            asked += redacted.request.body != came.request.body
            answered += redacted.response.body != came.response.body

    # Users in the metadata, mail addresses and passwords in tool inputs; counted over 2,228 exchanges, each change read.
    assert asked <= 80
    assert answered <= 20
