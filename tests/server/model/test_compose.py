"""The reply nobody scripted."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model.compose import compose
from windtunnel_server.model.tokens import count_input
from windtunnel_server.wire.ids import Ids
from windtunnel_server.wire.message import Reply

WEATHER = {
    "name": "get_weather",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
        "required": ["city", "unit"],
    },
}
CLOCK = {"name": "get_time", "input_schema": {"type": "object", "properties": {}}}


def asked(**changes: Any) -> dict[str, Any]:
    return {
        "model": "claude-sonnet-4-6",
        "max_tokens": 1000,
        "messages": [{"role": "user", "content": "What flies?"}],
    } | changes


def composed(seed: int = 1, **changes: Any) -> Reply:
    return compose(asked(**changes), seed=seed, ids=Ids(Random(0)))


def test_the_text_quotes_what_was_asked() -> None:
    reply = composed()

    assert "What flies?" in reply.text
    assert reply.stop_reason == "end_turn"


def test_the_same_request_and_seed_give_the_same_reply_streamed_or_not() -> None:
    assert composed() == composed(stream=True)


def test_seed_and_request_change_the_text() -> None:
    texts = {composed(seed).text for seed in range(12)}

    assert len(texts) > 3
    assert composed(messages=[{"role": "user", "content": "What swims?"}]).text != composed().text


def test_an_alias_is_answered_by_the_dated_model() -> None:
    assert composed(model="claude-haiku-4-5").model == "claude-haiku-4-5-20251001"


def test_input_is_counted_as_count_tokens_does() -> None:
    assert composed(tools=[WEATHER]).usage.input_tokens == count_input(asked(tools=[WEATHER]))


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "get_weather"}], ids=["any", "tool"])
@pytest.mark.parametrize("seed", range(4))
def test_a_forced_choice_calls_a_tool_with_fitting_input(choice: dict[str, Any], seed: int) -> None:
    reply = composed(seed, tools=[WEATHER], tool_choice=choice)

    (block,) = reply.content
    assert list(block) == ["type", "id", "name", "input", "caller"]
    assert reply.stop_reason == "tool_use"
    jsonschema.validate(block["input"], WEATHER["input_schema"])


def test_a_named_tool_is_the_one_called() -> None:
    reply = composed(tools=[CLOCK, WEATHER], tool_choice={"type": "tool", "name": "get_weather"})

    assert reply.content[0]["name"] == "get_weather"


def test_the_bash_tool_gets_a_command() -> None:
    bash = {"type": "bash_20250124", "name": "bash"}

    reply = composed(tools=[bash], tool_choice={"type": "any"})

    assert "command" in reply.content[0]["input"]


@pytest.mark.parametrize("choice", [None, {"type": "auto"}, {"type": "none"}], ids=["unsaid", "auto", "none"])
def test_tools_left_to_choice_are_not_called_where_nothing_asks_for_them(choice: dict[str, Any] | None) -> None:
    more: dict[str, Any] = {"tool_choice": choice} if choice else {}

    reply = composed(tools=[WEATHER], **more)

    assert [block["type"] for block in reply.content] == ["text"]


def user(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize("seed", range(4))
def test_a_question_that_asks_for_tools_has_them_called(seed: int) -> None:
    reply = composed(seed, tools=[WEATHER, CLOCK], messages=user("What is the weather, and what time is it?"))

    called = [block for block in reply.content if block["type"] == "tool_use"]
    assert [block["name"] for block in called] == ["get_weather", "get_time"]
    assert len({block["id"] for block in called}) == 2
    assert reply.stop_reason == "tool_use"
    jsonschema.validate(called[0]["input"], WEATHER["input_schema"])


def test_every_other_call_is_announced() -> None:
    asked_for = {"tools": [WEATHER], "messages": user("How is the weather?")}

    kinds = {tuple(block["type"] for block in composed(seed, **asked_for).content) for seed in range(12)}

    assert kinds == {("tool_use",), ("text", "tool_use")}


def test_a_deferred_tool_is_searched_for_before_it_is_called() -> None:
    search = {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"}

    reply = composed(tools=[search, WEATHER | {"defer_loading": True}], messages=user("How is the weather?"))

    kinds = [block["type"] for block in reply.content if block["type"] != "text"]
    assert kinds == ["server_tool_use", "tool_search_tool_result", "tool_use"]


def test_a_search_of_the_web_is_followed_by_what_it_found_and_a_text_that_cites_it() -> None:
    search = {"type": "web_search_20250305", "name": "web_search"}

    reply = composed(tools=[search], messages=user("Search the web for kites."))

    assert [block["type"] for block in reply.content] == ["server_tool_use", "web_search_tool_result", "text", "text"]
    assert reply.content[-1]["citations"][0]["url"] == reply.content[1]["content"][0]["url"]
    assert reply.usage.server_tool_use == {"web_search_requests": 1, "web_fetch_requests": 0}
    assert reply.container is None


def test_code_runs_in_a_container() -> None:
    code = {"type": "code_execution_20250825", "name": "code_execution"}

    reply = composed(tools=[code], messages=user("Calculate 2 + 2 in Python."))

    assert reply.container is not None
    assert reply.usage.server_tool_use == {"web_search_requests": 0, "web_fetch_requests": 0}


def test_documents_that_may_be_cited_are() -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "Grass is green."}
    document = {"type": "document", "source": source, "citations": {"enabled": True}}

    reply = composed(messages=[{"role": "user", "content": [document, {"type": "text", "text": "Which colour?"}]}])

    assert reply.content[-1]["citations"][0]["cited_text"] == "Grass is green."


def test_a_begun_answer_goes_on() -> None:
    begun = [*user("Name a colour, as JSON."), {"role": "assistant", "content": '{"colour": '}]

    reply = composed(model="claude-sonnet-4-5", messages=begun)

    assert list(json.loads('{"colour": ' + reply.text)) == ["colour"]


def test_json_is_answered_where_nothing_else_is_wanted() -> None:
    assert json.loads(composed(messages=user("Respond only with JSON: what flies?")).text)


def test_a_magic_word_redacts_the_thinking() -> None:
    magic = "ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING_46C9A13E193C177646C7398A98432ECCCE4C1253D5E2D82641AC0E52CC2876CB"

    reply = composed(thinking={"type": "enabled", "budget_tokens": 1024}, messages=user(magic))

    assert [block["type"] for block in reply.content] == ["redacted_thinking", "text"]
    assert reply.usage.thinking_tokens is not None


@pytest.mark.parametrize("words", ["天気はどうですか。", "ما الطقس؟", "\u202e\x00", "🏔"])
def test_any_language_is_answered(words: str) -> None:
    assert composed(messages=user(words), tools=[WEATHER]).stop_reason == "end_turn"


def test_tool_results_are_acknowledged() -> None:
    results = [{"type": "tool_result", "tool_use_id": name, "content": "ok"} for name in "ab"]

    reply = composed(messages=[{"role": "user", "content": results}], tools=[WEATHER])

    assert "2 tool results" in reply.text


def test_max_tokens_cuts_the_text() -> None:
    whole, short = composed(), composed(max_tokens=12)

    assert short.stop_reason == "max_tokens"
    assert short.usage.output_tokens == 12
    assert 0 < len(short.text) < len(whole.text)


@given(
    st.integers(1, 200),
    st.sampled_from([{}, {"thinking": {"type": "adaptive"}}, {"tools": [WEATHER], "tool_choice": {"type": "any"}}]),
)
def test_output_never_exceeds_max_tokens(limit: int, more: dict[str, Any]) -> None:
    usage = composed(max_tokens=limit, **more).usage

    assert usage.output_tokens <= limit
    assert (usage.thinking_tokens or 0) <= usage.output_tokens


def test_no_tokens_at_all_give_no_content() -> None:
    reply = composed(max_tokens=0)

    assert (reply.content, reply.stop_reason, reply.usage.output_tokens) == ((), "max_tokens", 0)


def test_a_stop_sequence_ends_the_text_before_it() -> None:
    reply = composed(stop_sequences=["nowhere in it", "flies"])

    assert (reply.stop_reason, reply.stop_sequence) == ("stop_sequence", "flies")
    assert reply.text.endswith('"What ')


def test_of_two_stop_sequences_the_first_in_the_text_counts() -> None:
    assert composed(stop_sequences=["flies", "What"]).stop_sequence == "What"


@pytest.mark.parametrize(
    ("model", "thinking", "shown"),
    [
        ("claude-sonnet-4-5", {"type": "enabled", "budget_tokens": 1024}, True),
        ("claude-sonnet-5", {"type": "adaptive"}, False),
        ("claude-sonnet-5", {"type": "adaptive", "display": "summarized"}, True),
        ("claude-sonnet-4-6", {"type": "adaptive", "display": "omitted"}, False),
    ],
)
def test_thinking_comes_first_signed_and_shown_as_the_model_does(
    model: str, thinking: dict[str, Any], shown: bool
) -> None:
    reply = composed(model=model, thinking=thinking)

    first, second = reply.content
    assert (first["type"], second["type"]) == ("thinking", "text")
    assert bool(first["thinking"]) is shown
    assert first["signature"].startswith("E")
    assert reply.usage.thinking_tokens


def test_thinking_tokens_are_told_always_by_newer_models_and_else_with_thinking() -> None:
    assert composed(model="claude-opus-4-8").usage.thinking_tokens == 0
    assert composed(model="claude-sonnet-4-6").usage.thinking_tokens is None


@pytest.mark.parametrize("place", ["output_config", "output_format"])
def test_structured_output_is_json_that_fits(place: str) -> None:
    wanted = {"type": "json_schema", "schema": WEATHER["input_schema"]}

    more: dict[str, Any] = {place: {"format": wanted} if place == "output_config" else wanted}

    reply = composed(**more)

    jsonschema.validate(json.loads(reply.text), WEATHER["input_schema"])
