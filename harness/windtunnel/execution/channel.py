"""A way for output to reach us instead of our own standard output: a pipe, or a terminal where ours is one."""

from __future__ import annotations

import fcntl
import os
import termios
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Channel:
    """Two open ends. A command that writes to a terminal writes at once and in colour; into a pipe it often does not."""

    read: int
    write: int
    #: The terminal it stands for; None: it is a pipe.
    terminal: int | None = None

    def resize(self) -> None:
        """Give it the size of the terminal it stands for."""
        if self.terminal is not None:
            fcntl.ioctl(self.read, termios.TIOCSWINSZ, fcntl.ioctl(self.terminal, termios.TIOCGWINSZ, bytes(8)))


def open_channel(like: int | None) -> Channel:
    """Open a channel that is what the file descriptor `like` is: a terminal, or not. The ends are for us to close."""
    if like is None or not os.isatty(like):
        return Channel(*os.pipe())
    channel = Channel(*os.openpty(), terminal=like)
    modes = termios.tcgetattr(channel.write)
    modes[1] &= ~termios.OPOST  # the terminal behind it will turn \n into \r\n; once is enough
    termios.tcsetattr(channel.write, termios.TCSANOW, modes)
    channel.resize()
    return channel
