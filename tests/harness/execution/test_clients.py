"""Real clients as commands: Python, Node and native programs wait N times less, and are judged as in life."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

import pytest

from windtunnel import fail, reply
from windtunnel.execution import ClaimsFile, SpeedError, check_fakeable, execute, judge_process, serving_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]

SPEED = 100.0
#: What the machine may be late by, in real seconds: starting, sleeping, and being scheduled, under load.
LATE_S = 0.5

NODE = Path(__file__).parents[2] / "node"

PYTHON = """
    import asyncio, json, os, sys, time
    import anthropic

    asked = {"model": "claude-sonnet-4-6", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}

    async def ask():
        async with anthropic.AsyncAnthropic() as client:
            return await client.messages.create(**asked)

    began = time.monotonic()
    message = asyncio.run(ask()) if sys.argv[1] == "async" else anthropic.Anthropic().messages.create(**asked)
    usage = message.usage.to_dict()
    call = {"outcome": "success", "text": message.content[0].text, "usage": usage}
    print(json.dumps({"outcome": "success", "calls": [call]}))
    print(time.monotonic() - began, file=sys.stderr)
"""

JAVASCRIPT = """
    import { writeFileSync } from "node:fs";
    const { default: Anthropic } = await import(process.argv[2]);
    const began = performance.now();
    const message = await new Anthropic().messages.create({
      model: "claude-sonnet-4-6", max_tokens: 100, messages: [{ role: "user", content: "Hi" }],
    });
    const text = message.content[0].text;
    writeFileSync(process.env.WINDTUNNEL_CLAIMS, JSON.stringify({ outcome: "success", calls: [{ outcome: "success", text }] }));
    console.error((performance.now() - began) / 1000);
"""

#: Asks, waits as long as the answer says with whatever is to be tried, asks again.
C = """
    #define _GNU_SOURCE
    #include <arpa/inet.h>
    #include <poll.h>
    #include <pthread.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <sys/select.h>
    #include <sys/socket.h>
    #include <time.h>
    #include <unistd.h>

    static int ask(void) {
      char answer[65536] = "", request[1024];
      const char *body = "{\\"model\\":\\"claude-sonnet-4-6\\",\\"max_tokens\\":9,\\"messages\\":[{\\"role\\":\\"user\\",\\"content\\":\\"Hi\\"}]}";
      struct sockaddr_in there = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
      there.sin_port = htons(atoi(strrchr(getenv("ANTHROPIC_BASE_URL"), ':') + 1));
      int fd = socket(AF_INET, SOCK_STREAM, 0);
      if (connect(fd, (struct sockaddr *)&there, sizeof there)) return -1;
      int length = snprintf(request, sizeof request,
          "POST /v1/messages HTTP/1.1\\r\\nhost: fake\\r\\nx-api-key: %s\\r\\nanthropic-version: 2023-06-01\\r\\n"
          "content-type: application/json\\r\\nconnection: close\\r\\ncontent-length: %zu\\r\\n\\r\\n%s",
          getenv("ANTHROPIC_API_KEY"), strlen(body), body);
      write(fd, request, length);
      for (size_t have = 0, more; have < sizeof answer - 1 && (more = read(fd, answer + have, sizeof answer - 1 - have)) > 0;) have += more;
      close(fd);
      char *hint = strstr(answer, "retry-after: ");
      return strstr(answer, " 200 ") ? 0 : hint ? atoi(hint + 13) : -1;
    }

    static void wait_for(const char *how, int for_s) {
      struct timespec span = {for_s, 0};
      if (!strcmp(how, "nanosleep")) nanosleep(&span, NULL);
      if (!strcmp(how, "sleep")) sleep(for_s);
      if (!strcmp(how, "poll")) poll(NULL, 0, for_s * 1000);
      if (!strcmp(how, "select")) { struct timeval time = {for_s, 0}; select(0, NULL, NULL, NULL, &time); }
      if (!strcmp(how, "condition")) {
        pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; pthread_cond_t condition; pthread_condattr_t clock;
        pthread_condattr_init(&clock); pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
        pthread_cond_init(&condition, &clock); pthread_mutex_lock(&mutex);
        clock_gettime(CLOCK_MONOTONIC, &span); span.tv_sec += for_s;
        pthread_cond_timedwait(&condition, &mutex, &span);
      }
    }

    int main(int count, char **words) {
      for (int hint; (hint = ask()) != 0;) { if (hint < 0) return 1; wait_for(words[1], hint); }
      return 0;
    }
