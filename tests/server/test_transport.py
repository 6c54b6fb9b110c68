"""The in-memory transport, for both HTTP libraries, sync and async."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from windtunnel_server.clock import RealClock, VirtualClock
from windtunnel_server.core import Core
from windtunnel_server.inprocess import InProcess
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.script import Step
from windtunnel_server.transport import LIBRARIES, async_transport, transport
from windtunnel_server.words import fail, fault, reply

HEADERS = {"x-api-key": "sk-ant-key", "anthropic-version": "2023-06-01"}
URL = "http://fake.test/v1/messages"


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lib(library: str) -> Any:
    return pytest.importorskip(library, reason=f"{library} is not installed")


@pytest.fixture(params=["sync", "async"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


Ask = Callable[..., Any]


@pytest.fixture
def core() -> Any:
    """A core on a virtual clock that this thread takes part in."""
    clock = VirtualClock()
    together = InProcess(clock)
    together.enter()
    yield Core(Anthropic(clock), clock)
    together.exit()


@pytest.fixture
def ask(core: Core, library: str, lib: Any, way: str, asked: dict[str, Any]) -> Ask:
    """Send one request and read it whole: `ask(body, method="POST", url=URL, stream=…, timeout=…)`."""

    def content(body: Any) -> bytes:
        return body if isinstance(body, bytes) else json.dumps(asked if body is None else body).encode()

    def sync(body: Any = None, *, method: str = "POST", url: str = URL, **options: Any) -> Any:
        with lib.Client(transport=transport(core, library=library)) as client:
            return client.request(method, url, content=content(body), headers=HEADERS, **options)

    async def aio(body: Any = None, *, method: str = "POST", url: str = URL, **options: Any) -> Any:
        async with lib.AsyncClient(transport=async_transport(core, library=library)) as client:
            return await client.request(method, url, content=content(body), headers=HEADERS, **options)

    return sync if way == "sync" else lambda *given, **options: asyncio.run(aio(*given, **options))


def script(core: Core, *steps: Step) -> None:
    core.extend_script(steps)


def test_a_request_is_answered_and_journalled(core: Core, ask: Ask) -> None:
    script(core, reply("Hello"))

    answer = ask(url=URL + "?beta=true")

    assert (answer.status_code, answer.json()["content"][0]["text"]) == (200, "Hello")
    (call,) = core.journal.calls
    assert (call.path, call.query, call.connection, call.ended) == ("/v1/messages", "beta=true", 0, "complete")
    assert call.sender


def test_silences_take_virtual_time(core: Core, ask: Ask) -> None:
    script(core, reply("Hello", stream={"first_byte": 300}))

    assert ask(timeout=None).status_code == 200
    assert core.clock.now() == 300.0


def test_the_clients_own_time_out_holds(core: Core, ask: Ask, lib: Any) -> None:
    script(core, fail("stall_before_headers", for_s=600))

    with pytest.raises(lib.ReadTimeout):
        ask(timeout=5)

    (call,) = core.journal.calls
    assert (call.ended, call.ended_at) == ("hung up", 5.0)
    assert core.clock.now() == 5.0


def test_a_byte_that_comes_just_in_time_is_no_time_out(core: Core, ask: Ask) -> None:
    script(core, fail("stall_before_headers", for_s=5))

    assert ask(timeout=5).status_code == 200


BREAKS = [
    ("connection_refused", "ConnectError", "refused"),
    ("connection_dropped", "RemoteProtocolError", "closed"),
    ("reset_before_headers", "ReadError", "reset"),
    ("empty_answer", "RemoteProtocolError", "closed"),
    ("reset_mid_body", "ReadError", "reset"),
    ("close_mid_stream", "RemoteProtocolError", "closed"),
    ("broken_chunk", "RemoteProtocolError", "closed"),
    ("wrong_content_length", "RemoteProtocolError", "closed"),
]


@pytest.mark.parametrize(("name", "error", "ended"), BREAKS)
def test_a_broken_connection_is_the_librarys_own_exception(
    core: Core, ask: Ask, lib: Any, asked: dict[str, Any], name: str, error: str, ended: str
) -> None:
    script(core, fail(name))

    with pytest.raises(getattr(lib, error)) as caught:
        ask(asked | {"stream": True})

    assert type(caught.value).__module__.partition(".")[0] == lib.__name__
    assert caught.value.request.url.path == "/v1/messages"
    assert [call.ended for call in core.journal.calls] == [ended]
    assert ask().status_code == 200


def test_a_length_that_is_too_short_cuts_the_body(core: Core, ask: Ask) -> None:
    script(core, reply("Hello", faults=[fault("wrong_content_length", by=-10)]))

    answer = ask()

    assert len(answer.content) == int(answer.headers["content-length"])
    assert core.journal[0].ended == "complete"


def test_a_body_above_the_limit_is_refused(core: Core, ask: Ask) -> None:
    answer = ask(b"x" * (32 * 1024 * 1024 + 1))

    assert answer.status_code == 413
    assert core.journal[0].bytes_in == 32 * 1024 * 1024 + 1


def test_an_answer_to_head_has_no_body(core: Core, ask: Ask) -> None:
    answer = ask(b"", method="HEAD", url="http://fake.test/")

    assert (answer.status_code, answer.content) == (404, b"")


def test_an_unknown_library_is_told_with_those_known(core: Core) -> None:
    with pytest.raises(ValueError, match="library: 'requests' is none of httpx2, httpx"):
        transport(core, library="requests")


def test_a_client_that_leaves_in_the_middle_hung_up(core: Core, lib: Any, library: str, asked: dict[str, Any]) -> None:
    script(core, reply("Hello there", stream={"tokens_per_second": 1}))
    body = json.dumps(asked | {"stream": True}).encode()

    with (
        lib.Client(transport=transport(core, library=library)) as client,
        client.stream("POST", URL, content=body, headers=HEADERS, timeout=None) as answer,
    ):
        next(answer.iter_raw())

    (call,) = core.journal.calls
    assert (call.ended, call.ended_at) == ("hung up", 0.0)
    assert call.events_sent == ["message_start", "content_block_start", "ping"]
    assert call.usage is not None and call.usage["input_tokens"] > 0


def test_a_slow_reader_gets_what_was_due_at_once(core: Core, lib: Any, library: str, asked: dict[str, Any]) -> None:
    script(core, reply("One two three four five six", stream={"tokens_per_second": 1, "text_piece": 4}))
    body = json.dumps(asked | {"stream": True}).encode()

    with (
        lib.Client(transport=transport(core, library=library)) as client,
        client.stream("POST", URL, content=body, headers=HEADERS, timeout=None) as answer,
    ):
        core.clock.sleep(1000)
        for _ in answer.iter_raw():
            pass
        read_at = core.clock.now()

    (call,) = core.journal.calls
    sent = [step.at for step in call.steps if step.event == "content_block_delta"]
    assert read_at == 1000.0
    assert call.ended_at is not None and call.ended_at < 100
    assert sent == sorted(sent) and sent[0] > 0 and sent[-1] < 100


def test_twelve_tasks_wait_side_by_side(core: Core, lib: Any, library: str, asked: dict[str, Any]) -> None:
    script(core, reply("Hello", stream={"first_byte": 60}, times=12))

    async def crowd() -> list[int]:
        async with lib.AsyncClient(transport=async_transport(core, library=library), headers=HEADERS) as client:
            answers = await asyncio.gather(*(client.post(URL, json=asked, timeout=None) for _ in range(12)))
            return [answer.status_code for answer in answers]

    assert asyncio.run(crowd()) == [200] * 12
    assert core.clock.now() == 60.0
    assert len({call.sender for call in core.journal.calls}) == 12


def test_it_works_on_a_real_clock_too(lib: Any, library: str, asked: dict[str, Any]) -> None:
    clock = RealClock()
    core = Core(Anthropic(clock), clock)
    script(core, reply("Hello", stream={"first_byte": 0.05}))

    with lib.Client(transport=transport(core, library=library), headers=HEADERS) as client:
        assert client.post(URL, json=asked).status_code == 200

    assert 0.05 <= clock.now() < 5


def test_trio_clients_run_on_a_real_clock(lib: Any, library: str, asked: dict[str, Any]) -> None:
    trio = pytest.importorskip("trio")
    clock = RealClock()
    core = Core(Anthropic(clock), clock)
    script(core, reply("Hello", stream={"first_byte": 0.05}))

    async def once() -> int:
        async with lib.AsyncClient(transport=async_transport(core, library=library), headers=HEADERS) as client:
            return int((await client.post(URL, json=asked)).status_code)

    assert trio.run(once) == 200
