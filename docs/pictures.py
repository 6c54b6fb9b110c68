"""Draw the pictures of the documentation: `python docs/pictures.py` writes docs/images/."""

from __future__ import annotations

import asyncio
import io
import re
from pathlib import Path

from rich.console import Console

from windtunnel import Stream, Windtunnel, fail, reply
from windtunnel.client import AsyncClient, demo
from windtunnel.client.budget import Budget
from windtunnel.client.conversation import AsyncConversation
from windtunnel.client.events import ToolInput
from windtunnel.client.terminal import Terminal
from windtunnel.fake import pointed_at

IMAGES = Path(__file__).parent / "images"
#: The picture needs nothing from elsewhere.
_FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)

STEPS = (
    fail("overloaded", retry_after=2),
    reply(
        "Let me look at the code that turns degrees into a direction.",
        tool_use={"name": "file_read", "input": {"path": "src/vane/direction.py"}},
    ),
    reply(
        "direction() divides by 90, rounds, and counts around north, east, south, west. So 360 is north again, and so is "
        "44; exact halves such as 45 go to the even number."
    ),
    reply(
        "The test covers a full turn only. I add one for the halves.",
        tool_use={
            "name": "file_edit",
            "input": {"path": "tests/test_direction.py", "old": "", "new": "def test_halves_go_to_the_even_one(): ..."},
        },
        stream=Stream(input_piece=8),
    ),
)
PROMPTS = ("What does direction() do with 44 and 45?", "Is that tested?")
#: The picture ends in the middle of a call.
LAST_INPUT = 11


def chat_picture() -> str:
    """Return a picture of `windtunnel chat` while a call is under way."""
    # A dumb terminal: lines are appended only, as a recording needs them.
    console = Console(
        file=io.StringIO(),
        width=80,
        record=True,
        force_terminal=True,
        color_system="truecolor",
        _environ={"TERM": "dumb"},
    )
    with Windtunnel(*STEPS) as tunnel, pointed_at(tunnel.env):
        asyncio.run(_talk(console))
    svg = console.export_svg(title="windtunnel chat")
    return _FONTS.sub("", svg)


async def _talk(console: Console) -> None:
    budget = Budget(100_000)
    async with AsyncClient.from_env(budget=budget) as client:
        terminal = Terminal(console, account=client.account, budget=budget)
        conversation = AsyncConversation(
            client,
            model="claude-sonnet-4-6",
            system=demo.system(),
            tools=demo.TOOLS,
            toolbox=demo.CannedToolbox(),
        )
        for prompt in PROMPTS:
            console.print(f"\n[bold]you>[/] {prompt}", highlight=False)
            grown = 0
            events = conversation.say(prompt)
            async for event in events:
                terminal.show(event)
                grown += isinstance(event, ToolInput)
                if prompt == PROMPTS[-1] and grown == LAST_INPUT:
                    break
            await events.aclose()
        terminal.close()
        console.print()


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / "chat.svg").write_text(chat_picture(), encoding="utf-8")


if __name__ == "__main__":
    main()
