"""A test that holds the fixture reaches this machine and no other, unless it is allowed to."""

from __future__ import annotations

import pytest

# 192.0.2.0/24 and .invalid belong to nobody (RFC 5737, RFC 2606): nothing leaves this machine even without the guard,
# or it leads nowhere.
TRIES = {
    "tcp": "socket.create_connection(('192.0.2.1', 9), timeout=0.01)",
    "tcp, by number": "with socket.socket() as s: s.connect(('192.0.2.1', 9))",
    "tcp, asked for a code": "with socket.socket() as s: assert s.connect_ex(('192.0.2.1', 9)) == 0",
    "udp": "with socket.socket(type=socket.SOCK_DGRAM) as s: s.connect(('192.0.2.1', 9))",
    "udp, without a connection": "with socket.socket(type=socket.SOCK_DGRAM) as s: s.sendto(b'', ('192.0.2.1', 9))",
    "ipv6": "with socket.socket(socket.AF_INET6) as s: s.connect(('2001:db8::1', 9))",
    "a name": "socket.create_connection(('api.invalid', 443), timeout=0.01)",
    "a name alone": "socket.gethostbyname('api.invalid')",
    "async": "asyncio.run(asyncio.open_connection('192.0.2.1', 9))",
    "async, a name": "asyncio.run(asyncio.open_connection('api.invalid', 9))",
    "a thread": "t = threading.Thread(target=quiet); t.start(); t.join()",
}
TEST = """
import asyncio
import socket
import threading

import pytest

def quiet():
    with pytest.raises(OSError):
        socket.create_connection(('192.0.2.1', 9))

def test_it(windtunnel):
    {body}
"""
LOCAL = """
import asyncio
import socket

def test_it(windtunnel):
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()
        socket.create_connection(server.getsockname()).close()
        with socket.socket(type=socket.SOCK_DGRAM) as udp:
            udp.sendto(b"to myself", server.getsockname())

        async def connect():
            _, writer = await asyncio.open_connection(*server.getsockname())
            writer.close()

        asyncio.run(connect())
    one, other = socket.socketpair()
    one.close(), other.close()
"""


@pytest.mark.parametrize("way", TRIES)
def test_a_test_that_tries_to_leave_fails_and_hears_where_it_went(run, way: str):
    result = run(TEST.format(body=TRIES[way]))

    assert result.parseoutcomes()["errors"] == 1
    result.stdout.re_match_lines(
        [r".*the test tried to reach (192\.0\.2\.1|2001:db8::1|api\.invalid).*keeps tests off"]
    )


def test_a_test_that_hides_the_refusal_fails_all_the_same(run):
    result = run(TEST.format(body="quiet()"))

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*the test tried to reach 192.0.2.1*"])


def test_the_tests_own_failure_stands_beside_the_refusal(run):
    result = run(TEST.format(body="quiet(); assert 'what the test found' == ''"))

    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines(["*assert 'what the test found' == ''*"])
    result.stdout.fnmatch_lines(["*the test tried to reach 192.0.2.1*"])


def test_this_machine_may_be_reached(run):
    run(LOCAL).assert_outcomes(passed=1)


TRY = """
import socket

import pytest

{mark}
def test_it(windtunnel):
    # Refused by the name's owner, or for want of a network; not by us.
    with pytest.raises(OSError) as caught:
        socket.getaddrinfo("api.invalid", 9)
    assert "windtunnel" not in str(caught.value)
"""


@pytest.mark.parametrize(
    ("mark", "args", "ini"),
    [
        ("@pytest.mark.windtunnel(network=True)", [], ""),
        ("", ["--windtunnel-network"], ""),
        ("", [], "windtunnel_network = true"),
    ],
    ids=["marker", "option", "ini"],
)
def test_the_network_can_be_allowed(run, mark: str, args: list[str], ini: str):
    run(TRY.format(mark=mark), *args, ini=ini).assert_outcomes(passed=1)


def test_a_marker_can_forbid_what_the_run_allows(run):
    result = run(
        TEST.format(body="quiet()").replace("def test_it", "@pytest.mark.windtunnel(network=False)\ndef test_it"),
        "--windtunnel-network",
    )

    result.assert_outcomes(passed=1, errors=1)


def test_a_test_without_the_fixture_is_left_alone(run):
    result = run(
        """
import socket
from windtunnel_server.inprocess.flows import registry

def test_before(windtunnel):
    assert registry.guard is not None

def test_after():
    assert registry.guard is None
    assert "connect" not in vars(socket.socket)
    assert "sendto" not in vars(socket.socket)
    assert socket.getaddrinfo.__module__ == "socket"
""",
        "-p",
        "no:randomly",
    )

    result.assert_outcomes(passed=2)