"""


def run(command, *steps, speed=SPEED, **options):
    """Run a client against the steps: how it ran, what the journal says, and what it claims."""
    with serving_for(*steps, speed=speed) as serving, ClaimsFile() as place:
        execution = execute(command, env=serving.env(**place.env), timeout_s=100, speed=speed, output="keep", **options)
        serving.settle()
        assert judge_process(execution).passed, execution.stderr_end.decode()
        assert execution.code == 0, execution.stderr_end.decode()
        return execution, serving.core.journal.calls, place.read(execution.last_line)


def assert_waited(calls, for_s, speed=SPEED):
    """One retry, no sooner than it may come and no later than the machine is slow."""
    (gap,) = [later.arrived_at - earlier.ended_at for earlier, later in pairwise(calls)]
    assert for_s - 0.1 <= gap <= for_s + LATE_S * speed


@pytest.fixture
def script(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def native(script, tool, tmp_path) -> Callable[..., str]:
    """A program of C, compiled."""

    def compiled(text: str = C, *options: str) -> str:
        made = str(tmp_path / "client")
        subprocess.run([tool("gcc"), "-w", "-o", made, script("client.c", text), "-pthread", *options], check=True)
        return made

    return compiled


@pytest.fixture
def sdk_of_node(tool, lacking: Callable[[str], NoReturn]) -> Path:
    tool("node")
    if not (NODE / "node_modules" / ".installed").exists():
        lacking("the packages of tests/node/package.json are not installed; with npm and a network: make node-packages")
    return NODE / "node_modules"


@pytest.mark.parametrize("style", ["sync", "async"])
@pytest.mark.usefixtures("libfaketime")
def test_python_waits_five_minutes_in_three_seconds(script, style):
    pytest.importorskip("anthropic")

    execution, calls, claims = run(
        [sys.executable, script("agent.py", PYTHON), style], fail("rate_limited", retry_after=300), reply("Hello")
    )

    assert [call.status for call in calls] == [429, 200]
    assert_waited(calls, 300)
    assert float(execution.stderr_end) >= 300 and execution.wall_s < 60
    assert claims.calls[0].text == "Hello"
    assert claims.calls[0].usage["output_tokens"] == calls[1].usage["output_tokens"]


@pytest.mark.parametrize("package", ["anthropic-0", "anthropic-1"])
@pytest.mark.usefixtures("libfaketime")
def test_node_waits_five_minutes_in_three_seconds(sdk_of_node, script, tool, package):
    sdk = str(sdk_of_node / package / "index.mjs")

    execution, calls, claims = run(
        [tool("node"), script("agent.mjs", JAVASCRIPT), sdk], fail("rate_limited", retry_after=300), reply("Hello")
    )

    assert [call.status for call in calls] == [429, 200]
    assert_waited(calls, 300)
    assert float(execution.stderr_end) >= 300 and execution.wall_s < 60
    assert (claims.calls[0].text, claims.source) == ("Hello", "WINDTUNNEL_CLAIMS (claims.json)")


@pytest.mark.parametrize("how", ["nanosleep", "sleep", "poll", "select", "condition"])
@pytest.mark.usefixtures("libfaketime")
def test_a_native_program_waits_as_much_less(native, how):
    _, calls, claims = run([native(), how], fail("rate_limited", retry_after=300), reply("Hello"))

    assert [call.status for call in calls] == [429, 200]
    assert_waited(calls, 300)
    assert claims is None


@pytest.mark.usefixtures("libfaketime")
def test_curl_waits_as_much_less(tool):
    asked = json.dumps({"model": "claude-sonnet-4-6", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]})
    line = f"""exec {tool("curl")} -sS --retry 3 -H "x-api-key: $ANTHROPIC_API_KEY" -H "anthropic-version: 2023-06-01" \\
        -H "content-type: application/json" -d '{asked}' "$ANTHROPIC_BASE_URL/v1/messages" """

    execution, calls, _ = run(["sh", "-c", line], fail("rate_limited", retry_after=60), reply("Hello"))

    assert b"Hello" in execution.stdout_end
    assert_waited(calls, 60)


def test_without_speed_nothing_is_needed(native):
    _, calls, _ = run([native(), "nanosleep"], fail("rate_limited", retry_after=1), reply("Hello"), speed=1.0)

    assert_waited(calls, 1, speed=1.0)


@pytest.mark.usefixtures("libfaketime")
def test_client_and_server_agree_on_the_date_in_child_processes_too():
    code = """
        import json, os, subprocess, sys, time, urllib.request
        from email.utils import parsedate_to_datetime

        def ahead():
            headers = {"x-api-key": os.environ["ANTHROPIC_API_KEY"], "anthropic-version": "2023-06-01"}
            asked = urllib.request.Request(os.environ["ANTHROPIC_BASE_URL"] + "/v1/models", headers=headers)
            with urllib.request.urlopen(asked) as answer:
                return time.time() - parsedate_to_datetime(answer.headers["date"]).timestamp()

        if sys.argv[2:] == ["child"]:
            print(json.dumps(ahead()))
        else:
            before = ahead()
            time.sleep(200)
            after = ahead()
            child = json.loads(subprocess.check_output([sys.executable, "-c", sys.argv[1], sys.argv[1], "child"]))
            print(json.dumps([before, after, child]))
    """
    text = textwrap.dedent(code)

    execution, _, _ = run([sys.executable, "-c", text, text])

    assert all(-LATE_S * SPEED <= ahead <= LATE_S * SPEED for ahead in json.loads(execution.last_line))


@pytest.mark.usefixtures("libfaketime")
def test_a_statically_linked_program_is_turned_away(native):
    made = native("int main(void) { return 0; }", "-static")

    with pytest.raises(SpeedError, match=r"is statically linked: .* Run it at --speed 1"):
        check_fakeable([made], env={})


@pytest.mark.usefixtures("libfaketime")
def test_what_can_be_hurried_is_let_through(native, tool):
    for command in ([native()], [sys.executable], [tool("sh")]):
        check_fakeable(command, env={})


@pytest.mark.usefixtures("libfaketime")
def test_a_client_that_is_killed_leaves_nothing_shared():
    with serving_for(speed=SPEED) as serving:
        execution = execute(["sleep", "9000"], env=serving.env(), timeout_s=0.3, speed=SPEED)

    assert execution.ended == "timed out"
    assert not list(Path("/dev/shm").glob(f"*faketime*_{execution.pid}"))
