"""Signatures of compaction blocks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model.context.seal import broken, sealed

BLOCK = {"type": "compaction", "content": "They said hello."}


@given(st.text())
def test_a_signed_block_comes_back_whole(content: str) -> None:
    assert broken(sealed({"type": "compaction", "content": content})) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"content": "They said goodbye."}, "compaction_content_mismatch"),
        ({"tool_changes": []}, "compaction_tool_changes_mismatch"),
        ({"signature": "c2lnbmF0dXJl"}, "compaction_signature_invalid"),
        ({"signature": "not base64!"}, "compaction_signature_invalid"),
        ({"signature": None}, "compaction_signature_invalid"),
    ],
)
def test_what_was_changed_is_told_by_its_code(change: dict[str, Any], code: str) -> None:
    assert broken(sealed(BLOCK) | change) == code


def test_a_mark_for_the_cache_changes_nothing() -> None:
    assert broken(sealed(BLOCK) | {"cache_control": {"type": "ephemeral"}}) is None
