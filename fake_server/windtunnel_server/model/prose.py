"""What an unscripted reply says: plain sentences that nobody can mistake for a model's."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any, Final

from windtunnel_server.model import partial_json, question

_QUOTED = 80

_OPENINGS = (
    "This reply was composed by Windtunnel; no model was asked.",
    "Windtunnel speaking: what follows is made up, and always the same for the same request.",
    "No model wrote this. Windtunnel put it together from your request.",
)
_FILLERS = (
    "The air is calm and nothing is on fire.",
    "A gauge on the wall reads what it read yesterday.",
    "Somewhere a fan turns at a steady speed.",
    "The smoke line bends over the wing and straightens out again.",
    "Two sensors agree, and the third is being repaired.",
    "The log book has one more line than before.",
)
_THOUGHTS = (
    "First the question is read, then an answer is made up.",
    "There is nothing to work out here, but a thought was wished for.",
    "One step after the other: read, pretend to think, reply.",
)
_CLOSINGS = (
    "With that the work is done.",
    "Nothing more has to be called.",
    "That is all that was needed.",
)
#: Asks for JSON and nothing else.
_JSON_ONLY: Final = re.compile(
    r"\b(only|just|valid|strictly|respond|reply|answer|return|output)\b[^.\n]{0,40}\bJSON\b", re.IGNORECASE
)


def rng_for(request: Mapping[str, Any], seed: int) -> Random:
    """Make the chance of one reply: the same request (streamed or not) and seed give the same."""
    asked = {key: value for key, value in request.items() if key != "stream"}
    text = json.dumps(asked, sort_keys=True, ensure_ascii=False, default=str)
    return Random(f"{seed}:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}")


def answer(request: Mapping[str, Any], rng: Random) -> str:
    """Write the text of a reply: to the results of tools, to the question, or on from where a prefill ends."""
    begun = question.prefill(request)
    if begun is not None:
        rest = partial_json.rest(begun, rng.choice(_CLOSINGS))
        return rest if rest is not None else f" … {rng.choice(_OPENINGS)} {rng.choice(_CLOSINGS)}"
    results = tool_results(request)
    if results:
        back = "One tool result is in." if results == 1 else f"{results} tool results are in."
        return " ".join([rng.choice(_OPENINGS), back, rng.choice(_CLOSINGS)])
    said = last_words(request)
    heard = f'You wrote: "{said}"' if said else "Your message had no text in it."
    text = " ".join([rng.choice(_OPENINGS), heard, *rng.sample(_FILLERS, rng.randint(1, 3))])
    return json.dumps({"reply": text}, ensure_ascii=False) if _JSON_ONLY.search(question.words(request)) else text


def announcement(tools: Iterable[Mapping[str, Any]]) -> str:
    """Write what is said before tools are called."""
    return f"Windtunnel calls {' and '.join(str(tool['name']) for tool in tools)}, since you seem to ask for it."


def thought(rng: Random) -> str:
    """Write a text of thinking."""
    return rng.choice(_THOUGHTS)


def tool_results(request: Mapping[str, Any]) -> int:
    """Count the tool results in the last message."""
    return sum(1 for block in _last_blocks(request) if block.get("type") == "tool_result")


def last_words(request: Mapping[str, Any]) -> str:
    """Quote the last text of the last message, on one line and cut to a readable length."""
    texts = [str(block.get("text", "")) for block in _last_blocks(request) if block.get("type") == "text"]
    line = " ".join(texts[-1].split()) if texts else ""
    return line if len(line) <= _QUOTED else f"{line[: _QUOTED - 1]}…"


def _last_blocks(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    messages = request.get("messages") or []
    return question.blocks_of(messages[-1]) if messages else []
