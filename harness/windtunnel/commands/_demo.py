"""What the fake answers in `windtunnel chat` where no scenario says otherwise: it looks into a file, and then explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from windtunnel_server.script import Step


def script(*, tools: bool) -> list[Step]:
    """Return the steps, each as often as it applies, at the pace of a model."""
    from windtunnel_server.script import Stream
    from windtunnel_server.words import reply

    pace = Stream(first_byte=0.4, tokens_per_second=60)
    summary = reply(
        "<summary>The user asked about the wind vane; src/vane/direction.py was read.</summary>",
        when={"text": "between <summary> and </summary>"},
        times="forever",
        stream=pace,
    )
    answer = reply(
        "direction() turns degrees into the name of a direction: it divides by 90, rounds, and counts around north, east, "
        "south, west. So 360 is north again, and so is 44; exact halves such as 45 go to the even number, as Python rounds "
        "them. I have changed nothing.",
        when={"tool_result": True} if tools else None,
        times="forever",
        stream=pace,
    )
    look = reply(
        text="Let me look at the code that turns degrees into a direction.",
        tool_use={"name": "file_read", "input": {"path": "src/vane/direction.py"}},
        times="forever",
        stream=pace,
    )
    return [summary, answer, look] if tools else [summary, answer]
