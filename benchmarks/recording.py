"""The first byte of a stream, straight from the fake and through `windtunnel record`, both in processes of their own.

And what becomes of an exchange then: redacted, checked and laid out, next to vcrpy and to reading its JSON.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from benchmarks.bodies import KEY, large, request, small
from benchmarks.child import ROOT, running
from benchmarks.rounds import Row, Table, by_turns
from windtunnel.cassette import layout
from windtunnel.cassette.interaction import Interaction, Request, Response
from windtunnel.cassette.redact import Redactor

_ASKED = request(small(stream=True))
_PATIENCE_S = 20.0
_HEADERS = (("x-api-key", KEY), ("content-type", "application/json"))
_NOTE = "ms of the process's own time. vcrpy looks at the headers that it is told of; ours at every byte, in every encoding, and twice."


def measure(*, quick: bool) -> list[Table]:
    """Measure what a client waits for, and what the process that writes has to do."""
    return [_first_byte(quick=quick), _redaction(quick=quick)]


def _first_byte(*, quick: bool) -> Table:
    """Ask on a kept connection, one stream after another; the first byte counts, the rest is read."""
    calls, rounds = (3, 1) if quick else (60, 7)
    with ExitStack() as stack:
        fake = stack.enter_context(running("ours", "asyncio"))
        recorder = stack.enter_context(_recording(fake.port))
        there = {
            "through": stack.enter_context(_connected(recorder)),
            "straight": stack.enter_context(_connected(fake.port)),
        }
        found = by_turns(
            {name: lambda sock=sock: _first_byte_ms(sock, calls) for name, sock in there.items()},  # type: ignore[misc]
            rounds,
        )
    added = found["through"].middle - found["straight"].middle
    row = Row("first byte, ms", found["through"], found["straight"], "without a recorder", "asyncio")
    return Table("recording through the proxy (less is better)", [row], note=f"added: {added:.2f} ms")


def _redaction(*, quick: bool) -> Table:
    """Redact a request of 200 kB: the first of a session, and one whose history was seen before."""
    exchange = Interaction(
        request=Request(
            method="POST", uri="https://api.anthropic.com/v1/messages", headers=_HEADERS, body=large(stream=False)
        ),
        response=Response(status=200, headers=_HEADERS[1:], body=b'{"content":[{"type":"text","text":"Hello"}]}'),
    )
    known = Redactor(environ={})
    clean = known.interaction(exchange)
    written = layout.block(clean).encode()
    known.check(written, name="")

    def whole() -> object:
        fresh = Redactor(environ={})
        finished = layout.block(fresh.interaction(exchange)).encode()
        fresh.check(finished, name="")
        return finished

    ours: dict[str, Callable[[], object]] = {
        "redacted, first of a session": lambda: Redactor(environ={}).interaction(exchange),
        "redacted, its history seen before": lambda: known.interaction(exchange),
        "what is to be written checked": lambda: known.check(written, name=""),
        "redacted, laid out and checked": whole,
    }
    others = {"json.loads": lambda: json.loads(exchange.request.body), "vcrpy": _vcrpy(exchange)}
    found = by_turns({what: _watch(work) for what, work in {**ours, **others}.items()}, 1 if quick else 9)
    rows = [Row(what, found[what], found["json.loads"], "json.loads") for what in list(ours)[:3]]
    *_, last = ours
    rows.append(Row(last, found[last], found["vcrpy"], "vcrpy: filtered, laid out"))
    size = len(exchange.request.body) // 1000
    return Table(f"redaction of a request of {size} kB, ms (less is better)", rows, _NOTE)


def _vcrpy(exchange: Interaction) -> Callable[[], object]:
    """Filter the key out of the headers, and write YAML: what vcrpy does if it is told to."""
    from vcr.filters import replace_headers  # type: ignore[import-untyped]
    from vcr.request import Request as Asked  # type: ignore[import-untyped]
    from vcr.serialize import serialize  # type: ignore[import-untyped]
    from vcr.serializers import yamlserializer  # type: ignore[import-untyped]

    asked, answer = exchange.request, exchange.response
    response = {
        "status": {"code": 200, "message": "OK"},
        "headers": {name: [value] for name, value in answer.headers},
        "body": {"string": answer.body},
    }

    def work() -> object:
        request = replace_headers(
            Asked(asked.method, asked.uri, asked.body, dict(asked.headers)), [("x-api-key", "REDACTED")]
        )
        return serialize({"requests": [request], "responses": [response]}, yamlserializer)

    return work


def _watch(work: Callable[[], object]) -> Callable[[], float]:
    def once() -> float:
        began = time.process_time()
        work()
        return (time.process_time() - began) * 1000

    return once


@contextmanager
def _recording(port: int) -> Iterator[int]:
    """Record what goes to a port; return the recorder's own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "windtunnel", "record", "--cassette", str(Path(folder, "a.yaml"))]
        command += ["--upstream", f"http://127.0.0.1:{port}"]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdout is not None
            try:
                yield int(json.loads(process.stdout.readline())["url"].rpartition(":")[2])
            finally:
                process.terminate()


@contextmanager
def _connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield sock


def _first_byte_ms(sock: socket.socket, calls: int) -> float:
    return median(_ask(sock) for _ in range(calls)) * 1000


def _ask(sock: socket.socket) -> float:
    began = time.perf_counter()
    sock.sendall(_ASKED)
    came = sock.recv(65536)
    took = time.perf_counter() - began
    while not came.endswith(b"0\r\n\r\n"):
        more = sock.recv(65536)
        assert more, "the connection was closed in the middle of a stream"
        came += more
    return took
