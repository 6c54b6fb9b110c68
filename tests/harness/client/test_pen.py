"""Text in pieces, on a terminal and into a pipe."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from windtunnel.client.pen import Pen, cleaned


def written(*pieces: str, terminal: bool, width: int = 20) -> str:
    out = io.StringIO()
    pen = Pen(Console(file=out, width=width, force_terminal=terminal, color_system=None))
    for piece in pieces:
        pen.write(piece)
    pen.end_line()
    return out.getvalue()


def test_into_a_pipe_text_goes_as_it_came():
    text = "A line that is longer than it is wide,  and\n\nanother.\n"

    assert written(text[:9], text[9:], terminal=False) == text


def test_a_terminal_has_its_lines_broken_between_words():
    lines = written("which way doe", "s the wind blo", "w up there today", terminal=True).splitlines()

    assert lines == ["which way does the ", "wind blow up there ", "today"]


def test_a_word_longer_than_a_line_is_left_to_the_terminal():
    assert written("x" * 45, " end", terminal=True) == "x" * 45 + " end\n"


def test_a_script_without_spaces_is_broken_between_letters_and_never_before_a_full_stop():
    lines = written("風は西から吹いてい", "ます。屋根の上の", terminal=True, width=13).splitlines()

    assert lines == ["風は西から吹", "いています。", "屋根の上の"]


def test_letters_of_such_a_script_are_to_be_seen_as_they_come():
    out = io.StringIO()
    pen = Pen(Console(file=out, width=20, force_terminal=True, color_system=None))

    pen.write("風は西から")

    assert out.getvalue() == "風は西か"


def test_what_has_one_style_has_one_escape_code():
    out = io.StringIO()
    pen = Pen(Console(file=out, width=40, force_terminal=True, color_system="standard", _environ={}))

    pen.write("one two three ", "dim")

    assert out.getvalue() == "\x1b[2mone two three \x1b[0m"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b[31mred\x1b[0m", "\u241b[31mred\u241b[0m"),
        ("\x1b]0;title\x07", "\u241b]0;title\u2407"),
        ("\x9b2J", "\ufffd2J"),
        ("one\r\ntwo\tthree", "one\ntwo    three"),
        ("\u202eabc", "\ufffdabc"),
        ("half \ud83d", "half \ufffd"),
    ],
)
def test_what_a_terminal_would_obey_is_a_picture(text: str, seen: str):
    assert cleaned(text) == seen
    assert written(text, terminal=False) == f"{seen}\n"


@given(st.lists(st.text(), max_size=6), st.booleans())
def test_whatever_is_written_no_command_comes_out_and_no_word_is_lost(pieces: list[str], terminal: bool):
    shown = written(*pieces, terminal=terminal)

    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown)
    assert re.sub(r"[ \n]", "", shown) == re.sub(r"[ \n]", "", "".join(cleaned(piece) for piece in pieces))


def test_what_the_encoding_of_a_console_lacks_is_replaced():
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")

    Pen(Console(file=out)).line("12 °C")

    out.flush()
    assert raw.getvalue() == b"12 ?C\n"


def test_a_line_is_written_over_and_cut_to_fit():
    out = io.StringIO()
    pen = Pen(Console(file=out, width=20, force_terminal=True, color_system=None, _environ={"TERM": "xterm"}))

    pen.redraw("3 s and a long reason")
    pen.redraw("2 s")
    pen.line("next")

    assert out.getvalue() == "\r\x1b[2K3 s and a long rea…\r\x1b[2K2 s\nnext\n"
