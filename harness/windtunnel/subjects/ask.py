"""What a client is asked to do in a run: the `ask:` of a scenario."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_PROMPT = "Which way does the wind blow?"


class AskError(ValueError):
    """A value that cannot be asked; says what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One conversation, or several at once, in the terms of the Messages API. Times are seconds on the clock."""

    #: The user's turns, in order, of one conversation.
    prompts: tuple[str, ...] = (DEFAULT_PROMPT,)
    #: How often the prompts are gone through, in the same conversation.
    rounds: int = 1
    model: str = "claude-sonnet-4-6"
    max_tokens: int = 1024
    stream: bool = False
    system: str | None = None
    #: Offer tools, run those the model calls, and send their results back until it is done.
    tools: bool = False
    #: Tokens the model may think before it answers; None: it does not think.
    thinking: int | None = None
    #: Mark system prompt and the last turn for the prompt cache.
    cache: bool = False
    #: About so many tokens of further text go with each prompt, different in each turn.
    padding: int = 0
    #: Clients at once, each with a conversation of its own; `every` seconds between their starts.
    clients: int = 1
    every: float = 0.0
    #: Between the turns of one conversation.
    pause: float = 0.0

    def __post_init__(self) -> None:
        if not self.prompts:
            raise AskError("ask: prompts is empty; leave it out for a question of ours")
        for name, least in (("rounds", 1), ("max_tokens", 1), ("padding", 0), ("clients", 1)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise AskError(f"ask: {name} is {value!r}, and must be a whole number from {least} up")
        for name in ("every", "pause"):
            if not getattr(self, name) >= 0:
                raise AskError(f"ask: {name} is {getattr(self, name)!r}, and must be seconds from 0 up")
