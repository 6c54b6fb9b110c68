"""Each library, hooked: its caller sees what it would see without, as it comes; and what came is taken down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from windtunnel.cassette.interaction import Request, Response
from windtunnel.cassette.record.inprocess import playing, recording

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-One: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
ONE, TWO, END = b"4\r\none \r\n", b"3\r\ntwo\r\n", b"0\r\n\r\n"
ASKED = {"a": [1, 2], "ä": "ö"}

#: Asks a URL, and calls back with each piece of the answer's body; raises what the library raises.
Way = Callable[[str, Callable[[bytes], object]], object]


def by_httpx2(url: str, piece: Callable[[bytes], object]) -> None:
    import httpx2

    with httpx2.Client(verify=False) as client, client.stream("POST", url, json=ASKED) as response:
        for part in response.iter_raw():
            piece(part)


def by_httpx(url: str, piece: Callable[[bytes], object]) -> None:
    import httpx

    with httpx.Client(verify=False) as client, client.stream("POST", url, json=ASKED) as response:
        for part in response.iter_raw():
            piece(part)


def by_httpx2_async(url: str, piece: Callable[[bytes], object]) -> None:
    import httpx2

    async def ask() -> None:
        async with httpx2.AsyncClient(verify=False) as client, client.stream("POST", url, json=ASKED) as response:
            async for part in response.aiter_raw():
                piece(part)

    asyncio.run(ask())


def by_httpx_async(url: str, piece: Callable[[bytes], object]) -> None:
    import httpx

    async def ask() -> None:
        async with httpx.AsyncClient(verify=False) as client, client.stream("POST", url, json=ASKED) as response:
            async for part in response.aiter_raw():
                piece(part)

    asyncio.run(ask())


def by_aiohttp(url: str, piece: Callable[[bytes], object]) -> None:
    import aiohttp

    async def ask() -> None:
        async with aiohttp.ClientSession() as session, session.post(url, json=ASKED) as response:
            async for part in response.content.iter_any():
                piece(part)

    asyncio.run(ask())


def by_requests(url: str, piece: Callable[[bytes], object]) -> None:
    import requests

    with requests.post(url, json=ASKED, stream=True, timeout=15) as response:
        for part in response.iter_content(chunk_size=None):
            piece(part)


def by_urllib3(url: str, piece: Callable[[bytes], object]) -> None:
    import urllib3

    with urllib3.PoolManager(retries=False) as pool:
        response = pool.request("POST", url, json=ASKED, preload_content=False, retries=False)
        for part in response.stream():
            piece(part)


def by_urllib(url: str, piece: Callable[[bytes], object]) -> None:
    import json
    import urllib.request

    asked = urllib.request.Request(url, json.dumps(ASKED).encode())
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=15) as response:
        while part := response.read1(1000):
            piece(part)


WAYS = [
    by_httpx2,
    by_httpx2_async,
    by_httpx,
    by_httpx_async,
    by_aiohttp,
    by_requests,
    by_urllib3,
    by_urllib,
]
each_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__.removeprefix("by_"))


def ask(way: Way, url: str) -> list[bytes]:
    seen: list[bytes] = []
    way(url, seen.append)
    return seen


@each_way
def test_the_caller_sees_the_first_piece_before_the_next_has_left(way, canned, gated, kept):
    gate = gated()
    upstream = canned([HEAD + ONE, gate, TWO + END])
    seen: list[bytes] = []

    def piece(part: bytes) -> None:
        seen.append(part)
        gate.open()

    with recording(kept):
        way(upstream.url + "/v1/messages?a=b", piece)

    assert seen == [b"one ", b"two"]
    (taken,) = kept
    assert (taken.response.body, taken.response.ended) == (b"one two", "complete")
    assert [arrival.size for arrival in taken.response.arrivals] == [4, 3]
    assert taken.response.arrivals[0].at_s < taken.response.arrivals[1].at_s
    assert taken.response.head_at_s is not None


@each_way
def test_the_request_that_is_taken_down_is_the_one_that_was_sent(way, canned, kept):
    upstream = canned([HEAD + ONE + END], [HEAD + ONE + END])

    ask(way, upstream.url + "/v1/messages?a=b")
    with recording(kept):
        ask(way, upstream.url + "/v1/messages?a=b")

    without, recorded = upstream.requests
    assert recorded == without
    (taken,) = kept
    lines = "".join(f"{name}: {value}\r\n" for name, value in taken.request.headers)
    assert f"POST /v1/messages?a=b HTTP/1.1\r\n{lines}\r\n".encode() + upstream.bodies[1] == recorded
    assert (taken.request.uri, taken.provider) == (upstream.url + "/v1/messages?a=b", "anthropic")
    assert taken.request.body == upstream.bodies[1]


@each_way
def test_the_head_is_taken_down_as_it_was_written(way, canned, kept):
    upstream = canned(
        [b"HTTP/1.1 200 Well then\r\nDate: x\r\nx-B: 1\r\nX-a: 2\r\nX-a: 3\r\nContent-Length: 2\r\n\r\nhi"]
    )

    with recording(kept):
        ask(way, upstream.url)

    (taken,) = kept
    expected = (("Date", "x"), ("x-B", "1"), ("X-a", "2"), ("X-a", "3"), ("Content-Length", "2"))
    assert (taken.response.reason, taken.response.headers) == ("Well then", expected)


@each_way
def test_a_compressed_body_is_kept_as_it_came(way, canned, kept):
    import gzip

    packed = gzip.compress(b"one two")
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)

    with recording(kept):
        ask(way, canned([head + packed]).url)

    assert kept[0].response.body == packed


@each_way
@pytest.mark.parametrize(("how", "ended"), [("reset", "reset"), ("close", "cut")])
def test_an_answer_that_breaks_off_is_taken_down_as_far_as_it_came(way, canned, gated, kept, how, ended):
    gates = [gated(), gated()]
    upstream = canned([HEAD + ONE, gates[0], how], [HEAD + ONE, gates[1], how])
    seen: list[list[bytes]] = [[], []]

    def break_off(number: int) -> str:
        def piece(part: bytes) -> None:
            seen[number].append(part)
            gates[number].open()

        with pytest.raises(Exception) as raised:  # noqa: PT011
            way(upstream.url, piece)
        return f"{type(raised.value).__qualname__}"

    without = break_off(0)
    with recording(kept):
        hooked = break_off(1)

    assert (hooked, seen[1]) == (without, seen[0])
    assert (kept[0].response.ended, kept[0].response.body) == (ended, b"one ")


@each_way
@pytest.mark.parametrize(("how", "ended"), [("reset", "reset"), ("close", "cut")])
def test_no_answer_at_all_is_one_of_status_0(way, canned, kept, how, ended):
    # aiohttp asks a second time when a connection is closed before an answer.
    upstream = canned(*[[how]] * 3)

    with recording(kept), pytest.raises(Exception):  # noqa: B017, PT011
        ask(way, upstream.url)

    assert {(one.response.status, one.response.ended) for one in kept} == {(0, ended)}


@each_way
def test_a_caller_that_leaves_early_is_taken_down_so(way, canned, gated, kept):
    gate = gated()
    upstream = canned([HEAD + ONE, gate, TWO + END])

    class Enough(Exception):
        pass

    def leave(part: bytes) -> None:
        raise Enough

    with recording(kept):
        with pytest.raises(Enough):
            way(upstream.url, leave)
        gate.open()

    assert (kept[0].response.ended, kept[0].response.body) == ("timeout", b"one ")


@each_way
def test_hosts_that_are_not_wanted_are_left_alone(way, canned, kept):
    upstream = canned([HEAD + ONE + END])

    with recording(kept, hosts=["api.anthropic.com"]):
        assert ask(way, upstream.url) == [b"one "]

    assert kept == []


@each_way
def test_nothing_is_taken_down_behind_the_statement(way, canned, kept):
    upstream = canned([HEAD + ONE + END])

    with recording(kept):
        pass

    assert (ask(way, upstream.url), kept) == ([b"one "], [])


# --- played ----------------------------------------------------------------------------------------------------------


def chunked(**changes: Any) -> Response:
    headers = (("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked"))
    fields: dict[str, Any] = {"status": 200, "reason": "OK", "headers": headers, "body": b"one two"}
    return Response(**{**fields, **changes})


@each_way
def test_a_recording_is_played_and_nothing_reaches_a_network(way, canned):
    canary = canned()
    asked: list[Request] = []

    def answer(request: Request) -> Response:
        asked.append(request)
        return chunked()

    with playing(answer):
        seen = ask(way, canary.url + "/v1/messages")
        elsewhere = ask(way, "https://api.anthropic.com/v1/messages")

    assert b"".join(seen) == b"".join(elsewhere) == b"one two"
    assert [one.uri for one in asked] == [canary.url + "/v1/messages", "https://api.anthropic.com/v1/messages"]
    assert all(one.method == "POST" and one.body.startswith(b'{"a"') for one in asked)
    assert canary.connections == 0


@each_way
@pytest.mark.parametrize("ended", ["reset", "cut", "timeout"])
@pytest.mark.parametrize("status", [200, 0])
def test_a_recorded_failure_is_met_again(way, ended, status):
    seen: list[bytes] = []
    broken = chunked(ended=ended, body=b"one ") if status else Response(status=0, ended=ended)

    with playing(lambda request: broken), pytest.raises(Exception):  # noqa: B017, PT011
        way("https://api.anthropic.com/v1/messages", seen.append)

    assert b"".join(seen) == (b"one " if status else b"")


@each_way
def test_what_an_upstream_did_is_what_a_recording_does(way, canned, kept):
    from windtunnel.cassette.interaction import Arrival

    with recording(kept):
        live = ask(way, canned([HEAD + ONE + TWO + END]).url)
    played = kept[0].response
    assert played.arrivals == tuple(Arrival(one.at_s, size) for one, size in zip(played.arrivals, (4, 3), strict=True))

    with playing(lambda request: played):
        again = ask(way, "http://elsewhere.invalid/")

    assert b"".join(live) == b"".join(again)


@each_way
def test_a_host_may_be_let_through(way, canned):
    upstream = canned([HEAD + ONE + END])

    with playing(lambda request: chunked(status=500), through=["127.0.0.1"]):
        assert ask(way, upstream.url) == [b"one "]
