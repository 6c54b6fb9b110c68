"""A cassette reads as a conversation, within its columns, whatever is in it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from windtunnel.cassette.conversation import conversation, told, total
from windtunnel.cassette.interaction import Interaction


def test_a_stream_tells_its_turns_its_pace_and_its_cost(streamed: Interaction) -> None:
    text = "\n".join(conversation(streamed, 1))

    assert "  user       What is the capital of France?" in text
    assert "  assistant  Paris, “la Ville”." in text
    assert "first byte after 0.25 s · 7 pieces in 0.75 s, longest gap 0.12 s" in " ".join(text.split())
    assert "12 in, 5 out" in text


def test_an_address_keeps_to_the_columns(streamed: Interaction) -> None:
    uri = "https://bedrock-runtime.eu-central-1.amazonaws.com/model/" + "a" * 200
    long = replace(streamed, request=replace(streamed.request, uri=uri))

    lines = conversation(long, 1, width=60)

    assert max(map(len, lines)) <= 60
    assert f"POST{uri}" in "".join("".join(lines).split())


def test_failures_are_told_in_capitals(streamed: Interaction, framed: Interaction) -> None:
    cut = replace(streamed, response=replace(streamed.response, ended="timeout"))

    assert "GIVEN UP by the client" in "\n".join(conversation(cut, 1))
    assert "RESET by the server" in "\n".join(conversation(framed, 1))


def test_texts_are_cut_unless_all_is_asked_for(answered: Interaction) -> None:
    short, full = conversation(answered, 1, longest=20), conversation(answered, 1, longest=None)

    assert "(194 characters)" in "\n".join(short)
    assert "Say why." in "\n".join(full)


def test_calls_of_tools_and_their_cost_are_told(answered: Interaction) -> None:
    assert any('calls get_weather {"city": "Paris"}' in line for line in conversation(answered, 1))
    assert told(total([answered])) == "1 call that used something · 20 in, 9 out, 300 read from the cache · $0.000285"


@given(st.data())
def test_whatever_is_recorded_can_be_told(
    any_interactions: st.SearchStrategy[list[Interaction]], data: st.DataObject
) -> None:
    for interaction in data.draw(any_interactions):
        assert conversation(interaction, 1)
