"""Tokens: their shape, and that they can be told apart."""

from __future__ import annotations

import re

from windtunnel_server.identity.tokens import Tokens


def test_a_token_looks_like_one_and_says_that_it_is_none():
    mint = Tokens(0)

    for token, prefix in ((mint.access(), "sk-ant-oat01-"), (mint.refresh(), "sk-ant-ort01-")):
        assert re.fullmatch(re.escape(prefix) + r"[A-Za-z0-9_-]{93}AA", token)
        assert "not-a-real-token" in token


def test_what_the_journal_keeps_of_a_token_is_its_own_for_four_thousand_tokens():
    mint = Tokens(0)

    tails = {mint.access()[-4:] for _ in range(4096)}

    assert len(tails) == 4096
    assert mint.access()[-4:] in tails


def test_a_seed_mints_the_same_tokens_again():
    assert Tokens(3).access() == Tokens(3).access()
    assert Tokens(3).access() != Tokens(4).access()
