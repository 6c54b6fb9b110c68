"""On a terminal, the command is in the foreground: it reads and writes there, and Ctrl-C reaches it once."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import textwrap
import time

import pytest

pytestmark = pytest.mark.slow

SIZE = (31, 97)


class Terminal:
    """A terminal with a runner of ours in it, seen from the keyboard."""

    def __init__(self, command, output):
        runner = textwrap.dedent(f"""
            import fcntl, os, sys, termios
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            from windtunnel.execution import execute
            execution = execute([sys.executable, "-S", "-c", {textwrap.dedent(command)!r}], env=dict(os.environ),
                                timeout_s=40, output={output!r})
            print("ran:", execution.how, execution.signals, execution.last_line, flush=True)
        """)
        self.fd, theirs = os.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", runner],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            start_new_session=True,
        )
        os.close(theirs)
        self.seen = ""
        self.resize(*SIZE)

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.fd, keys)

    def until(self, text):
        """Read what appears until `text` does; return all of it."""
        end = time.monotonic() + 30
        while text not in self.seen:
            assert time.monotonic() < end, self.seen
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.fd, 65536).decode()
                except OSError:
                    break
        assert text in self.seen, self.seen
        return self.seen

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.fd)


@pytest.fixture(params=["inherit", "tee"])
def terminal(request):
    opened = []

    def start(command):
        opened.append(Terminal(command, request.param))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def test_it_reads_what_is_typed(terminal):
    screen = terminal("""
        print("name?", flush=True)
        print("hello", input())
    """)

    screen.until("name?")
    screen.type(b"Ada\n")

    screen.until("ran: exited with code 0 ()")
    assert "hello Ada\r\n" in screen.seen and "\r\r\n" not in screen.seen


def test_it_writes_to_a_terminal_of_the_right_size(terminal):
    screen = terminal("""
        import os, sys, time
        print("up")
        while os.get_terminal_size(1) != (50, 20): time.sleep(0.01)
        print("terminals:", *(os.isatty(fd) for fd in (0, 1, 2)))
    """)

    screen.until("up")
    screen.resize(20, 50)

    screen.until("ran: exited with code 0")
    assert "terminals: True True True" in screen.seen


def test_ctrl_c_reaches_it_once(terminal):
    screen = terminal("""
        import signal, time
        seen = []
        signal.signal(signal.SIGINT, lambda *_: seen.append(1))
        print("up", flush=True)
        while not seen: time.sleep(0.01)
        time.sleep(0.3)
        print("times:", len(seen))
    """)

    screen.until("up")
    screen.type(b"\x03")

    screen.until(f"ran: exited with code 0 ({int(signal.SIGINT)},)")
    assert "times: 1" in screen.seen


def test_a_second_ctrl_c_kills(terminal):
    screen = terminal("""
        import signal, time
        signal.signal(signal.SIGINT, lambda *_: print("no", flush=True))
        print("up", flush=True)
        time.sleep(35)
    """)

    screen.until("up")
    screen.type(b"\x03")
    screen.until("no")
    time.sleep(0.3)
    screen.type(b"\x03")

    screen.until("ran: died by SIGKILL")
