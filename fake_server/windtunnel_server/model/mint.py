"""Where the parts of a reply get their ids from."""

from __future__ import annotations

from typing import Protocol


class Mint(Protocol):
    """A source of ids and signatures; `wire/ids.py` has one."""

    def tool_use(self) -> str: ...

    def server_tool_use(self) -> str: ...

    def mcp_tool_use(self) -> str: ...

    def container(self) -> str: ...

    def signature(self, text: str = "") -> str: ...
