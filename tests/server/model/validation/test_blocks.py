"""Messages and their blocks by door and by beta."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.validation.blocks import MESSAGES, SYSTEM
from windtunnel_server.model.validation.terms import Terms

HI = {"type": "text", "text": "Hi"}
#: As listed in a public report of September 2026.
ON_BEDROCK = (
    "'connector_text', 'document', 'image', 'mid_conv_system', 'redacted_thinking', 'search_result', "
    "'server_tool_use', 'text', 'thinking', 'tool_result', 'tool_search_tool_result', 'tool_use'"
)


def said(*blocks: Any, surface: str = "anthropic", betas: tuple[str, ...] = ()) -> tuple[str, str] | None:
    terms = Terms(surface=surface, betas=frozenset(betas))
    return MESSAGES([{"role": "user", "content": list(blocks)}], terms)


def test_bedrock_lists_the_kinds_it_knows() -> None:
    fault = said({"type": "tool_addition"}, surface="bedrock")

    assert fault is not None
    assert fault == (
        "0.content.0",
        f"Input tag 'tool_addition' found using 'type' does not match any of the expected tags: {ON_BEDROCK}",
    )


@pytest.mark.parametrize(
    ("block", "beta"),
    [
        ({"type": "compaction", "content": "x"}, "compact-2026-01-12"),
        ({"type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}}, "server-side-fallback-2026-07-01"),
    ],
    ids=["compaction", "fallback"],
)
def test_a_block_of_a_beta_is_not_known_without_it(block: dict[str, Any], beta: str) -> None:
    fault = said(block)

    assert said(block, betas=(beta,)) is None
    assert fault is not None
    assert fault[1].startswith(f"Input tag '{block['type']}' found using 'type'")


@pytest.mark.parametrize("surface", ["bedrock", "bedrock-mantle"])
def test_addresses_are_no_sources_on_the_clouds(surface: str) -> None:
    image = {"type": "image", "source": {"type": "url", "url": "https://tides.test/a.png"}}
    fault = said(image, surface=surface)

    assert said(image) is None
    assert fault is not None
    assert fault[0] == "0.content.0.image.source"


def test_null_is_taken_for_what_may_be_missing() -> None:
    assert said(HI | {"cache_control": None, "citations": None}) is None
    assert SYSTEM([HI | {"cache_control": None}], Terms()) is None


def test_an_answer_comes_back_as_it_was() -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}, "caller": {"type": "direct"}}

    assert said(HI | {"citations": None}, {"type": "thinking", "thinking": "", "signature": "x"}, call) is None
