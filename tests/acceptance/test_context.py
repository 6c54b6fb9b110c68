"""The official SDK and a conversation that grows: cleared, compacted by an edit, compacted on demand."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import pytest

from windtunnel import Windtunnel, reply
from windtunnel_server.settings import RateLimits, Settings

pytestmark = pytest.mark.skipif(
    "compaction" not in inspect.signature(anthropic.resources.beta.messages.Messages.create).parameters,
    reason="this generation of the SDK knows no compaction on demand",
)

CLEARING, COMPACTING, ON_DEMAND = "context-management-2025-06-27", "compact-2026-01-12", "compact-2026-09-04"
WINDOW = 70_000
#: About 9,700 tokens.
FILE = "The smoke line bends over the wing and straightens out again. " * 690
MARKED = [{"type": "text", "text": FILE, "cache_control": {"type": "ephemeral"}}]
TOOL = {"name": "read_file", "input_schema": {"type": "object", "properties": {}}}


def files(count: int) -> dict[str, Any]:
    """A message of so many files, block by block: what was counted once is not counted again."""
    blocks = [{"type": "text", "text": FILE} for _ in range(count)]
    return {"role": "user", "content": [*blocks, {"type": "text", "text": "Well?"}]}


LONG = files(6)


class Client:
    """The SDK's beta messages, asked with one model."""

    def __init__(self, tunnel: Windtunnel, subject: Any) -> None:
        self.tunnel, self.messages = tunnel, subject.client.beta.messages

    def create(self, *messages: Any, **more: Any) -> Any:
        return self.messages.create(model="claude-sonnet-4-6", max_tokens=300, messages=list(messages), **more)

    def stream(self, *messages: Any, **more: Any) -> tuple[list[Any], Any]:
        """Events and the final message."""
        with self.messages.stream(model="claude-sonnet-4-6", max_tokens=300, messages=list(messages), **more) as stream:
            return list(stream), stream.get_final_message()

    def count(self, *messages: Any, **more: Any) -> Any:
        return self.messages.count_tokens(model="claude-sonnet-4-6", messages=list(messages), **more)


@pytest.fixture
def client(make: Callable[..., Any]) -> Iterator[Client]:
    with Windtunnel(settings=Settings(context_window=WINDOW)) as tunnel:
        subject = make(tunnel, "sync-memory", base_url=tunnel.url, api_key=tunnel.api_key, max_retries=0)
        yield Client(tunnel, subject)
        subject.close()


def compacting(**more: Any) -> dict[str, Any]:
    edit = {"type": "compact_20260112", "trigger": {"type": "input_tokens", "value": 50_000}}
    return {"betas": [COMPACTING], "context_management": {"edits": [edit | more]}}


def clearing(value: int, **more: Any) -> dict[str, Any]:
    edit = {"type": "clear_tool_uses_20250919", "trigger": {"type": "input_tokens", "value": value}}
    return {"betas": [CLEARING], "context_management": {"edits": [edit | more]}, "tools": [TOOL]}


def prompt(usage: Any) -> int:
    """All the input of a usage, or of one of its iterations."""
    written, read = usage.cache_creation_input_tokens, usage.cache_read_input_tokens
    return int(usage.input_tokens + written + read)


