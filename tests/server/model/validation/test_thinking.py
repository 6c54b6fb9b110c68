"""What has to hold for a request that thinks."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from windtunnel_server.model.compose import compose
from windtunnel_server.model.finish import finish
from windtunnel_server.model.validation import Terms, check
from windtunnel_server.script import ReplySpec
from windtunnel_server.wire.ids import Ids
from windtunnel_server.wire.signature import sign

ENABLED = {"type": "enabled", "budget_tokens": 1_024}


def said(model: str, *, betas: tuple[str, ...] = (), **more: Any) -> str | None:
    request = {"model": model, "max_tokens": 2_048, "messages": [{"role": "user", "content": "Hi"}], **more}
    problem = check(request, Terms(version="2023-06-01", betas=frozenset(betas)))
    return None if problem is None else problem.message


def thought(text: str = "Hm.", signature: str | None = None) -> dict[str, Any]:
    return {"type": "thinking", "thinking": text, "signature": signature or sign(text, Random(1))}


def loop(*said: Any) -> list[dict[str, Any]]:
    call = {"type": "tool_use", "id": "a", "name": "look", "input": {}}
    return [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": [*said, call]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "West."}]},
    ]


@pytest.mark.parametrize(
    ("model", "refused"),
    [
        ("claude-sonnet-4-5", {"adaptive", "between_tools"}),
        ("claude-sonnet-4-6", {"between_tools"}),
        ("claude-opus-4-7", {"enabled", "between_tools"}),
        ("claude-opus-5", {"enabled", "between_tools"}),
        ("claude-sonnet-5-5", {"enabled", "disabled"}),
        ("claude-opus-5-5", {"enabled", "disabled", "between_tools"}),
        ("claude-fable-5", {"enabled", "disabled", "between_tools"}),
        ("claude-3-5-haiku-latest", {"enabled", "adaptive", "between_tools"}),
    ],
)
def test_each_model_has_its_kinds_of_thinking(model: str, refused: set[str]) -> None:
    kinds = {"enabled": ENABLED, **{kind: {"type": kind} for kind in ("adaptive", "disabled", "between_tools")}}

    assert {kind for kind, thinking in kinds.items() if said(model, thinking=thinking)} == refused


def test_the_model_that_thinks_between_tools_says_so() -> None:
    assert str(said("claude-sonnet-5-5", thinking={"type": "disabled"})).startswith(
        "To turn thinking off on this model"
    )


def test_an_interleaved_budget_may_exceed_the_answer() -> None:
    big = {"type": "enabled", "budget_tokens": 9_000}

    assert said("claude-sonnet-4-5", thinking=big, betas=("interleaved-thinking-2025-05-14",)) is None
    assert "must be greater than `thinking.budget_tokens`" in str(said("claude-sonnet-4-5", thinking=big))


@pytest.mark.parametrize(
    ("sampling", "told"),
    [({"temperature": 0.2}, "`temperature`"), ({"top_p": 0.9}, "`top_p`"), ({"top_k": 5}, "`top_k`")],
)
def test_thinking_is_not_sampled_otherwise(sampling: dict[str, Any], told: str) -> None:
    assert str(said("claude-sonnet-4-5", thinking=ENABLED, **sampling)).startswith(told)
    assert said("claude-sonnet-4-5", thinking={"type": "disabled"}, **sampling) is None


def test_only_the_first_turn_of_a_run_of_calls_has_to_begin_with_a_thought() -> None:
    first = loop(thought())
    again = [{"role": "assistant", "content": [{"type": "tool_use", "id": "b", "name": "look", "input": {}}]}]
    done = [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "b", "content": "East."}]}]

    assert said("claude-sonnet-4-5", thinking=ENABLED, messages=[*first, *again, *done]) is None
    assert "found `tool_use`" in str(said("claude-sonnet-4-5", thinking=ENABLED, messages=loop()))


def test_a_run_of_calls_that_is_over_may_lack_its_thought() -> None:
    over = [*loop(), {"role": "assistant", "content": "West."}, {"role": "user", "content": "Thanks."}]

    assert said("claude-sonnet-4-5", thinking=ENABLED, messages=over) is None


def test_adaptive_thinking_needs_no_thought_at_the_start() -> None:
    assert said("claude-sonnet-4-6", thinking={"type": "adaptive"}, messages=loop()) is None


@pytest.mark.parametrize("signature", [sign("Other.", Random(1)), "not base64!", "c2ln"])
def test_a_thought_that_was_altered_or_made_up_is_refused(signature: str) -> None:
    forged = loop(thought(signature=signature))

    told = said("claude-sonnet-4-5", thinking=ENABLED, messages=forged)

    assert told == "messages.1.content.0: Invalid `signature` in `thinking` block"
    assert said("claude-sonnet-4-5", messages=forged) is None


def test_models_that_think_unasked_look_at_thoughts_unasked() -> None:
    forged = loop(thought(signature="c2ln"))

    assert said("claude-sonnet-5", messages=forged) is not None
    assert said("claude-sonnet-5", messages=forged, thinking={"type": "disabled"}) is None


def test_hidden_thinking_that_is_not_readable_is_refused() -> None:
    hidden = {"type": "redacted_thinking", "data": "?"}

    told = said("claude-sonnet-4-5", thinking=ENABLED, messages=loop(hidden))

    assert told == "messages.1.content.0: Invalid `data` in `redacted_thinking` block"


def test_adaptive_thinking_goes_with_a_forced_choice() -> None:
    forced: dict[str, Any] = {
        "tools": [{"name": "look", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "any"},
    }

    assert said("claude-opus-4-6", thinking={"type": "adaptive"}, **forced) is None
    assert said("claude-opus-4-6", thinking=ENABLED, **forced) is not None


@pytest.mark.parametrize("scripted", [True, False])
def test_a_thought_of_the_fake_may_come_back_as_it_was_and_not_otherwise(scripted: bool) -> None:
    ids = Ids(Random(3))
    hello = {"role": "user", "content": "Hi"}
    spec = ReplySpec(content=({"type": "thinking", "thinking": "Tides."}, {"type": "text", "text": "High."}))
    asked = {"model": "claude-sonnet-4-5", "max_tokens": 2_048, "messages": [hello], "thinking": ENABLED}
    reply = finish(spec, asked, ids=ids) if scripted else compose(asked, seed=1, ids=ids)
    back = [hello, {"role": "assistant", "content": list(reply.content)}, hello]

    changed = json.loads(json.dumps(back).replace('"thinking": "', '"thinking": "No. '))

    assert said("claude-sonnet-4-5", thinking=ENABLED, messages=back) is None
    assert "Invalid `signature`" in str(said("claude-sonnet-4-5", thinking=ENABLED, messages=changed))
