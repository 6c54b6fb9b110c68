"""Bodies of InvokeModel as requests of the Messages API, and what Bedrock refuses before anyone else looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from windtunnel_server.model.models import MODERN
from windtunnel_server.model.problem import Problem, invalid

#: What `anthropic_version` may be. `2026-10-21` is documented for 4.7 and later; what earlier models say to it is not
#: known, so it is let in there too.
VERSIONS: Final = ("bedrock-2023-05-31", MODERN)

#: The betas the documentation of InvokeModel lists (quoted in a public pull request of January 2026), and those whose
#: pages say that Bedrock has them. Which model takes which is left out: reports differ.
BETAS: Final = frozenset(
    {
        "compact-2026-01-12",
        "computer-use-2024-10-22",
        "computer-use-2025-01-24",
        "computer-use-2025-11-24",
        "context-1m-2025-08-07",
        "context-management-2025-06-27",
        "dev-full-thinking-2025-05-14",
        "effort-2025-11-24",
        "fine-grained-tool-streaming-2025-05-14",
        "interleaved-thinking-2025-05-14",
        "output-128k-2025-02-19",
        "token-efficient-tools-2025-02-19",
        "tool-examples-2025-10-29",
        "tool-search-tool-2025-10-19",
    }
)

#: Said by the path. What else is not there on this surface: `model/validation/surfaces.py`.
_UNKNOWN: Final = ("model", "stream")

_LAST: Final = ("anthropic_version", "anthropic_beta")


def first_party(body: Mapping[str, Any], *, model: str, stream: bool) -> dict[str, Any]:
    """Write the request as the direct API has it. `model` is the model's own id."""
    return {"model": model, **{key: value for key, value in body.items() if key not in _LAST}, "stream": stream}


def betas_of(body: Any) -> frozenset[str]:
    """The betas a body names."""
    named = body.get("anthropic_beta") if isinstance(body, Mapping) else None
    return frozenset(str(beta) for beta in named) if isinstance(named, list) else frozenset()


def refusal(body: Any) -> Problem | None:
    """Say what Bedrock does not take of a body of InvokeModel; None where there is nothing."""
    if not isinstance(body, Mapping):
        return Problem("invalid_json", "the body is no object")
    return next(_problems(body), None)


def unknown_beta(betas: frozenset[str]) -> Problem | None:
    """Refuse a beta that is not on the list."""
    return Problem("invalid_request", "invalid beta flag") if betas - BETAS else None


def _problems(body: Mapping[str, Any]) -> Iterator[Problem]:
    version = body.get("anthropic_version")
    if version is None:
        yield invalid("anthropic_version", "Field required")
    elif version not in VERSIONS:
        # unverified: the words
        yield invalid("anthropic_version", f"{version!r} is not a valid version")
    for name in _UNKNOWN:
        if name in body:
            yield invalid(name, "Extra inputs are not permitted")