def assistant(message: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": [block.to_dict() for block in message.content]}


def results(message: Any, text: str) -> dict[str, Any]:
    ids = [block.id for block in message.content if block.type == "tool_use"]
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": text} for id in ids]}


# --- clearing ----------------------------------------------------------------------------------------------------


def test_a_growing_conversation_is_cleared_from_its_trigger_on_and_never_fills_the_window(client: Client) -> None:
    client.tunnel.script(reply(tool_use={"name": "read_file", "input": {}}, times=14), reply("Done."))
    messages: list[Any] = [{"role": "user", "content": "Read them all."}]
    edit, grown = clearing(30_000), []

    while True:
        said = client.count(*messages, **edit)
        answer = client.create(*messages, **edit)
        grown.append(said.context_management.original_input_tokens)
        cleared = answer.context_management.applied_edits
        assert bool(cleared) == (grown[-1] > 30_000)
        assert prompt(answer.usage) == said.input_tokens < 31_000
        assert sum(one.cleared_input_tokens for one in cleared) == grown[-1] - said.input_tokens
        messages.append(assistant(answer))
        if answer.stop_reason != "tool_use":
            break
        messages.append(results(answer, FILE))

    assert grown == sorted(grown) and grown[-1] > WINDOW
    with pytest.raises(anthropic.BadRequestError, match=f"prompt is too long: .* tokens > {WINDOW} maximum"):
        client.create(*messages[:-1], tools=[TOOL])


def test_a_stream_tells_what_was_cleared_beside_its_last_delta(client: Client) -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": FILE}
    asked = [
        {"role": "user", "content": "Read."},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]

    events, message = client.stream(*asked, **clearing(5_000, keep={"type": "tool_uses", "value": 0}))

    (delta,) = [event for event in events if event.type == "message_delta"]
    (applied,) = delta.context_management.applied_edits
    assert (applied.type, applied.cleared_tool_uses) == ("clear_tool_uses_20250919", 1)
    assert applied.cleared_input_tokens > 8_000
    assert message.context_management.applied_edits == [applied]


def test_what_is_cleared_is_no_longer_read_from_the_cache(client: Client) -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": FILE}
    asked = [
        {"role": "user", "content": "Read."},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result, {"type": "text", "text": "Well?"}]},
    ]
    cached = {"system": MARKED, "cache_control": {"type": "ephemeral"}}

    first = client.create(*asked, **cached, tools=[TOOL]).usage
    same = client.create(*asked, **cached, tools=[TOOL]).usage
    edited = client.create(*asked, **cached, **clearing(5_000, keep={"type": "tool_uses", "value": 0})).usage

    assert same.cache_read_input_tokens == first.cache_creation_input_tokens > 18_000
    assert 9_000 < edited.cache_read_input_tokens < 11_000


def test_without_its_beta_the_field_is_unknown(client: Client) -> None:
    asked = clearing(30_000) | {"betas": []}

    for ask in (client.create, client.count):
        with pytest.raises(anthropic.BadRequestError, match="context_management: Extra inputs are not permitted"):
            ask({"role": "user", "content": "Hello"}, **asked)


def test_whoever_is_not_strict_needs_no_beta(make: Callable[..., Any]) -> None:
    with Windtunnel(settings=Settings(strict=False)) as tunnel:
        subject = make(tunnel, "sync-memory", base_url=tunnel.url, api_key=tunnel.api_key, max_retries=0)
        answer = Client(tunnel, subject).create(
            {"role": "user", "content": "Hello"}, **clearing(30_000) | {"betas": []}
        )
        subject.close()

    assert answer.context_management.applied_edits == []


# --- compaction at a threshold -----------------------------------------------------------------------------------


def test_a_growing_conversation_is_compacted_again_and_again_and_never_fills_the_window(client: Client) -> None:
    client.tunnel.script(reply(tool_use={"name": "read_file", "input": {}}, times=20), reply("Done."))
    messages: list[Any] = [{"role": "user", "content": "Read them all."}]
    edit, billed, compactions = compacting() | {"tools": [TOOL]}, 0, []

    while True:
        before = client.count(*messages, **edit).input_tokens
        answer = client.create(*messages, **edit)
        rounds = answer.usage.iterations
        assert [one.type for one in rounds] == ["compaction"] * (before > 50_000) + ["message"]
        assert prompt(rounds[0]) == before + 97 * (before > 50_000) <= WINDOW
        assert prompt(answer.usage) == prompt(rounds[-1]) < 51_000
        assert answer.usage.output_tokens == rounds[-1].output_tokens
        billed += sum(prompt(one) for one in rounds)
        compactions.append(len(rounds) - 1)
        messages.append(assistant(answer))
        if answer.stop_reason != "tool_use":
            break
        messages.append(results(answer, FILE))

    assert sum(compactions) >= 3
    assert client.tunnel.ledger.total.input_tokens == billed
    with pytest.raises(anthropic.BadRequestError, match="prompt is too long"):
        client.create(files(9))


