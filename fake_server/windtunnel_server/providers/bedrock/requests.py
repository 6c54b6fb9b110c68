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

#: Fields of the direct API that are not there on this surface (wire.md 1.2), and those that the path says.
_UNKNOWN: Final = (
    "model",
    "stream",
    "cache_control",
    "container",
    "fallbacks",
    "fallback_credit_token",
    "inference_geo",
    "mcp_servers",
    "service_tier",
    "speed",
    "thread",
)

#: Tools that the service would have to run, by the beginning of their type.
_SERVER_TOOLS: Final = ("web_search_", "web_fetch_", "code_execution_", "advisor_", "mcp_toolset")
#: As a refusal lists them (recorded of Sonnet 4, 2025).
_TOOL_TAGS: Final = "'bash_20250124', 'custom', 'text_editor_20250124', 'text_editor_20250429', 'text_editor_20250728'"
_OTHER_TAG: Final = "Input tag {!r} found using 'type' does not match any of the expected tags: {}"

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


def not_here(request: Mapping[str, Any]) -> Problem | None:
    """Say which feature of a first-party request this surface has not; None where it has them all.

    The words for sources that are fetched are unverified: they follow those recorded of tools.
    """
    return next(_features(request), None)


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


def _features(request: Mapping[str, Any]) -> Iterator[Problem]:
    for place, tool in enumerate(_maps(request.get("tools"))):
        kind = str(tool.get("type") or "custom")
        if kind.startswith(_SERVER_TOOLS):
            yield invalid(f"tools.{place}", _OTHER_TAG.format(kind, _TOOL_TAGS))
    for number, message in enumerate(_maps(request.get("messages"))):
        for place, block in enumerate(_maps(message.get("content"))):
            source = block.get("source")
            if isinstance(source, Mapping) and source.get("type") in ("url", "file"):
                path = f"messages.{number}.content.{place}.{block.get('type')}.source"
                yield invalid(path, _OTHER_TAG.format(source["type"], "'base64'"))


def _maps(value: Any) -> list[Mapping[str, Any]]:
    """The members of a list, each at its place: what is no object stands there as an empty one."""
    return [item if isinstance(item, Mapping) else {} for item in value] if isinstance(value, list) else []
