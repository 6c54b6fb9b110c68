"""The official SDK as a subject, sync and async, over real sockets on virtual time."""

from __future__ import annotations

import pytest

from windtunnel import ClockStuckError, fail, fault, reply
from windtunnel.subjects import find

CLIENTS = ("anthropic", "anthropic-async")
CUTS = ("close_mid_stream", "reset_mid_body", "end_mid_stream")

both = pytest.mark.parametrize("name", CLIENTS)
streamed_or_not = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


# --- what it says of an answer ----------------------------------------------------------------------------------------


@both
@streamed_or_not
def test_it_hands_on_what_was_said_and_books_what_was_counted(play, name, stream):
    run = play(name, reply("Due west.", stream={"first_byte": 1.5}), stream=stream)

    assert (run.call.outcome, run.call.text, run.call.stop_reason) == ("success", "Due west.", "end_turn")
    assert (run.call.asked_at, run.call.client) == (0.0, 0)
    assert run.call.ended_at == pytest.approx(1.5 if stream else run.tunnel.clock.now())
    entry = run.tunnel.journal[0]
    assert entry.usage and {key: run.call.usage[key] for key in entry.usage} == entry.usage
    assert run.call.message_id and run.call.message_id.encode() in b"".join(entry.sent)
    assert run.call.model == "claude-sonnet-4-6"
    assert run.claims.outcome == "success"
    assert run.claims.usage["output_tokens"] == run.tunnel.ledger.total.output_tokens


@both
@streamed_or_not
def test_tools_are_run_until_the_model_is_done(play, name, stream):
    steps = [
        reply(text="I will look.", tool_use={"name": "read_file", "input": {"path": "vane.py"}}),
        reply(tool_use=[{"name": "get_weather", "input": {"city": "Kiel"}}, {"name": "fly"}]),
        reply("Done."),
    ]

    run = play(name, *steps, stream=stream, tools=True)

    assert [claim.stop_reason for claim in run.calls] == ["tool_use", "tool_use", "end_turn"]
    assert [use["name"] for use in run.calls[1].tool_uses] == ["get_weather", "fly"]
    assert run.calls[0].tool_uses[0]["input"] == {"path": "vane.py"}
    sent = run.bodies[2]["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "user", "assistant", "user"]
    ids = [block["id"] for block in sent[3]["content"]]
    assert [(block["tool_use_id"], block.get("is_error", False)) for block in sent[4]["content"]] == [
        (ids[0], False),
        (ids[1], True),
    ]


@both
def test_a_model_that_calls_tools_for_ever_is_left(play, name):
    run = play(name, reply(tool_use={"name": "list_files", "input": {"folder": "."}}, times=50), tools=True)

    assert len(run.calls) == 12
    assert run.calls[-1].stop_reason == "tool_use"


@both
@streamed_or_not
def test_thinking_is_sent_back_as_it_came(play, name, stream):
    steps = [reply(thinking="Hm.", tool_use={"name": "list_files", "input": {"folder": "."}}), reply("Two files.")]

    run = play(name, *steps, stream=stream, tools=True, thinking=1024, max_tokens=2048)

    assert run.calls[0].thinking == "Hm."
    assert run.bodies[0]["thinking"] == {"type": "enabled", "budget_tokens": 1024}
    first = run.bodies[1]["messages"][1]["content"][0]
    assert (first["type"], first["thinking"], bool(first["signature"])) == ("thinking", "Hm.", True)
    assert run.claims.outcome == "success"


@both
@streamed_or_not
def test_every_turn_can_be_marked_for_the_cache_and_padded(play, name, stream):
    run = play(name, stream=stream, system="Be brief.", cache=True, padding=500, rounds=2, prompts=("One", "Two"))

    assert [claim.outcome for claim in run.calls] == ["success"] * 4
    for place, body in enumerate(run.bodies):
        marked = [message for message in body["messages"] if "cache_control" in message["content"][-1]]
        assert marked == [body["messages"][-1]]
        assert body["system"][0]["cache_control"] == {"type": "ephemeral"}
        assert len(body["messages"]) == 2 * place + 1
    last = [message["content"][0]["text"] for message in run.bodies[3]["messages"] if message["role"] == "user"]
    assert [text.partition("\n")[0] for text in last] == ["One", "Two", "One", "Two"]
    assert len({text.partition("\n\n")[2] for text in last}) == 4


# --- why an answer ends -----------------------------------------------------------------------------------------------


@both
def test_a_pause_is_answered_with_the_conversation_so_far(play, name):
    searching = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "wind"}}

    run = play(name, reply(content=[searching], stop_reason="pause_turn"), reply("West."), stream=True)

    assert [claim.stop_reason for claim in run.calls] == ["pause_turn", "end_turn"]
    resumed = run.bodies[1]["messages"]
    assert [message["role"] for message in resumed] == ["user", "assistant"]
    assert resumed[1]["content"][0]["type"] == "server_tool_use"


@both
def test_a_refusal_ends_the_turn_and_leaves_the_history(play, name):
    run = play(name, reply("No.", stop_reason="refusal"), reply("Yes."), prompts=("Bad", "Good"), stream=True)

    assert [(claim.outcome, claim.stop_reason) for claim in run.calls] == [
        ("success", "refusal"),
        ("success", "end_turn"),
    ]
    assert [message["content"][0]["text"] for message in run.bodies[1]["messages"]] == ["Good"]


@both
def test_an_answer_that_ran_out_of_tokens_ends_the_turn_and_its_half_call_is_not_run(play, name):
    cut = reply(text="I will", tool_use={"name": "list_files", "input": {}}, stop_reason="max_tokens")

    run = play(name, cut, reply("Yes."), prompts=("One", "Two"), tools=True)

    assert [claim.stop_reason for claim in run.calls] == ["max_tokens", "end_turn"]
    assert [block["type"] for block in run.bodies[1]["messages"][1]["content"]] == ["text"]


