"""The listener, its door, and the control API over a real socket."""

from __future__ import annotations

import asyncio
import errno
import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from windtunnel_server.clock import RealClock, VirtualClock
from windtunnel_server.core import Core
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.server import Server, serve_until
from windtunnel_server.words import fail, fault, reply, step_to_json

Bytes = Callable[..., bytes]


def refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


# --- the door ----------------------------------------------------------------------------------------------------


def test_a_shut_port_refuses_for_a_while_and_serves_again(served: Any, request_bytes: Bytes) -> None:
    served.script(fail("connection_refused", for_s=0.3), reply("after"))

    shut_at = served.core.clock.now()
    assert refused(served.port)
    served.until(lambda: not refused(served.port))

    assert served.core.clock.now() >= shut_at + 0.25
    assert served.connect().send(request_bytes()).answer().text == "after"
    refusal = served.core.journal[0]
    assert (refusal.ended, refusal.answered_by, refusal.status) == ("refused", "composed + connection_refused", None)


def test_nobody_else_gets_the_port_while_it_is_shut(served: Any) -> None:
    served.script(fail("connection_refused", for_s=0.5))
    assert refused(served.port)

    with socket.socket() as thief, pytest.raises(OSError, match="in use") as caught:
        thief.bind(("127.0.0.1", served.port))

    assert caught.value.errno == errno.EADDRINUSE


def test_a_port_is_shut_as_often_as_the_step_says(served: Any) -> None:
    served.script(fail("connection_refused", for_s=0.15, times=2))

    shut_at = served.core.clock.now()
    # Between the two it is open for a moment, and a busy machine may show it.
    served.until(lambda: len(served.core.journal) == 2 and not refused(served.port))

    assert served.core.clock.now() >= shut_at + 0.3
    assert [call.ended for call in served.core.journal] == ["refused"] * 2


def test_the_port_is_shut_behind_the_answer_before_it(served: Any, request_bytes: Bytes) -> None:
    served.script(reply("before"), fail("connection_refused", for_s=0.2))
    wire = served.connect()

    assert wire.send(request_bytes()).answer().text == "before"
    assert wire.is_closed()
    assert served.core.journal[0].ended == "complete"


def test_a_dropped_connection_ends_before_a_request(served: Any, request_bytes: Bytes) -> None:
    served.script(fail("connection_dropped", times=2), reply("after"))

    assert [served.connect().rest() for _ in range(2)] == [b"", b""]

    assert served.connect().send(request_bytes()).answer().text == "after"
    assert [(call.ended, call.connection) for call in served.core.journal] == [
        ("closed", 1), ("closed", 2), ("complete", 3)
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["connection_dropped", "connection_refused"])
def test_idle_connections_are_closed_when_the_door_is_next(served: Any, request_bytes: Bytes, name: str) -> None:
    idle, used, busy = served.connect(), served.connect(), served.connect()
    used.send(request_bytes()).answer()
    served.script(fail("stall_before_headers", for_s=0.2))
    busy.send(request_bytes())
    served.until(lambda: len(served.core.journal) == 2)

    served.script(fail(name))

    assert idle.is_closed()
    assert used.is_closed()
    assert busy.answer().status == 200
    assert busy.is_closed()


def test_the_answer_before_a_door_fault_is_not_lost(served: Any, request_bytes: Bytes, asked: dict[str, Any]) -> None:
    served.script(reply("one", faults=[fault("slow_drip", every_s=0.001, bytes=200)]), fail("connection_dropped"))
    wire = served.connect().send(request_bytes(asked | {"stream": True}))

    assert b"message_stop" in wire.answer().body
    assert wire.is_closed()
    assert served.connect().rest() == b""


# --- a door that is shut for a while ------------------------------------------------------------------------------


def window(served: Any, after_s: float, for_s: float) -> tuple[float, float]:
    begin = served.core.clock.now() + after_s
    return begin, begin + for_s


