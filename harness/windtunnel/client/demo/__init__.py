"""What a coding agent sends with every request: a system prompt in parts, 44 tools, and a toolbox with canned answers.

For tests, measurements and `windtunnel chat`. All of our own writing; no tool touches anything.
"""

from __future__ import annotations

from windtunnel.client.demo.prompt import system
from windtunnel.client.demo.schemas import TOOLS
from windtunnel.client.demo.toolbox import CannedToolbox

__all__ = ["TOOLS", "CannedToolbox", "system"]