def test_a_stream_brings_the_summary_in_one_delta_and_begins_with_what_it_read(client: Client) -> None:
    events, message = client.stream(LONG, **compacting())

    (summary,) = [e.delta for e in events if e.type == "content_block_delta" and e.delta.type == "compaction_delta"]
    begun = next(event for event in events if event.type == "message_start")
    opened = next(event.content_block for event in events if event.type == "content_block_start")
    first, last = message.usage.iterations
    assert (opened.type, opened.content) == ("compaction", None)
    assert "Windtunnel composed this summary" in summary.content
    assert [block.type for block in message.content] == ["compaction", "text"]
    assert prompt(begun.message.usage) == prompt(first) > 50_000
    assert prompt(message.usage) == prompt(last) < 300
    assert message.context_management.applied_edits == []


def test_a_pause_leaves_the_answer_to_the_next_request(client: Client) -> None:
    paused = client.create(LONG, **compacting(pause_after_compaction=True))
    resumed = client.create(LONG, assistant(paused), {"role": "user", "content": "Go on."}, **compacting())

    assert ([block.type for block in paused.content], paused.stop_reason) == (["compaction"], "compaction")
    assert (prompt(paused.usage), paused.usage.output_tokens) == (0, 0)
    assert [one.type for one in paused.usage.iterations] == ["compaction"]
    assert [one.type for one in resumed.usage.iterations] == ["message"]
    assert prompt(resumed.usage) < 400


def test_what_lies_before_a_summary_may_be_sent_or_left_out(client: Client) -> None:
    answer, asked = client.create(LONG, **compacting()), {"role": "user", "content": "And now?"}

    sent = client.create(LONG, assistant(answer), asked, **compacting())
    left_out = client.create(assistant(answer), asked, **compacting())

    assert sent.usage.input_tokens == left_out.usage.input_tokens < 500


def test_a_scripted_summary_is_given_and_read(client: Client) -> None:
    block = {"type": "compaction", "content": "They read a file six times."}
    client.tunnel.script(reply(content=[block, {"type": "text", "text": "Well."}]))

    answer = client.create(LONG, **compacting())

    assert [block.to_dict() for block in answer.content] == [block, {"type": "text", "text": "Well."}]
    assert prompt(answer.usage) < 130


def test_a_compaction_reads_the_cache_and_the_answer_after_it_does_not(client: Client) -> None:
    cached = compacting() | {"cache_control": {"type": "ephemeral"}}
    client.create(LONG, **cached)

    first, last = client.create(LONG, **cached).usage.iterations

    assert first.cache_read_input_tokens > 50_000
    # What stands behind the last block, and what asks for the summary: recorded with a conversation of one message.
    assert first.input_tokens == 100
    assert (last.cache_read_input_tokens, last.cache_creation_input_tokens) == (0, 0)


def test_what_the_answer_wrote_to_the_cache_is_read_by_the_next(client: Client) -> None:
    cached = compacting() | {"cache_control": {"type": "ephemeral"}, "system": FILE}

    answer = client.create(LONG, **cached)
    after = client.create(assistant(answer), {"role": "user", "content": "And now?"}, **cached)

    assert after.usage.cache_read_input_tokens == answer.usage.cache_creation_input_tokens > 9_000


def test_rate_limits_count_the_output_of_both_rounds(make: Callable[..., Any]) -> None:
    limits = RateLimits(output_tokens_per_minute=120)
    summary = {"type": "compaction", "content": "All is smoke. " * 60}
    script = reply(content=[summary, {"type": "text", "text": "Well."}])
    with Windtunnel(script, settings=Settings(rate_limit=limits)) as tunnel:
        subject = make(tunnel, "sync-memory", base_url=tunnel.url, api_key=tunnel.api_key, max_retries=0)
        client = Client(tunnel, subject)
        client.create(LONG, **compacting())

        with pytest.raises(anthropic.RateLimitError):
            client.create({"role": "user", "content": "Hello"})
        subject.close()


