from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from windtunnel import Windtunnel, fail, reply
from windtunnel_server.clock import REAL, VirtualTimeError
from windtunnel_server.inprocess.flows import registry


def test_a_read_timeout_comes_when_the_clock_says_and_at_once(tunnel: Windtunnel, call: Callable[..., int]) -> None:
    tunnel.script(fail("stall_before_headers", for_s=700))
    began = REAL.monotonic()

    with pytest.raises(TimeoutError):
        call(tunnel.url, 600.0)

    assert tunnel.clock.now() == pytest.approx(600.0, abs=1e-6)
    assert REAL.monotonic() - began < 30


def test_an_answer_due_just_before_the_timeout_arrives(tunnel: Windtunnel, call: Callable[..., int]) -> None:
    tunnel.script(fail("stall_before_headers", for_s=599.999))

    assert call(tunnel.url, 600.0) == 200
    assert tunnel.clock.now() == pytest.approx(599.999, abs=1e-6)


def test_a_client_without_a_timeout_waits_as_long_as_it_takes(tunnel: Windtunnel, call: Callable[..., int]) -> None:
    tunnel.script(fail("stall_before_headers", for_s=86_400.0))

    assert call(tunnel.url, None) == 200
    assert tunnel.clock.now() == pytest.approx(86_400.0, abs=1e-6)


def test_a_wait_for_ever_on_both_sides_is_said_to_be_one(tunnel: Windtunnel, call: Callable[..., int]) -> None:
    from windtunnel import ClockStuckError

    tunnel.script(fail("stall_before_headers"))

    with pytest.raises(ClockStuckError, match="Give the client a time-out"):
        call(tunnel.url, None)


def test_time_does_not_pass_while_the_client_works(tunnel: Windtunnel, call: Callable[..., int]) -> None:
    tunnel.script(reply("one two three", stream={"first_byte": 1.0}))

    assert call(tunnel.url) == 200
    sum(number * number for number in range(300_000))

    assert tunnel.clock.now() == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("times", [1, 3])
def test_refused_connections_are_counted(tunnel: Windtunnel, call: Callable[..., int], times: int) -> None:
    tunnel.script(fail("connection_refused", times=times), reply("Hello"))

    for _ in range(times):
        with pytest.raises(ConnectionRefusedError):
            call(tunnel.url)

    assert call(tunnel.url) == 200
    assert [entry.ended for entry in tunnel.journal] == ["refused"] * times + ["complete"]


def test_a_refused_asyncio_client_sees_the_same(tunnel: Windtunnel, acall: Callable[..., Any]) -> None:
    tunnel.script(fail("connection_refused"), reply("Hello"))

    async def twice() -> int:
        with pytest.raises(ConnectionRefusedError):
            await acall(tunnel.url)
        return int(await acall(tunnel.url))

    assert asyncio.run(twice()) == 200


def test_the_journal_tells_threads_and_tasks_apart(
    tunnel: Windtunnel, call: Callable[..., int], acall: Callable[..., Any]
) -> None:
    async def both() -> None:
        await asyncio.gather(acall(tunnel.url), acall(tunnel.url))

    thread = threading.Thread(target=call, args=(tunnel.url,))
    thread.start()
    thread.join()
    call(tunnel.url)
    asyncio.run(both())

    senders = [entry.sender for entry in tunnel.journal]
    assert None not in senders
    assert len(set(senders)) == 4


def test_nothing_is_left_behind_when_the_tunnel_closes(call: Callable[..., int]) -> None:
    before = {name: vars(socket.socket).get(name) for name in ("recv", "send", "connect", "accept", "_real_close")}

    with Windtunnel() as tunnel:
        call(tunnel.url)
        assert vars(socket.socket)["recv"] is not before["recv"]

    assert {name: vars(socket.socket).get(name) for name in before} == before
    assert registry.doors == {}


def test_links_of_closed_connections_are_forgotten(tunnel: Windtunnel, call: Callable[..., int]) -> None:
    for _ in range(20):
        call(tunnel.url)
    call(tunnel.url)

    assert len(registry._links) <= 2


def test_sockets_that_have_nothing_to_do_with_it_work_as_ever(tunnel: Windtunnel) -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(5.0)

    theirs.sendall(b"ping")

    assert ours.recv(10) == b"ping"
    ours.settimeout(0.01)
    with pytest.raises(TimeoutError):
        ours.recv(1)
    ours.close()
    theirs.close()


def test_a_virtual_server_refuses_a_stranger_and_says_why(tunnel: Windtunnel) -> None:
    import subprocess
    import sys

    program = (
        "import sys, urllib.request, urllib.error\n"
        "ask = urllib.request.Request(sys.argv[1] + '/v1/messages', data=b'{}', headers={'x-api-key': 'k'})\n"
        "try: urllib.request.urlopen(ask)\n"
        "except urllib.error.HTTPError as error: print(error.code, error.read().decode())\n"
    )

    # `run` waits for a child, which no virtual clock may be held up by, nor run away from.
    said = subprocess.run([sys.executable, "-c", program, tunnel.url], capture_output=True, text=True, timeout=30)

    assert said.stdout.startswith("400 ")
    assert 'clock=\\"real\\"' in said.stdout


def test_a_hung_up_call_is_in_the_journal_as_soon_as_the_client_knows(
    tunnel: Windtunnel, call: Callable[..., int]
) -> None:
    tunnel.script(fail("stall_before_headers", times=40))

    for turn in range(1, 41):
        with pytest.raises(TimeoutError):
            call(tunnel.url, 5.0)
        entry = tunnel.journal[-1]
        assert (entry.ended, entry.ended_at) == ("hung up", pytest.approx(5.0 * turn, abs=1e-6))


def test_a_trio_client_is_turned_away_from_virtual_time_with_the_remedy(tunnel: Windtunnel) -> None:
    trio = pytest.importorskip("trio")

    async def connect() -> None:
        host, _, port = tunnel.url.removeprefix("http://").partition(":")
        await trio.open_tcp_stream(host, int(port))

    with pytest.raises(BaseExceptionGroup) as raised:
        trio.run(connect)

    assert raised.group_contains(VirtualTimeError, match='clock="real"')
    assert len(tunnel.journal) == 0


def test_a_tunnel_that_shared_a_clock_leaves_it_to_the_other(tunnel: Windtunnel, call: Callable[..., int]) -> None:
    with Windtunnel(clock=tunnel.clock):
        time.sleep(2)
    time.sleep(3)
    tunnel.script(fail("stall_before_headers", for_s=4))

    assert call(tunnel.url) == 200
    assert tunnel.clock.now() == pytest.approx(9.0, abs=1e-6)
