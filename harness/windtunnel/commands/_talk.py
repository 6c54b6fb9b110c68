"""The talk of `windtunnel chat`: lines in, turns out, and what Ctrl-C does meanwhile."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Final

from windtunnel.client.account import Account
from windtunnel.client.conversation import AsyncConversation
from windtunnel.client.events import Event
from windtunnel.client.failures import ClientError
from windtunnel.client.sync import Loop
from windtunnel.client.terminal import Terminal, bill
from windtunnel.commands._ending import FAILED, INTERRUPTED, PASS

COMMANDS: Final[Mapping[str, str]] = {
    "/again": "take up a turn that an error or Ctrl-C has ended",
    "/compact": "summarise the older part of the conversation now",
    "/usage": "what each model has used, all in all",
    "/help": "this list",
    "/quit": "leave, as Ctrl-D does",
}

_PROMPT: Final = "\nyou> "


class Talk:
    """One conversation with whoever types. `read` returns a line, or raises EOFError."""

    def __init__(
        self,
        conversation: AsyncConversation,
        terminal: Terminal,
        *,
        loop: Loop,
        account: Account,
        read: Callable[[], str],
    ) -> None:
        self._conversation, self._terminal = conversation, terminal
        self._loop, self._account, self._read = loop, account, read
        self._interrupts = 0

    def once(self, prompt: str) -> int:
        """Say one thing; return the exit code."""
        try:
            return PASS if self._turn(self._conversation.say(_text(prompt))) else FAILED
        except KeyboardInterrupt:
            self._terminal.note("Interrupted.")
            return INTERRUPTED

    def run(self) -> int:
        """Talk until the end of the input, `/quit`, or Ctrl-C twice in a row; return the exit code."""
        while self._interrupts < 2:
            try:
                line = _text(self._read()).strip()
                if line == "/quit":
                    return PASS
                self._take(line)
                self._interrupts = 0
            except EOFError:
                return PASS
            except KeyboardInterrupt:
                self._interrupted()
        return INTERRUPTED

    def _interrupted(self) -> None:
        self._interrupts += 1
        if self._interrupts == 1:
            pending = " /again takes the turn up." if self._conversation.is_pending else ""
            self._terminal.note(f"Interrupted.{pending} Ctrl-C once more leaves.")

    def _take(self, line: str) -> None:
        word = line.partition(" ")[0]
        if word in _DONE:
            _DONE[word](self)
        elif word.startswith("/"):
            self._terminal.trouble(f"There is no command {word}; there are {', '.join(COMMANDS)}.")
        elif line:
            self._turn(self._conversation.say(line))

    def _turn(self, events: AsyncGenerator[Event, None]) -> bool:
        """Show a turn. False: it failed, and that has been said."""
        try:
            self._loop.run(self._shown(events))
        except ClientError as error:
            self._terminal.trouble(error)
            self._terminal.footer()
            return False
        return True

    async def _shown(self, events: AsyncGenerator[Event, None]) -> bool:
        """Show what comes. False: nothing did."""
        any_came = False
        try:
            async with aclosing(events):
                async for event in events:
                    self._terminal.show(event)
                    any_came = True
        finally:
            self._terminal.close()
        return any_came

    # --- commands ----------------------------------------------------------------------------------------------------

    def _again(self) -> None:
        if self._conversation.is_pending:
            self._turn(self._conversation.go_on())
        else:
            self._terminal.note("No turn is open.")

    def _compact(self) -> None:
        try:
            told = self._loop.run(self._shown(self._conversation.summarise()))
        except ClientError as error:
            self._terminal.trouble(error)
            told = True
        if told:
            self._terminal.footer()
        else:
            self._terminal.note("There is nothing to summarise yet.")

    def _usage(self) -> None:
        for model, used in self._account.by_model.items():
            self._terminal.note(f"{model}: {bill(used)}", "")
        if not self._account.total.requests:
            self._terminal.note("Nothing has been used yet.", "")

    def _help(self) -> None:
        for word, about in COMMANDS.items():
            self._terminal.note(f"{word:<9} {about}", "")


_DONE: Final[Mapping[str, Callable[[Talk], None]]] = {
    "/again": Talk._again,
    "/compact": Talk._compact,
    "/usage": Talk._usage,
    "/help": Talk._help,
}


#: Halves of characters that stand for no byte.
_HALVES: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def _text(line: str) -> str:
    """Put a sign in the place of bytes that are no text in the terminal's encoding: no request can hold them."""
    return _HALVES.sub("\ufffd", line).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def read_line() -> str:
    """Read a line from standard input, with a prompt where somebody types, and with editing where they see it."""
    if sys.stdin is None:  # closed by whoever started us
        raise EOFError
    if not sys.stdin.isatty():
        return input()
    sees = sys.stdout if sys.stdout.isatty() else sys.stderr
    try:
        return _edited() if sees is sys.stdout else _plain()
    except (EOFError, KeyboardInterrupt):
        print(file=sees)  # the prompt is still open
        raise


def _edited() -> str:
    try:
        import readline  # noqa: F401  (input() has line editing with it)
    except ImportError:
        pass
    return input(_PROMPT)


def _plain() -> str:
    print(_PROMPT, end="", file=sys.stderr, flush=True)
    return input()
