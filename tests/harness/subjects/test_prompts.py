"""What the user says, and how much of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.subjects.ask import Ask
from windtunnel.subjects.prompts import padding, turns
from windtunnel_server.model.tokens import count_input


def test_prompts_are_gone_through_round_after_round():
    assert list(turns(Ask(prompts=("a", "b"), rounds=2))) == ["a", "b", "a", "b"]


@given(tokens=st.integers(50, 5_000), turn=st.integers(0, 50))
@pytest.mark.parametrize("model", ["claude-sonnet-4-6", "claude-opus-4-7", "claude-sonnet-5", "somebody-else-1"])
def test_padding_is_about_as_long_as_wished_for(model, tokens, turn):
    text = padding(tokens, model, turn)

    counted = count_input({"model": model, "messages": [{"role": "user", "content": text}]})
    assert counted == pytest.approx(tokens, rel=0.02, abs=20)


def test_each_turn_has_words_of_its_own_and_every_run_the_same():
    ask = Ask(rounds=4, padding=200)

    assert list(turns(ask)) == list(turns(ask))
    assert len(set(turns(ask))) == 4
