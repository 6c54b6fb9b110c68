"""Writes text on a terminal, or into a pipe, piece by piece: what was written stays, and nothing in it is a command."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import Console

#: Letters that a line may be broken before: Chinese and Japanese have no spaces. Signs that may not begin a line are none.
_LETTER: Final = "\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PIECES: Final = re.compile(rf"\n| +|[{_LETTER}]|[^ \n{_LETTER}]+")
_IS_LETTER: Final = re.compile(f"[{_LETTER}]")
_TAB: Final = " " * 4
#: What a terminal would obey, or what turns the order of letters around (the bidirectional controls), and half letters.
_OBEYED: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def cleaned(text: str) -> str:
    """Return the text with a picture in place of each character that a terminal would obey; line ends stay."""
    return _OBEYED.sub(lambda found: _picture(found[0]), text)


def _picture(character: str) -> str:
    if character in "\t\r":
        return _TAB if character == "\t" else ""
    if character == "\x7f":
        return "\u2421"
    # Unicode has pictures of the first 32 characters, in their order.
    return chr(0x2400 + ord(character)) if character < " " else "\ufffd"


class Pen:
    """Writes on a console. On a terminal it breaks lines between words; into a pipe the text goes as it is."""

    def __init__(self, console: Console) -> None:
        self._console = console
        #: Whether a line can be written over.
        self.can_redraw = console.is_terminal and not console.is_dumb_terminal
        self._column = 0
        self._word, self._style = "", ""
        #: What goes out with the next escape code, or at the end of the call.
        self._waiting, self._waiting_style = "", ""

    @property
    def width(self) -> int:
        """Columns to write in. The last one stays free: terminals differ in what they do behind it."""
        return max(self._console.width - 1, 1)

    def write(self, text: str, style: str = "") -> None:
        """Append. The word at the end is held back until its end has come, or `end_line`."""
        if style != self._style:
            self._put_word()
            self._style = style
        for piece in _PIECES.findall(self._spelt(text)):
            self._append(piece)
        if not self._console.is_terminal:
            self._put_word()
        self._put_out()

    def end_line(self) -> None:
        """Go to the beginning of a line; nothing happens there."""
        self._put_word()
        if self._column:
            self._break()
        self._put_out()

    def line(self, text: str, style: str = "") -> None:
        """Write something on lines of its own."""
        self.end_line()
        self.write(text, style)
        self.end_line()

    def redraw(self, text: str, style: str = "") -> None:
        """Write over the line; what does not fit is left out. Only where `can_redraw`."""
        from rich.control import Control
        from rich.segment import ControlType
        from rich.text import Text

        self._put_word()
        self._put_out()
        short = Text(self._spelt(text))
        short.truncate(self.width, overflow="ellipsis")
        self._console.control(Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))
        self._put(short.plain, style)
        self._put_out()
        self._column = short.cell_len

    def _append(self, piece: str) -> None:
        if piece == "\n":
            self._put_word()
            self._break()
        elif piece[0] != " ":
            if _IS_LETTER.match(piece):
                self._put_word()
            self._word += piece
            if self._cells(self._word) > self.width:  # no word, or one of a script without spaces
                self._put_word()
        else:
            self._put_word()
            if not self._console.is_terminal or self._column + len(piece) <= self.width:
                self._put(piece, self._style)
                self._column += len(piece)
            elif self._column:
                self._break()

    def _put_word(self) -> None:
        word, self._word = self._word, ""
        if not word:
            return
        cells = self._cells(word)
        wraps = self._console.is_terminal
        if wraps and self._column and self._column + cells > self.width:
            self._break()
        self._put(word, self._style)
        self._column += cells
        if wraps and self._column > self.width:
            self._column %= self._console.width

    def _break(self) -> None:
        self._put("\n", self._waiting_style)
        self._column = 0

    def _put(self, text: str, style: str) -> None:
        if style != self._waiting_style:
            self._put_out()
            self._waiting_style = style
        self._waiting += text

    def _put_out(self) -> None:
        text, self._waiting = self._waiting, ""
        if text:
            self._console.out(text, style=self._waiting_style or None, highlight=False, end="")

    def _spelt(self, text: str) -> str:
        """Clean a text, and spell it in what the console's encoding has."""
        encoding = self._console.encoding
        return cleaned(text).encode(encoding, "replace").decode(encoding)

    def _cells(self, text: str) -> int:
        from rich.cells import cell_len

        return len(text) if text.isascii() else cell_len(unicodedata.normalize("NFC", text))