def test_a_port_is_shut_from_the_beginning_of_a_window_to_its_end(served: Any, request_bytes: Bytes) -> None:
    kept = served.connect()
    kept.send(request_bytes()).answer()
    begin, end = window(served, 0.2, 0.3)
    served.script(fail("connection_refused", during=(begin, end)), reply("Hello", times="forever"))

    assert kept.send(request_bytes()).answer().text == "Hello"
    assert kept.is_closed()
    shut_at = served.core.clock.now()
    assert refused(served.port)
    served.until(lambda: not refused(served.port))
    opened_at = served.core.clock.now()

    assert served.connect().send(request_bytes()).answer().text == "Hello"
    assert begin <= shut_at < end <= opened_at
    assert [call.ended for call in served.core.journal] == ["complete", "complete", "refused", "complete"]
    assert served.core.journal[2].arrived_at == pytest.approx(end, abs=0.1)


def test_connections_are_dropped_while_a_window_is_open(served: Any, request_bytes: Bytes) -> None:
    kept = served.connect()
    kept.send(request_bytes()).answer()
    begin, end = window(served, 0.2, 0.3)
    served.script(fail("connection_dropped", during=(begin, end)))

    assert kept.is_closed()
    assert [served.connect().rest() for _ in range(3)] == [b""] * 3
    served.until(lambda: served.core.clock.now() >= end)

    assert served.connect().send(request_bytes()).answer().status == 200
    assert [call.ended for call in served.core.journal] == ["complete", *["closed"] * 3, "complete"]


def test_a_window_behind_which_the_door_is_shut_keeps_it_open(served: Any, request_bytes: Bytes) -> None:
    kept = served.connect()
    _, end = window(served, 0.0, 0.25)
    served.script(reply("Hello", during=(0, end)), fail("connection_dropped"))

    assert kept.send(request_bytes()).answer().text == "Hello"
    assert kept.is_closed()

    assert served.core.clock.now() >= end
    assert served.connect().rest() == b""


def test_a_port_that_is_shut_forever_opens_when_the_script_is_forgotten(served: Any, request_bytes: Bytes) -> None:
    served.script(fail("connection_refused", for_s=0.05, times="forever"))
    assert refused(served.port)
    served.until(lambda: served.core.clock.now() > 0.2)
    assert refused(served.port)

    served.core.reset()

    assert served.connect().send(request_bytes()).answer().status == 200


def test_the_end_of_a_window_opens_a_port_early(served: Any) -> None:
    begin, end = window(served, 0.0, 0.2)
    served.script(fail("connection_refused", for_s=60, times=1, during=(begin, end)))

    assert refused(served.port)
    served.until(lambda: not refused(served.port))

    assert end <= served.core.clock.now() < end + 5
    assert served.core.script.left == []


# --- start and stop ----------------------------------------------------------------------------------------------


def test_stopping_cuts_what_is_under_way(
    serve: Callable[..., Any], loop: str, request_bytes: Bytes, asked: dict[str, Any]
) -> None:
    served = serve(loop)
    served.script(fail("stall", text="Hello", after_events=2))
    busy, idle = served.connect(), served.connect()
    busy.send(request_bytes(asked | {"stream": True})).until(b"event: content_block_start")

    served.running.stop()

    (call,) = served.core.journal.calls
    assert call.ended == "stopped"
    assert call.ended_at <= served.core.clock.now()
    assert busy.is_closed() and idle.is_closed()
    assert refused(served.port)
    served.running.stop = lambda: None


def serving(coroutine: Callable[[Server], Any], **options: Any) -> Any:
    """Run a coroutine beside a server, on one loop."""
    clock = RealClock()
    server = Server(Core(Anthropic(clock), clock), **options)

    async def run() -> Any:
        await server.start()
        try:
            return await coroutine(server)
        finally:
            await server.stop()

    return asyncio.run(run())


def test_a_server_that_was_stopped_while_shut_stays_shut() -> None:
    async def stopped(server: Server) -> bool:
        server.core.extend_script([fail("connection_refused", for_s=0.05)])
        await server.stop()
        await asyncio.sleep(0.15)
        return refused(int(server.url.rpartition(":")[2]))

    assert serving(stopped)


def test_a_server_serves_until_it_is_told(request_bytes: Bytes) -> None:
    clock = RealClock()
    server = Server(Core(Anthropic(clock), clock))
    seen: list[bool] = []

    async def stop() -> None:
        seen.append(await asyncio.to_thread(refused, int(server.url.rpartition(":")[2])))

    asyncio.run(serve_until(server, stop))

    assert seen == [False]
    assert refused(int(server.url.rpartition(":")[2]))