# --- failures ---------------------------------------------------------------------------------------------------------


@both
@streamed_or_not
def test_retries_are_the_sdks_own_and_one_claim(play, name, stream):
    run = play(name, fail("rate_limited", retry_after=30, times=2), reply("Hello"), stream=stream)

    assert (run.call.outcome, run.call.text, run.call.ended_at) == ("success", "Hello", 60.0)
    assert len(run.tunnel.journal) == 3
    run.tunnel.verdict.backoff(run.subject.policy).check()


@both
def test_an_error_is_a_claim_and_stops_the_conversation(play, name):
    run = play(name, fail("overloaded", times=3), prompts=("One", "Two"))

    assert (run.call.outcome, run.call.status, run.call.stop_reason, run.call.usage) == ("error", 529, None, None)
    assert run.call.error == "OverloadedError"
    assert (run.claims.outcome, run.claims.usage) == ("error", None)
    assert len(run.tunnel.journal) == 3


@both
def test_no_connection_is_a_claim(play, name):
    run = play(name, fail("connection_refused", times=3))

    assert (run.call.outcome, run.call.error, run.call.status) == ("error", "APIConnectionError", None)


@both
@pytest.mark.parametrize("cut", CUTS)
def test_of_a_broken_stream_it_hands_on_what_came_and_says_that_it_failed(play, name, cut):
    text = "The wind blows from the west today, and rather hard."

    run = play(name, reply(text, faults=[fault(cut)], stream={"text_piece": 6}), prompts=("One", "Two"), stream=True)

    assert run.call.outcome == "error" and run.call.error
    assert run.call.text and text.startswith(run.call.text)
    assert run.call.tool_uses is None
    assert run.call.usage is None or run.call.usage["input_tokens"] > 0


@both
def test_a_broken_event_is_an_error(play, name):
    run = play(name, reply("West.", faults=[fault("malformed_json")]), stream=True)

    assert (run.call.outcome, run.call.error, run.call.stop_reason) == ("error", "JSONDecodeError", None)


@both
def test_a_stream_that_lacks_nothing_but_its_last_event_has_all_there_is(play, name):
    run = play(name, reply("West.", faults=[fault("missing_message_stop")]), stream=True)

    assert (run.call.outcome, run.call.text, run.call.stop_reason) == ("success", "West.", "end_turn")


@both
def test_an_error_in_a_stream_is_a_claim(play, name):
    run = play(name, reply("The wind blows.", faults=[fault("error_event")]), stream=True)

    assert (run.call.outcome, run.call.status) == ("error", 200)
    assert run.call.error == "APIStatusError"


@both
@pytest.mark.parametrize(
    ("broken", "stream"),
    [
        ("truncated_json", False),
        ("empty_body", False),
        ("json_instead_of_stream", True),
        ("missing_message_start", True),
    ],
)
def test_an_answer_that_is_none_is_an_error(play, name, broken, stream):
    run = play(name, fail(broken), stream=stream, prompts=("One", "Two"))

    assert run.call.outcome == "error" and run.call.error
    assert run.call.stop_reason is None


@both
def test_what_the_sdk_will_not_send_is_a_claim(play, name):
    run = play(name, max_tokens=30_000)

    assert (run.call.outcome, run.call.error) == ("error", "ValueError")
    assert len(run.tunnel.journal) == 0


@both
@streamed_or_not
def test_its_time_out_is_the_sdks_own(play, name, stream):
    run = play(name, fail("stall_before_headers", for_s=10_000, times=3), stream=stream)

    assert run.call.error == "APITimeoutError"
    assert 1800 < run.call.ended_at < 1803


# --- several clients, and time ----------------------------------------------------------------------------------------


@both
@streamed_or_not
def test_twelve_at_once_hold_twelve_conversations(play, name, stream):
    run = play(name, fail("overloaded", times=3), clients=12, prompts=("One", "Two"), pause=60, stream=stream)

    assert len(run.calls) == 24 and run.claims.outcome == "success"
    assert sorted(claim.client for claim in run.calls) == sorted([*range(12)] * 2)
    ends = [claim.ended_at for claim in run.calls]
    assert ends == sorted(ends)
    run.tunnel.verdict.backoff(run.subject.policy).check()
    assert run.claims.usage["output_tokens"] == run.tunnel.ledger.total.output_tokens


@both
def test_clients_start_one_after_another_and_pause_between_turns(play, name):
    run = play(name, clients=3, every=10, prompts=("One", "Two"), pause=100)

    arrived = [entry.arrived_at for entry in run.tunnel.journal.calls]
    assert arrived == pytest.approx([0, 10, 20, 100, 110, 120])
    assert [claim.asked_at for claim in run.calls] == pytest.approx(arrived)


def test_the_policy_is_that_of_the_installed_generation():
    anthropic = pytest.importorskip("anthropic")

    expected = "anthropic_python_0" if anthropic.__version__.startswith("0.") else "anthropic_python"

    assert {find(name).policy for name in CLIENTS} == {expected}


@both
def test_the_address_and_the_key_are_the_places(play, name, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-of-the-environment")

    run = play(name)

    assert run.call.outcome == "success"


@both
def test_what_is_no_failure_of_the_api_is_raised(play, name, monkeypatch):
    def broken(ask):
        raise ClockStuckError("nobody waits for an instant")

    monkeypatch.setattr("windtunnel.subjects.sdk.turns", broken)

    for clients in (1, 3):
        with pytest.raises(ClockStuckError):
            play(name, clients=clients)