def test_a_prompt_over_the_window_passes_where_it_is_compacted(client: Client) -> None:
    too_long = files(9)

    answer = client.create(too_long, **compacting())

    assert prompt(answer.usage.iterations[0]) > WINDOW
    assert prompt(answer.usage) < 300


def test_what_compaction_does_not_help_is_too_long(client: Client) -> None:
    with pytest.raises(anthropic.BadRequestError, match="prompt is too long"):
        client.create(LONG, system=[{"type": "text", "text": FILE}] * 9, **compacting())


# --- compaction on demand ----------------------------------------------------------------------------------------


def test_on_demand_the_answer_is_a_signed_summary_that_stands_for_what_came_before(client: Client) -> None:
    whole = client.create(LONG, betas=[ON_DEMAND], compaction={"type": "summarize"})
    next_ = client.create(assistant(whole), {"role": "user", "content": "And now?"}, betas=[ON_DEMAND])

    (block,) = whole.content
    assert (block.type, whole.stop_reason, bool(block.signature)) == ("compaction", "compaction", True)
    assert (prompt(whole.usage), whole.usage.output_tokens) == (0, 0)
    assert prompt(whole.usage.iterations[0]) > 50_000
    assert prompt(next_.usage) < 300


def test_a_conversation_that_ends_with_an_answer_can_be_compacted_and_one_with_an_open_call_not(client: Client) -> None:
    said = {"role": "assistant", "content": [{"type": "text", "text": "Hello."}]}
    called = {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {}}]}
    asked = {"betas": [ON_DEMAND], "compaction": {"type": "summarize"}, "tools": [TOOL]}

    whole = client.create({"role": "user", "content": "Hello"}, said, **asked)
    with pytest.raises(anthropic.BadRequestError) as refused:
        client.create({"role": "user", "content": "Hello"}, called, **asked)

    assert whole.stop_reason == "compaction"
    assert refused.value.error_code == "compaction_incomplete_turn"


def test_on_demand_the_block_comes_whole_at_its_start(client: Client) -> None:
    events, message = client.stream(LONG, betas=[ON_DEMAND], compaction={"type": "summarize"})

    opened = next(event.content_block for event in events if event.type == "content_block_start")
    assert opened.content and opened.signature
    assert not [event for event in events if event.type == "content_block_delta"]
    assert message.content[0].content == opened.content


def test_a_summary_that_was_changed_is_refused_with_its_code(client: Client) -> None:
    whole = client.create(LONG, betas=[ON_DEMAND], compaction={"type": "summarize"})
    changed = assistant(whole)
    changed["content"][0]["content"] = "Something else."

    with pytest.raises(anthropic.BadRequestError) as refused:
        client.create(changed, {"role": "user", "content": "And now?"}, betas=[ON_DEMAND])

    assert refused.value.error_code == "compaction_content_mismatch"


def test_the_tool_runner_compacts_between_two_turns(client: Client) -> None:
    @anthropic.beta_tool
    def read_file() -> str:
        """Read a file."""
        return FILE

    client.tunnel.script(
        reply(tool_use={"name": "read_file", "input": {}}), reply("They read a file."), reply("It is about smoke.")
    )
    runner = client.messages.tool_runner(
        model="claude-sonnet-4-6",
        max_tokens=300,
        betas=[ON_DEMAND],
        tools=[read_file],
        messages=[{"role": "user", "content": "Read it."}],
    )

    answers = []
    for message in runner:
        answers.append(message)
        if len(answers) == 1:
            runner.compact_before_next_turn()

    assert [answer.stop_reason for answer in answers] == ["tool_use", "compaction", "end_turn"]
    assert answers[1].content[0].content == "They read a file."
    assert prompt(answers[1].usage.iterations[0]) > 9_000 > 1_000 > prompt(answers[2].usage)
