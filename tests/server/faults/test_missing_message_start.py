from __future__ import annotations

from random import Random

import pytest

from windtunnel_server.faults.missing_message_start import missing_message_start
from windtunnel_server.plan import End, Plan
from windtunnel_server.script import ScriptError


def test_only_that_event_is_missing_and_the_body_ends_properly(streamed: Plan, rng: Random) -> None:
    rough = missing_message_start(streamed, rng=rng)

    assert rough.events == [name for name in streamed.events if name != "message_start"]
    assert rough.steps[-1] == End()


def test_a_json_body_is_sent_elsewhere(unstreamed: Plan, rng: Random) -> None:
    with pytest.raises(ScriptError, match=r"needs a streamed reply.*use truncated_json"):
        missing_message_start(unstreamed, rng=rng)
