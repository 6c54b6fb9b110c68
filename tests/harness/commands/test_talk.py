"""What Ctrl-C does, and the answer of the fake that comes with `windtunnel chat`."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rich.console import Console

from windtunnel import Windtunnel, fail, reply
from windtunnel.client import demo
from windtunnel.client.conversation import AsyncConversation
from windtunnel.client.events import Answer
from windtunnel.client.sync import Client
from windtunnel.client.terminal import Terminal
from windtunnel.commands._demo import script
from windtunnel.commands._talk import Talk, read_line
from windtunnel.fake import pointed_at

Lines = Iterator["str | type[BaseException]"]


@pytest.fixture
def talk() -> Iterator[Callable[..., tuple[Talk, io.StringIO]]]:
    """Make a talk on a tunnel in which these lines are typed; a class of exceptions is raised in place of one."""
    clients: list[Client] = []

    def make(tunnel: Windtunnel, *lines: str | type[BaseException]) -> tuple[Talk, io.StringIO]:
        typed, out = iter(lines), io.StringIO()

        def read() -> str:
            line = next(typed, EOFError)
            if isinstance(line, str):
                return line
            raise line

        with pointed_at(tunnel.env):
            client = Client.from_env()
        clients.append(client)
        conversation = AsyncConversation(
            client.asynchronous, model="claude-sonnet-4-6", tools=demo.TOOLS, toolbox=demo.CannedToolbox()
        )
        account = client.asynchronous.account
        terminal = Terminal(Console(file=out, width=80, color_system=None), account=account)
        return Talk(conversation, terminal, loop=client.loop, account=account, read=read), out

    yield make
    for client in clients:
        client.close()


def interrupting(talk: Talk, monkeypatch: pytest.MonkeyPatch, *, at: int = 0, kind: type[Any] = object) -> None:
    """Let Ctrl-C be pressed at this event of a kind."""
    show, seen = talk._terminal.show, iter(range(10_000))

    def shown(event: Any) -> None:
        show(event)
        if isinstance(event, kind) and next(seen) == at:
            raise KeyboardInterrupt

    monkeypatch.setattr(talk._terminal, "show", shown)


def test_ctrl_c_ends_the_turn_and_the_next_line_goes_on(talk, monkeypatch: pytest.MonkeyPatch):
    with Windtunnel(reply("One two three four"), reply("Here.")) as tunnel:
        chat, out = talk(tunnel, "First?", "Second?")
        interrupting(chat, monkeypatch, at=1)

        code = chat.run()

    assert code == 0
    assert "-- Interrupted. /again takes the turn up. Ctrl-C once more leaves.\nHere.\n" in out.getvalue()


def test_ctrl_c_twice_in_a_row_leaves(talk):
    with Windtunnel() as tunnel:
        chat, out = talk(tunnel, KeyboardInterrupt, KeyboardInterrupt, "never said")

        code = chat.run()

        assert (code, list(tunnel.journal.calls)) == (130, [])
    assert out.getvalue() == "-- Interrupted. Ctrl-C once more leaves.\n"


def test_ctrl_c_twice_with_a_line_between_does_not(talk):
    with Windtunnel() as tunnel:
        chat, _ = talk(tunnel, KeyboardInterrupt, "/help", KeyboardInterrupt, "/help")

        assert chat.run() == 0


def test_ctrl_c_during_the_one_prompt_ends_with_130(talk, monkeypatch: pytest.MonkeyPatch):
    with Windtunnel(reply("One two three four")) as tunnel:
        chat, out = talk(tunnel)
        interrupting(chat, monkeypatch, at=0)

        assert chat.once("Well?") == 130
    assert out.getvalue().endswith("-- Interrupted.\n")


def test_a_turn_that_failed_can_be_taken_up(talk):
    with Windtunnel(fail("overloaded", times=4), reply("Here.")) as tunnel:
        chat, out = talk(tunnel, "Well?", "/again")

        assert chat.run() == 0
        assert [call.body["messages"] for call in tunnel.journal.calls][4:] == [
            tunnel.journal.calls[0].body["messages"]
        ]
    assert out.getvalue().count("-- Retry ") == 3
    assert "-- overloaded after 4 attempts: 529 Overloaded\n" in out.getvalue()
    assert "\nHere.\n" in out.getvalue()


def test_what_a_summary_waits_for_is_shown_and_what_it_used(talk):
    summary = {"text": "between <summary> and </summary>"}
    with Windtunnel(
        fail("overloaded", when=summary, times=2),
        reply("<summary>All calm.</summary>", when=summary),
        *[reply("Here.")] * 5,
    ) as tunnel:
        chat, out = talk(tunnel, *["Well?"] * 5, "/compact")

        assert chat.run() == 0
    told = out.getvalue().splitlines()[-5:]
    assert [line.partition(" in ")[0] for line in told[:4]] == [
        "-- Summarising 4 messages ...",
        "-- Retry 1",
        "-- Retry 2",
        told[3].partition(" in ")[0],
    ]
    assert told[3].startswith("-- Compacted: ") and told[4].endswith("1 request")


def test_nothing_to_summarise_is_told(talk):
    with Windtunnel() as tunnel:
        chat, out = talk(tunnel, "/compact")

        assert chat.run() == 0
    assert out.getvalue() == "-- There is nothing to summarise yet.\n"


@pytest.mark.parametrize(
    ("typed", "sent"),
    [("h\udce9llo", "h\ufffdllo"), ("h" + chr(0xD83D) + "llo", "h\ufffdllo"), ("h\udcc3\udca9llo", "h\u00e9llo")],
)
def test_what_is_no_text_is_sent_as_a_sign_for_it(talk, typed: str, sent: str):
    with Windtunnel(reply("Here.")) as tunnel:
        chat, _ = talk(tunnel, typed)

        assert chat.run() == 0
        assert tunnel.journal.calls[0].body["messages"][0]["content"][0]["text"] == sent


def test_a_turn_that_the_api_refuses_is_taken_back_and_the_next_is_answered(talk):
    with Windtunnel(fail("invalid_request"), reply("Here.")) as tunnel:
        chat, out = talk(tunnel, "First?", "/again", "Second?")

        assert chat.run() == 0
        assert tunnel.journal.calls[1].body["messages"] == [
            {"role": "user", "content": [{"type": "text", "text": "Second?", "cache_control": {"type": "ephemeral"}}]}
        ]
    assert "it was taken back out of the conversation" in " ".join(out.getvalue().split())
    assert "-- No turn is open.\nHere.\n" in out.getvalue()


def test_ctrl_c_before_a_tool_runs_leaves_a_turn_that_can_be_taken_up(talk, monkeypatch: pytest.MonkeyPatch):
    with Windtunnel(reply(tool_use={"name": "file_list", "input": {}}), reply("Here.")) as tunnel:
        chat, out = talk(tunnel, "List?", "/again")
        interrupting(chat, monkeypatch, kind=Answer)

        assert chat.run() == 0
        assert [len(call.body["messages"]) for call in tunnel.journal.calls] == [1, 3]
    assert "/again takes the turn up." in out.getvalue() and out.getvalue().count("\nHere.\n") == 1


class Typed(io.StringIO):
    """What somebody types at a terminal, or sees there."""

    def isatty(self) -> bool:
        return True


def test_the_prompt_is_for_whoever_sees_it_and_not_for_a_file(monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setattr("sys.stdin", Typed("hello\n"))

    assert read_line() == "hello"
    with pytest.raises(EOFError):
        read_line()

    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "\nyou> \nyou> \n")


def test_a_closed_input_is_an_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", None)

    with pytest.raises(EOFError):
        read_line()


def test_the_demo_shows_a_call_an_answer_and_a_compaction(talk):
    with Windtunnel(*script(tools=True)) as tunnel:
        chat, out = talk(tunnel, "What does vane.py do?", "And?", "And?", "/compact")

        assert chat.run() == 0
    said = out.getvalue()
    assert said.count('> file_read {"path": "src/vane/direction.py"}\n< file_read: 1 NAMES') == 3
    assert said.count("\ndirection() turns degrees into the name") == 3
    assert "-- Compacted: a summary stands for " in said


def test_the_demo_without_tools_calls_none(talk):
    with Windtunnel(*script(tools=False)) as tunnel:
        chat, out = talk(tunnel, "What does vane.py do?")

        assert chat.run() == 0
    assert out.getvalue().startswith("direction() turns degrees")