def test_a_port_that_is_taken_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        with pytest.raises(OSError, match="in use") as caught:
            serving(lambda server: asyncio.sleep(0), port=taken.getsockname()[1])

    assert caught.value.errno == errno.EADDRINUSE


def test_a_port_may_be_asked_for() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def url(server: Server) -> str:
        return server.url

    assert serving(url, port=port) == f"http://127.0.0.1:{port}"


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_an_ipv6_address_stands_in_brackets() -> None:
    async def url(server: Server) -> str:
        return server.url

    try:
        assert serving(url, host="::1").startswith("http://[::1]:")
    except OSError as error:
        pytest.skip(f"no IPv6 loopback: {error}")


def test_a_stranger_to_a_virtual_clock_is_refused(request_bytes: Bytes) -> None:
    clock = VirtualClock()
    server = Server(Core(Anthropic(clock), clock))

    async def once() -> bytes:
        await server.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        writer.write(request_bytes())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        writer.close()
        await server.stop()
        return head

    head = asyncio.run(once())

    assert head.startswith(b"HTTP/1.1 400")
    assert b"x-should-retry: false" in head


def test_paced_streams_leave_on_time_side_by_side(served: Any, request_bytes: Bytes, asked: dict[str, Any]) -> None:
    served.script(reply("a b c d e f", stream={"tokens_per_second": 50, "text_piece": 2}, times=20))
    wires = [served.connect().send(request_bytes(asked | {"stream": True})) for _ in range(20)]

    begun = time.monotonic()
    for wire in wires:
        assert b"message_stop" in wire.answer().body

    assert time.monotonic() - begun < 5
    for call in served.core.journal:
        at = [step.at for step in call.steps if step.event == "content_block_delta"]
        assert at[-1] - at[0] >= 0.05


# --- control over the wire ---------------------------------------------------------------------------------------


def control(served: Any, request_bytes: Bytes, method: str, name: str, body: Any = b"") -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return served.connect().send(request_bytes(data, method=method, path=f"/_windtunnel/{name}")).answer()


def test_a_script_is_written_and_the_journal_read(served: Any, request_bytes: Bytes) -> None:
    assert control(served, request_bytes, "POST", "script", [{"reply": "Hello"}]).status == 200
    assert served.connect().send(request_bytes()).answer().text == "Hello"

    (line,) = control(served, request_bytes, "GET", "journal").body.splitlines()

    assert json.loads(line)["answered_by"] == "reply"
    assert control(served, request_bytes, "GET", "health").json["calls"] == 1
    assert len(served.core.journal) == 1


@pytest.mark.parametrize("name", ["connection_dropped", "connection_refused"])
def test_writing_a_door_fault_is_answered(served: Any, request_bytes: Bytes, name: str) -> None:
    step = step_to_json(fail(name))

    answer = control(served, request_bytes, "POST", "script", [step])

    assert (answer.status, answer.json) == (200, {"steps": [step], "then": "composed"})


def test_a_refused_control_call_keeps_the_connection(served: Any, request_bytes: Bytes) -> None:
    wire = served.connect()

    for path, status in (("/_windtunnel/nothing", 404), ("/_windtunnel/reset", 405), ("/_windtunnel/verdict", 501)):
        assert wire.send(request_bytes(method="GET", path=path)).answer().status == status


def test_a_judge_is_asked_for_a_verdict(serve: Callable[..., Any], request_bytes: Bytes) -> None:
    served = serve(judge=lambda query: {"verdict": "pass"})

    assert control(served, request_bytes, "GET", "verdict").json == {"verdict": "pass"}


def test_no_secret_is_in_what_the_journal_tells(served: Any, request_bytes: Bytes) -> None:
    key = "sk-ant-PLANTED-0123456789"
    served.connect().send(request_bytes(x_api_key=key, cookie=f"a={key}; b=1", authorization=f"Bearer {key}")).answer()

    told = control(served, request_bytes, "GET", "journal").body

    assert b"PLANTED" not in told
    assert b"***6789" in told
