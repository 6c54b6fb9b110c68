"""A server in a process of its own: `python -m benchmarks.child KIND LOOP`, stopped by closing its standard input.

Kinds: `ours`; `canned` and `uvicorn`, which take the answer they give as hex on the first line of standard input.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import loops

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Child:
    """A running server."""

    port: int
    pid: int

    def cpu_s(self) -> float | None:
        """CPU seconds its process has used so far; None where the system does not tell."""
        try:
            text = Path(f"/proc/{self.pid}/schedstat").read_text(encoding="ascii")
        except OSError:
            return None
        return int(text.split()[0]) / 1e9


@contextmanager
def running(kind: str, loop: str, answer: bytes = b"") -> Iterator[Child]:
    """Start a server and stop it at the end."""
    command = [sys.executable, "-m", "benchmarks.child", kind, loop]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(answer.hex() + "\n")
            process.stdin.flush()
            yield Child(int(process.stdout.readline()), process.pid)
        finally:
            process.stdin.close()
            process.wait()


async def _ours(answer: bytes) -> int:
    from windtunnel.serving import build

    server = build(host="127.0.0.1", port=0, provider="anthropic", seed=0, speed=1.0, script=None).server
    await server.start()
    return int(server.url.rpartition(":")[2])


async def _serve(kind: str, answer: bytes) -> None:
    from benchmarks import asgi, canned

    start = {"ours": _ours, "canned": canned.start, "uvicorn": asgi.start}[kind]
    print(await start(answer), flush=True)
    over = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, over.set)
    await over.wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loops.FACTORIES[sys.argv[2]]) as runner:
        runner.run(_serve(sys.argv[1], bytes.fromhex(sys.stdin.readline())))
