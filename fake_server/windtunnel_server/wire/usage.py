"""Token counts on the wire, in the three forms the API gives them.

Key order of mid-2026 (FACTS, "Key order").
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from random import Random
from typing import Any, Final

from windtunnel_server.wire.generation import generation
from windtunnel_server.wire.message import Usage

#: Models from here on name a place in `inference_geo` (FACTS).
_FIRST_WITH_GEO: Final = (4, 6)

#: `output_tokens` of message_start and how often each was seen in streams of 2026.
_FIRST_COUNTS: Final[Mapping[int, int]] = {
    1: 86,
    8: 23,
    7: 13,
    3: 11,
    11: 11,
    2: 9,
    6: 7,
    4: 7,
    5: 6,
    16: 4,
    26: 3,
    25: 3,
}

_COUNTS: Final = tuple(_FIRST_COUNTS)
_CUMULATED: Final = tuple(accumulate(_FIRST_COUNTS.values()))


def inference_geo(model: str) -> str:
    """Return the `inference_geo` of a model whose request named none."""
    return "global" if generation(model) >= _FIRST_WITH_GEO else "not_available"


def full(usage: Usage, *, model: str) -> dict[str, Any]:
    """Write the usage of a JSON answer."""
    return {
        **_input(usage),
        **_lifetimes(usage),
        **_iterations(usage),
        "output_tokens": usage.output_tokens,
        **_details(usage),
        **_service(usage, model),
        **_server_tools(usage),
    }


def at_start(usage: Usage, *, model: str, rng: Random) -> dict[str, Any]:
    """Write the usage of message_start: the whole input, and the few output tokens there are by then."""
    (drawn,) = rng.choices(_COUNTS, cum_weights=_CUMULATED)
    return {
        **_begun(usage),
        "output_tokens": min(drawn, usage.output_tokens),
        **_service(usage, model),
    }


def at_end(usage: Usage) -> dict[str, Any]:
    """Write the usage of message_delta: cumulative, it replaces what message_start said."""
    return {
        **_input(usage),
        "output_tokens": usage.output_tokens,
        **_details(usage),
        **_server_tools(usage),
        **_iterations(usage),
    }


def _begun(usage: Usage) -> dict[str, Any]:
    """Write the input of what begins: of the first iteration where there are some (recorded for a compaction)."""
    counts = {**_input(usage), **_lifetimes(usage)}
    first = usage.iterations[0] if usage.iterations else {}
    return {key: first.get(key, count) for key, count in counts.items()}


def _input(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input_tokens,
        "cache_creation_input_tokens": usage.cache_creation_tokens,
        "cache_read_input_tokens": usage.cache_read_tokens,
    }


def _lifetimes(usage: Usage) -> dict[str, Any]:
    return {
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_creation_5m_tokens,
            "ephemeral_1h_input_tokens": usage.cache_creation_1h_tokens,
        }
    }


def _iterations(usage: Usage) -> dict[str, Any]:
    return {} if usage.iterations is None else {"iterations": [dict(item) for item in usage.iterations]}


def _details(usage: Usage) -> dict[str, Any]:
    if usage.thinking_tokens is None:
        return {}
    return {"output_tokens_details": {"thinking_tokens": usage.thinking_tokens}}


def _service(usage: Usage, model: str) -> dict[str, Any]:
    # unverified: the place of `speed` among the keys.
    speed = {} if usage.speed is None else {"speed": usage.speed}
    return {"service_tier": usage.service_tier, "inference_geo": usage.inference_geo or inference_geo(model), **speed}


def _server_tools(usage: Usage) -> dict[str, Any]:
    return {} if usage.server_tool_use is None else {"server_tool_use": dict(usage.server_tool_use)}
