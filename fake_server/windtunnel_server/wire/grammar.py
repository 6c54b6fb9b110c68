"""Which event may follow which in a Messages stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

#: State → the events that may come in it → the state they lead to. A stream begins in "before" and is whole in "over".
#: Recordings have exactly one message_delta (FACTS 4); the documentation allows several (wire.md 4.1), so the table does.
#: A block is left without its stop where max_tokens cut eager tool input off (one recording, 2025).
EVENT_GRAMMAR: Final[Mapping[str, Mapping[str, str]]] = {
    "before": {"message_start": "between", "ping": "before", "error": "over"},
    "between": {"content_block_start": "block", "message_delta": "ending", "ping": "between", "error": "over"},
    "block": {
        "content_block_delta": "block",
        "content_block_stop": "between",
        "message_delta": "ending",
        "ping": "block",
        "error": "over",
    },
    "ending": {"message_delta": "ending", "message_stop": "over", "ping": "ending", "error": "over"},
    "over": {},
}


def check_grammar(names: Iterable[str]) -> str | None:
    """Say what is first wrong with a stream of event names; None for a legal and whole one.

    >>> check_grammar(["message_start", "message_stop"])
    'event 2: message_stop may not come here (between); allowed: content_block_start, message_delta, ping, error'
    """
    state = "before"
    for place, name in enumerate(names, start=1):
        allowed = EVENT_GRAMMAR[state]
        if name not in allowed:
            on_offer = ", ".join(allowed) or "nothing"
            return f"event {place}: {name} may not come here ({state}); allowed: {on_offer}"
        state = allowed[name]
    if state != "over":
        return f"the stream ends too early ({state}); still to come: {', '.join(EVENT_GRAMMAR[state])}"
    return None
