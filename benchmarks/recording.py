"""The first byte of a stream, straight from the fake and through `windtunnel record`, both in processes of their own."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from benchmarks.bodies import request, small
from benchmarks.child import ROOT, running
from benchmarks.rounds import Row, Table, by_turns

_ASKED = request(small(stream=True))
_PATIENCE_S = 20.0


def measure(*, quick: bool) -> list[Table]:
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
    return [Table("recording through the proxy (less is better)", [row], note=f"added: {added:.2f} ms")]


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
