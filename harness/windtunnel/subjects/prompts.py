"""What the user says in each turn: the prompts of an `Ask`, with the padding it wants."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from typing import Final

from windtunnel.subjects.ask import Ask
from windtunnel_server.model.models import find
from windtunnel_server.model.tokens import text_weight

#: Short words, of one to three tokens.
WORDS: Final = (
    "air wind gust calm storm vane kite sail wing drag lift flow fan duct smoke tuft probe scale model speed angle "
    "pitch yaw roll stall wake eddy layer edge skin nose tail strut brace gauge chart table test run log note trim "
    "north south east west high low warm cold front ridge"
).split()


def turns(ask: Ask) -> Iterator[str]:
    """Give the user's turns in order; each has words of its own, the same in every run and for every client."""
    prompts = ask.prompts * ask.rounds
    for place, prompt in enumerate(prompts):
        yield f"{prompt}\n\n{padding(ask.padding, ask.model, place)}" if ask.padding else prompt


@lru_cache(maxsize=64)
def padding(tokens: int, model: str, turn: int) -> str:
    """Return a text that the fake counts as about so many tokens for the model, another one for each turn."""
    known = find(model)
    vocabulary = "v4.8" if known is None else known.era.vocabulary
    drawn = random.Random(f"padding of turn {turn}").choices(WORDS, k=max(1, tokens))
    upto = accumulate(text_weight(word, vocabulary) for word in drawn)
    return " ".join(word for word, weight in zip(drawn, upto, strict=True) if weight <= tokens) or drawn[0]
