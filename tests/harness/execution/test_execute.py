"""A command runs to its end, and nothing of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from windtunnel.execution.execute import KEPT_BYTES, execute

#: They start processes.
pytestmark = pytest.mark.slow

linux = pytest.mark.skipif(sys.platform != "linux", reason="orphans come to us on Linux alone")


def sh(text, **options):
    return execute(["sh", "-c", text], **{"env": dict(os.environ), "timeout_s": 30, "output": "keep"} | options)


def python(text, *args, **options):
    command = [sys.executable, "-S", "-c", text, *map(str, args)]
    return execute(command, **{"env": dict(os.environ), "timeout_s": 30, "output": "keep"} | options)


# --- how it ended ----------------------------------------------------------------------------------------------------


def test_an_exit_is_told_with_its_code_and_its_output():
    execution = sh("echo hello; echo oh >&2; exit 3")

    assert (execution.ended, execution.code, execution.exit_code) == ("exited", 3, 3)
    assert (execution.stdout_end, execution.stderr_end, execution.last_line) == (b"hello\n", b"oh\n", "hello")
    assert (execution.stopped_by, execution.left_behind, execution.signals) == (None, (), ())


def test_a_death_by_signal_is_told_with_its_number():
    execution = sh("kill -SEGV $$")

    assert (execution.ended, execution.code, execution.signum) == ("signalled", None, signal.SIGSEGV)
    assert execution.exit_code == 128 + signal.SIGSEGV
    assert execution.how == "died by SIGSEGV"


def test_a_command_that_is_not_there_cannot_start(env):
    execution = execute(["windtunnel-no-such-command"], env=env)

    assert (execution.ended, execution.exit_code, execution.pid) == ("cannot start", 127, 0)
    assert execution.why == "no folder on the PATH has a program called windtunnel-no-such-command"


def test_a_file_that_may_not_be_run_cannot_start(program, env):
    path = program("#!/bin/sh\n", mode=0o600)

    execution = execute([path], env=env)

    assert (execution.ended, execution.exit_code) == ("cannot start", 126)
    assert "may not be run" in execution.why and f"chmod +x {path}" in execution.advice


def test_a_folder_that_is_not_there_is_named():
    execution = sh("true", cwd="/no/such/folder")

    assert (execution.ended, execution.why) == (
        "cannot start",
        "the folder /no/such/folder to run it in: No such file or directory",
    )


def test_no_command_is_a_mistake_of_the_caller(env):
    with pytest.raises(ValueError, match="no command: write it behind --"):
        execute([], env=env)


# --- what it is given ------------------------------------------------------------------------------------------------


def test_it_has_exactly_the_variables_and_arguments_it_is_given_whatever_their_bytes(tmp_path):
    odd = os.fsdecode(b"b\xff\xc3\xa9\n")
    code = "import os, sys; print(sorted(os.environb.items()), os.fsencode(sys.argv[1]))"

    execution = execute(
        [sys.executable, "-S", "-c", code, odd], env={"ODD": odd, "LC_ALL": "C.UTF-8"}, cwd=str(tmp_path), output="keep"
    )

    assert execution.last_line == repr(sorted({b"LC_ALL": b"C.UTF-8", b"ODD": os.fsencode(odd)}.items())) + " " + repr(
        os.fsencode(odd)
    )


def test_it_reads_its_input_in_its_folder(tmp_path):
    (tmp_path / "question").write_text("from a file\n")

    with open(tmp_path / "question") as question:
        execution = sh("cat; pwd", stdin=question.fileno(), cwd=str(tmp_path))

    assert execution.stdout_end.decode().splitlines() == ["from a file", str(tmp_path.resolve())]


def test_signals_are_as_a_shell_would_hand_them_on():
    code = "import signal; print(*(signal.getsignal(s) for s in (signal.SIGPIPE, signal.SIGTERM, signal.SIGCHLD)))"
    blocked = "import signal; print(signal.pthread_sigmask(signal.SIG_BLOCK, []))"

    # Python itself ignores SIGPIPE from its start on, so a shell has to look.
    assert sh("kill -PIPE $$").signum == signal.SIGPIPE
    assert python(code).last_line.split()[1:] == ["0", "0"] or "SIG_DFL" in python(code).last_line
    assert python(blocked).last_line == "set()"


def test_it_has_no_file_of_ours_open():
    execution = sh("ls /proc/self/fd 2>/dev/null || ls /dev/fd")

    assert [fd for fd in map(int, execution.stdout_end.split()) if fd > 3] == []


# --- what it prints --------------------------------------------------------------------------------------------------


def test_of_megabytes_the_end_is_kept():
    execution = sh("head -c 5000000 /dev/zero; echo; echo last")

    assert len(execution.stdout_end) == KEPT_BYTES
    assert execution.last_line == "last"


def test_every_byte_is_passed_on(capfd):
    execution = sh("printf 'a\\r\\377'; printf b >&2", output="tee")

    assert os.fsencode(capfd.readouterr().err) == b"b"
    assert (execution.stdout_end, execution.stderr_end) == (b"a\r\xff", b"b")


def test_inherited_output_is_ours_and_not_kept(capfd):
    execution = sh("echo straight on", output="inherit")

    assert capfd.readouterr().out == "straight on\n"
    assert (execution.stdout_end, execution.last_line) == (b"", None)


def test_an_output_closed_early_is_no_end():
    execution = sh("exec >&- 2>&-; true; exit 4")

    assert (execution.ended, execution.code) == ("exited", 4)


# --- its end ---------------------------------------------------------------------------------------------------------


def test_at_the_timeout_it_is_asked_to_end_and_may_do_so_in_its_own_way():
    execution = sh("trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.02; done", timeout_s=0.3)

    assert (execution.ended, execution.stopped_by, execution.code) == ("timed out", "SIGTERM", 5)
    assert execution.last_line == "bye"
    assert execution.exit_code == 124


def test_what_ignores_sigterm_is_killed_after_the_grace():
    execution = sh("trap '' TERM; while :; do sleep 5; done", timeout_s=0.2, grace_s=0.2)

    assert (execution.ended, execution.stopped_by, execution.signum) == ("timed out", "SIGKILL", signal.SIGKILL)
    assert 0.4 <= execution.wall_s < 3


def test_a_command_that_has_stopped_itself_is_ended_too():
    execution = sh("trap 'exit 6' TERM; kill -STOP $$; sleep 5", timeout_s=0.2)

    assert (execution.stopped_by, execution.code) == ("SIGTERM", 6)


def test_its_children_end_with_it_at_the_timeout(tmp_path, gone):
    execution = sh("(trap '' TERM; echo $$ >own; exec sleep 60) & echo $! >child; wait",
                   timeout_s=0.3, grace_s=0.2, cwd=str(tmp_path))  # fmt: skip

    assert execution.ended == "timed out"
    assert gone(tmp_path / "child")


@linux
def test_a_daemon_that_has_left_the_session_is_named_and_ended(tmp_path, gone):
    daemon = (
        "import os, time\n"
        "if os.fork(): os._exit(0)\n"
        "os.setsid()\n"
        "if os.fork(): os._exit(0)\n"
        "open('daemon', 'w').write(str(os.getpid()))\n"
        "time.sleep(60)\n"
    )

    execution = python(f"import os\nif os.fork() == 0:\n exec({daemon!r})\nos.wait()\n"
                       "while not os.path.exists('daemon') or not open('daemon').read(): pass",
                       cwd=str(tmp_path))  # fmt: skip

    assert (execution.ended, execution.code) == ("exited", 0)
    assert [stray.pid for stray in execution.left_behind] == [int((tmp_path / "daemon").read_text())]
    assert gone(tmp_path / "daemon")


@linux
def test_a_daemon_that_ignores_sigterm_is_killed(tmp_path, gone):
    execution = sh("trap '' TERM HUP; setsid sleep 60 & echo $! >daemon", cwd=str(tmp_path), grace_s=0.1)

    assert len(execution.left_behind) == 1 and execution.unkillable == ()
    assert gone(tmp_path / "daemon")


def test_what_ends_by_itself_just_after_it_was_not_left_behind():
    assert sh("sleep 0.05 &").left_behind == ()


@linux
def test_children_of_others_are_left_alone(tmp_path):
    with subprocess.Popen(["sleep", "60"]) as other:
        execution = sh("setsid sleep 60 &")

        assert [stray.pid for stray in execution.left_behind] != [other.pid]
        assert other.poll() is None
        other.kill()


def test_many_run_at_once_in_threads_and_do_not_meddle():
    codes = {}

    def run(code):
        codes[code] = sh(f"sleep 0.05; exit {code}").code

    threads = [threading.Thread(target=run, args=(code,)) for code in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert codes == {code: code for code in range(1, 7)}
