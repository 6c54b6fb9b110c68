from __future__ import annotations

import base64
import json
from random import Random

import pytest

from windtunnel_server.faults.unknown_event import unknown_event
from windtunnel_server.plan import Plan, Send
from windtunnel_server.script import ScriptError
from windtunnel_server.wire import eventstream


def test_a_new_event_comes_in_between_and_nothing_else_changes(streamed: Plan, rng: Random) -> None:
    rough = unknown_event(streamed, rng=rng, after_events=4)

    assert rough.steps == (*streamed.steps[:5], rough.steps[5], *streamed.steps[5:])
    assert rough.events[4] == "message_annotation"


def test_it_is_a_proper_event_of_the_given_name(streamed: Plan, rng: Random) -> None:
    new = unknown_event(streamed, rng=rng, after_events=0, name="mood").steps[1]

    assert isinstance(new, Send)
    assert new.data.startswith(b"event: mood\ndata: {")
    assert new.data.endswith(b"}\n\n")
    assert json.loads(new.data.partition(b"data: ")[2])["type"] == "mood"


def test_a_json_body_has_no_events(unstreamed: Plan, rng: Random) -> None:
    with pytest.raises(ScriptError, match="leave it out"):
        unknown_event(unstreamed, rng=rng)


def test_a_frame_brings_a_new_event_of_the_messages_api(aws_stream: Plan, rng: Random) -> None:
    rough = eventstream.decode(unknown_event(aws_stream, rng=rng, name="mood").body)

    assert rough[2].event_type == "chunk"
    assert json.loads(base64.b64decode(json.loads(rough[2].payload)["bytes"]))["type"] == "mood"


def test_converse_has_a_frame_of_a_new_type(converse_stream: Plan, rng: Random) -> None:
    rough = eventstream.decode(unknown_event(converse_stream, rng=rng, name="mood").body)

    assert [frame.event_type for frame in rough][1:4] == ["contentBlockStart", "mood", "contentBlockDelta"]
