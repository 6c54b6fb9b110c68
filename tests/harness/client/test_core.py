"""One request through all weathers, over a real socket in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import pytest

from windtunnel import Windtunnel, fail, reply
from windtunnel.client.account import Account
from windtunnel.client.core import AsyncClient
from windtunnel.client.events import (
    Answer,
    Discarded,
    Event,
    Reauthenticated,
    Retrying,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    ToolCallStarted,
    ToolInput,
)
from windtunnel.client.failures import (
    ContextTooLong,
    DeadlineExceeded,
    IncompleteAnswer,
    NotAuthenticated,
    RequestError,
    RetryLater,
)
from windtunnel.client.options import Options
from windtunnel.client.request import Request

Asking = Callable[..., Request]
Backend = Callable[..., Any]


def heard(
    tunnel: Windtunnel,
    backend: Any,
    request: Request,
    *,
    on_event: Callable[[Event], None] | None = None,
    **options: Any,
) -> list[Event]:
    """Everything one request brings."""

    async def listen() -> list[Event]:
        client = AsyncClient(backend, options=Options(**options), on_event=on_event)
        async with client, client.stream(request) as events:
            return [event async for event in events]

    return asyncio.run(listen())


def failing(tunnel: Windtunnel, backend: Any, request: Request, **options: Any) -> RequestError:
    """The error that one request ends in."""
    with pytest.raises(RequestError) as raised:
        heard(tunnel, backend, request, **options)
    return raised.value


def of(events: list[Event], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


# --- answers -----------------------------------------------------------------------------------------------------------


def test_text_comes_as_it_is_said_and_then_the_answer(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(reply("From the west.")) as tunnel:
        events = heard(tunnel, to_fake(tunnel), asking())

    assert "".join(event.text for event in of(events, TextDelta)) == "From the west."
    assert isinstance(events[-1], Answer)
    assert events[-1].text == "From the west." and events[-1].stop_reason == "end_turn"


@pytest.mark.parametrize("stream", [True, False])
def test_a_call_of_a_tool_is_announced_and_then_complete(to_fake: Backend, asking: Asking, stream: bool) -> None:
    said = reply(text="Let me look.", tool_use={"name": "read", "input": {"path": "a.py", "lines": [1, 2]}})

    with Windtunnel(said) as tunnel:
        events = heard(tunnel, to_fake(tunnel), asking(stream=stream))

    (started,), (call,) = of(events, ToolCallStarted), of(events, ToolCall)
    assert (started.name, call.name) == ("read", "read") and started.id == call.id
    assert call.input == {"path": "a.py", "lines": [1, 2]} and call.problem is None
    assert events[-1].content[-1]["input"] == call.input


def test_the_input_of_a_call_can_be_read_while_it_comes(to_fake: Backend, asking: Asking) -> None:
    said = reply(tool_use={"name": "write", "input": {"path": "notes.txt", "text": "the wind has turned to the west"}})

    with Windtunnel(said) as tunnel:
        events = heard(tunnel, to_fake(tunnel), asking())

    partial = [event.partial for event in of(events, ToolInput)]
    assert partial[-1] == {"path": "notes.txt", "text": "the wind has turned to the west"}
    assert any(0 < len(value.get("text", "")) < len("the wind has turned to the west") for value in partial)


def test_thinking_is_kept_with_its_signature(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(reply(thinking="First the vane.", text="West.")) as tunnel:
        events = heard(tunnel, to_fake(tunnel), asking())

    assert "".join(event.text for event in of(events, ThinkingDelta)) == "First the vane."
    block = events[-1].content[0]
    assert block["thinking"] == "First the vane." and block["signature"]


def test_a_call_whose_input_is_no_json_is_told_as_such(to_fake: Backend, asking: Asking) -> None:
    step = fail("cut_tool_input", tool_use={"name": "read", "input": {"path": "a.py"}})

    with Windtunnel(step) as tunnel:
        events = heard(tunnel, to_fake(tunnel), asking())

    (call,) = of(events, ToolCall)
    assert call.input is None and call.problem is not None and "JSON" in call.problem


# --- waits -------------------------------------------------------------------------------------------------------------


def test_a_hint_is_the_least_wait_and_told_before_it_begins(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(fail("rate_limited", retry_after=2, times=2), reply("Now.")) as tunnel:
        at: list[float] = []
        events = heard(
            tunnel,
            to_fake(tunnel),
            asking(),
            on_event=lambda e: at.append(tunnel.clock.now()) if isinstance(e, Retrying) else None,
        )
        arrived = [call.arrived_at for call in tunnel.journal.calls]

        assert tunnel.verdict.backoff("unified_client").passed
    first, second = (event.delay_s for event in of(events, Retrying))
    assert 2.0 <= first <= 2.5 and 2.0 <= second <= 2.5
    assert at == pytest.approx([0.0, first], abs=0.01)
    assert arrived == pytest.approx([0.0, first, first + second], abs=0.01)


def test_without_a_hint_waits_are_one_two_and_four_seconds_with_jitter(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(fail("overloaded", times="forever")) as tunnel:
        error = failing(tunnel, to_fake(tunnel), asking())

        assert tunnel.verdict.backoff("unified_client").passed
        gaps = [call.arrived_at for call in tunnel.journal.calls]
    assert [failure.kind for failure in error.attempts] == ["overloaded"] * 4
    waits = [later - sooner for sooner, later in pairwise(gaps)]
    for wait, length in zip(waits, (1, 2, 4), strict=True):
        assert 0.75 * length <= wait <= 1.25 * length + 0.01


@pytest.mark.parametrize("kind", ["invalid_request", "permission_denied", "model_not_found", "request_too_large"])
def test_what_does_not_pass_by_itself_is_not_tried_again(to_fake: Backend, asking: Asking, kind: str) -> None:
    with Windtunnel(fail(kind, times="forever")) as tunnel:
        failing(tunnel, to_fake(tunnel), asking())

        assert len(tunnel.journal.calls) == 1


def test_lost_connections_are_tried_again_with_growing_waits(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(fail("reset_before_headers", times=2), reply("Here again.")) as tunnel:
        events = heard(tunnel, to_fake(tunnel), asking())

        assert tunnel.verdict.backoff("unified_client").passed
    assert [event.failure.kind for event in of(events, Retrying)] == ["network", "network"]


def test_a_wait_that_is_too_long_is_the_callers_to_make(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(fail("rate_limited", retry_after=3600)) as tunnel:
        error = failing(tunnel, to_fake(tunnel), asking())

        assert tunnel.clock.now() < 1
        assert tunnel.verdict.backoff("unified_client").passed
    assert isinstance(error, RetryLater) and error.after_s == 3600


def test_the_servers_word_on_trying_again_counts_more_than_the_status(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(fail("overloaded", should_retry=False)) as tunnel:
        failing(tunnel, to_fake(tunnel), asking())

        assert len(tunnel.journal.calls) == 1


def test_a_deadline_ends_a_request_before_a_wait_that_would_pass_it(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(fail("overloaded", times="forever")) as tunnel:
        error = failing(tunnel, to_fake(tunnel), asking(), deadline_s=2.0)

        assert tunnel.clock.now() <= 2.0
    assert isinstance(error, DeadlineExceeded) and error.attempts


def test_a_deadline_ends_an_answer_that_does_not_come(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(fail("stall_before_headers")) as tunnel:
        error = failing(tunnel, to_fake(tunnel), asking(), deadline_s=30.0)

        assert tunnel.clock.now() == pytest.approx(30.0, abs=0.01)
    assert isinstance(error, DeadlineExceeded)


def test_a_deadline_ends_a_stream_that_stalls(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(fail("stall", after_events=4, text="one two three four")) as tunnel:
        error = failing(tunnel, to_fake(tunnel), asking(), deadline_s=30.0)

        assert tunnel.clock.now() == pytest.approx(30.0, abs=0.01)
    assert isinstance(error, DeadlineExceeded)


def test_a_request_can_be_called_off_during_a_wait(to_fake: Backend, asking: Asking) -> None:
    async def call_off(backend: Any) -> None:
        async with AsyncClient(backend) as client:
            task = asyncio.create_task(client.send(asking()))
            await asyncio.sleep(0.5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with Windtunnel(fail("rate_limited", retry_after=30, times="forever")) as tunnel:
        asyncio.run(call_off(to_fake(tunnel)))

        assert len(tunnel.journal.calls) == 1
        assert tunnel.clock.now() < 1


def test_one_number_of_retries_is_for_all_that_goes_wrong(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(fail("overloaded", times=2), BROKEN["cut"](), fail("overloaded", times="forever")) as tunnel:
        error = failing(tunnel, to_fake(tunnel), asking())

        assert [call.status for call in tunnel.journal.calls] == [529, 529, 200, 529]
        assert tunnel.verdict.backoff("unified_client").passed
    assert [failure.kind for failure in error.attempts] == ["overloaded", "overloaded", "stream_broken", "overloaded"]


def test_with_no_retries_a_broken_stream_is_the_end(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(BROKEN["cut"](), reply("Whole.")) as tunnel:
        error = failing(tunnel, to_fake(tunnel), asking(), max_retries=0)

        assert len(tunnel.journal.calls) == 1
    assert isinstance(error, IncompleteAnswer)


def test_another_model_may_be_tried_as_often_again(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(fail("overloaded", times="forever")) as tunnel:
        failing(tunnel, to_fake(tunnel), asking(), max_retries=1, fallback_model="claude-haiku-4-5")

        asked = [call.body["model"] for call in tunnel.journal.calls]
    assert asked == ["claude-sonnet-4-6"] * 2 + ["claude-haiku-4-5"] * 2


@pytest.mark.parametrize("how", ["cut", "error"])
def test_after_a_broken_stream_there_is_a_wait_too(to_fake: Backend, asking: Asking, how: str) -> None:
    with Windtunnel(BROKEN[how](), fail("overloaded"), reply("Whole.")) as tunnel:
        events = heard(tunnel, to_fake(tunnel), asking())

        assert tunnel.verdict.backoff("unified_client").passed
    first, second = of(events, Retrying)
    assert 0.75 <= first.delay_s <= 1.25 and 0.75 <= second.delay_s <= 1.25
    assert type(events[events.index(first) - 1]) is Discarded


def test_a_credential_that_was_refused_is_not_sent_again_whatever_the_server_says(
    to_fake: Backend, asking: Asking
) -> None:
    with Windtunnel(fail("invalid_api_key", should_retry=True, times="forever")) as tunnel:
        error = failing(tunnel, to_fake(tunnel), asking())

        assert len(tunnel.journal.calls) == 1
        assert tunnel.verdict.backoff("unified_client").value != "fail"
    assert isinstance(error, NotAuthenticated)


# --- limits of time ----------------------------------------------------------------------------------------------------


def test_an_answer_that_does_not_begin_in_time_is_asked_for_again(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(fail("stall_before_headers"), reply("Now.")) as tunnel:
        events = heard(tunnel, to_fake(tunnel), asking(), timeout_s=20.0)

        assert 20.75 <= tunnel.clock.now() <= 21.3
    (waited,) = of(events, Retrying)
    assert (waited.failure.kind, waited.failure.message) == ("timeout", "no answer within 20 s")


def test_a_whole_answer_that_drips_is_ended_in_time(to_fake: Backend, asking: Asking) -> None:
    step = fail("slow_drip", every_s=10.0, bytes=1, text="drop by drop")

    with Windtunnel(step, reply("Now.")) as tunnel:
        events = heard(tunnel, to_fake(tunnel), asking(stream=False), timeout_s=60.0)

        assert 60.75 <= tunnel.clock.now() <= 61.3
    assert of(events, Retrying)[0].failure.kind == "timeout"


def test_a_stream_that_has_begun_may_take_its_time(asking: Asking) -> None:
    options = Options(timeout_s=5.0, idle_timeout_s=20_000.0)

    async def ask(env: Mapping[str, str]) -> str:
        async with AsyncClient.from_env(env, options=options) as client:
            return (await client.send(asking())).text

    # Longer than the limits of the SDK's own, too.
    with Windtunnel(reply("one two", stream={"tokens_per_second": 0.001, "text_piece": 4})) as tunnel:
        text = asyncio.run(ask(tunnel.env))

        assert tunnel.clock.now() > 1_000
    assert text == "one two"


class Held:
    """A backend whose credential is never there."""

    name = "anthropic"
    counts_tokens = True

    def __init__(self, inner: Any, *, renewing: bool, raises: BaseException | None = None) -> None:
        self._inner, self._renewing, self._raises = inner, renewing, raises

    async def sdk(self) -> Any:
        return await (self._inner.sdk() if self._renewing else self._never())

    async def renew(self, failure: Any) -> bool:
        return bool(await self._never())

    async def _never(self) -> Any:
        if self._raises is not None:
            raise self._raises
        await asyncio.sleep(10_000)

    def model(self, name: str) -> str:
        return name

    async def aclose(self) -> None:
        await self._inner.aclose()


@pytest.mark.parametrize("renewing", [False, True])
def test_a_deadline_counts_the_time_that_credentials_take(to_fake: Backend, asking: Asking, renewing: bool) -> None:
    with Windtunnel(fail("invalid_api_key", times="forever")) as tunnel:
        error = failing(tunnel, Held(to_fake(tunnel), renewing=renewing), asking(), deadline_s=3.0)

        assert tunnel.clock.now() == pytest.approx(3.0, abs=0.01)
    assert isinstance(error, DeadlineExceeded)


@pytest.mark.parametrize("renewing", [False, True])
def test_somebody_elses_timeout_is_a_failure_and_no_deadline(to_fake: Backend, asking: Asking, renewing: bool) -> None:
    with Windtunnel(fail("invalid_api_key", times="forever")) as tunnel:
        backend = Held(to_fake(tunnel), renewing=renewing, raises=TimeoutError("nobody answered"))
        error = failing(tunnel, backend, asking(), max_retries=1)

    assert error.failure.kind == "timeout" and "nobody answered" in str(error)


def test_a_deadline_in_mid_stream_tells_what_had_come(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(reply("one two three", stream={"tokens_per_second": 1, "text_piece": 4})) as tunnel:
        error = failing(tunnel, to_fake(tunnel), asking(), deadline_s=2.0)

    assert isinstance(error, DeadlineExceeded)
    assert error.text and "one two three".startswith(error.text)


def test_a_deadline_after_a_broken_stream_tells_what_had_come(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(BROKEN["cut"](), fail("stall_before_headers")) as tunnel:
        error = failing(tunnel, to_fake(tunnel), asking(), deadline_s=30.0)

    assert isinstance(error, DeadlineExceeded) and error.text.startswith("one")


# --- broken streams ----------------------------------------------------------------------------------------------------

#: More than a few events can hold.
LONG = f"one {'and another ' * 80}the end"

BROKEN = {
    "cut": lambda: fail("close_mid_stream", after_events=5, text=LONG),
    "reset": lambda: fail("reset_mid_body", after_events=5, text=LONG),
    "ended": lambda: fail("end_mid_stream", after_events=5, text=LONG),
    "stalled": lambda: fail("stall", after_events=5, text=LONG),
    "error": lambda: fail("error_event", kind="overloaded", after_events=5, text=LONG),
}


@pytest.mark.parametrize("how", BROKEN)
def test_after_a_broken_stream_the_answer_is_asked_for_whole(to_fake: Backend, asking: Asking, how: str) -> None:
    with Windtunnel(BROKEN[how](), reply("All of it.")) as tunnel:
        events = heard(tunnel, to_fake(tunnel), asking())

        streamed = [call.body.get("stream", False) for call in tunnel.journal.calls]
    place = next(number for number, event in enumerate(events) if isinstance(event, Discarded))
    assert of(events[:place], TextDelta) and not of(events[:place], Answer)
    assert events[-1].text == "All of it."
    assert streamed == [True, False]


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_stream_is_never_passed_off_as_whole(to_fake: Backend, asking: Asking, how: str) -> None:
    with Windtunnel(BROKEN[how]()) as tunnel:
        error = failing(tunnel, to_fake(tunnel), asking(), fall_back_to_whole=False)

    assert isinstance(error, IncompleteAnswer)
    assert error.text.startswith("one") and "the end" not in error.text


def test_where_the_whole_answer_fails_too_the_text_of_the_stream_is_told(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(BROKEN["cut"](), fail("overloaded", times="forever")) as tunnel:
        error = failing(tunnel, to_fake(tunnel), asking())

        assert len(tunnel.journal.calls) == 4
    assert isinstance(error, IncompleteAnswer)
    assert error.text.startswith("one") and error.failure.kind == "overloaded"


def test_pings_do_not_keep_a_silent_stream_alive(to_fake: Backend, asking: Asking) -> None:
    slow = reply("one two", stream={"tokens_per_second": 0.001, "ping_every": 10})

    with Windtunnel(slow, reply("Whole.")) as tunnel:
        events = heard(tunnel, to_fake(tunnel), asking(), idle_timeout_s=60.0)

        assert 60.7 <= tunnel.clock.now() <= 61.3  # and the first wait
    assert of(events, Discarded)[0].failure.kind == "stream_stalled"


@pytest.mark.parametrize("how", ["truncated_json", "empty_body"])
def test_an_answer_that_is_no_message_is_a_failure(to_fake: Backend, asking: Asking, how: str) -> None:
    with Windtunnel(fail(how, times="forever")) as tunnel:
        error = failing(tunnel, to_fake(tunnel), asking(stream=False))

    assert error.failure.kind == "unreadable"


# --- credentials, models, windows --------------------------------------------------------------------------------------


def test_a_refused_key_is_replaced_once_and_the_request_repeated_at_once(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(reply("Welcome."), keys=frozenset({"sk-ant-api03-good"})) as tunnel:
        backend = to_fake(tunnel, key="sk-ant-api03-bad", keys=("sk-ant-api03-good",))
        events = heard(tunnel, backend, asking())

        assert [call.status for call in tunnel.journal.calls] == [401, 200]
        assert tunnel.clock.now() < 0.1
    assert len(of(events, Reauthenticated)) == 1 and backend.renewals == 1


def test_a_second_refusal_is_final(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(keys=frozenset({"sk-ant-api03-good"})) as tunnel:
        backend = to_fake(tunnel, key="sk-ant-api03-bad", keys=("sk-ant-api03-worse", "sk-ant-api03-good"))
        error = failing(tunnel, backend, asking())

    assert isinstance(error, NotAuthenticated)
    assert backend.renewals == 1


def test_a_model_that_stays_overloaded_is_replaced(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(
        fail("overloaded", when={"model": "claude-opus-*"}, times="forever"), reply("From the second.")
    ) as tunnel:
        request = asking(model="claude-opus-4-6")
        events = heard(tunnel, to_fake(tunnel), request, fallback_model="claude-sonnet-4-6")

    assert len(of(events, Discarded)) == 1
    assert events[-1].model == "claude-sonnet-4-6"


def test_a_prompt_that_does_not_fit_says_so(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(fail("prompt_too_long")) as tunnel:
        error = failing(tunnel, to_fake(tunnel), asking())

    assert isinstance(error, ContextTooLong)


def test_tokens_are_counted_through_failures_and_none_is_no_answer(to_fake: Backend, asking: Asking) -> None:
    async def count(backend: Any) -> list[int | None]:
        async with AsyncClient(backend) as client:
            return [await client.count(asking()), await client.count(asking())]

    with Windtunnel(fail("overloaded", on="count_tokens")) as tunnel:
        first, second = asyncio.run(count(to_fake(tunnel)))
        tunnel.script(fail("invalid_request", on="count_tokens", times="forever"))
        none, _ = asyncio.run(count(to_fake(tunnel)))

    assert first == second and first is not None and first > 5
    assert none is None


def test_what_holds_a_count_up_is_told(to_fake: Backend, asking: Asking) -> None:
    told: list[Event] = []

    async def count(backend: Any) -> int | None:
        async with AsyncClient(backend, on_event=told.append) as client:
            return await client.count(asking())

    with Windtunnel(fail("overloaded", on="count_tokens", times=2)) as tunnel:
        counted = asyncio.run(count(to_fake(tunnel)))

    assert counted is not None
    assert [event.retry for event in of(told, Retrying)] == [1, 2]


# --- hooks -------------------------------------------------------------------------------------------------------------


def test_what_a_hook_raises_is_logged_and_harms_no_request(
    to_fake: Backend, asking: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    def hook(event: Event) -> None:
        raise ValueError(f"no {type(event).__name__}, please")

    with Windtunnel(fail("overloaded"), reply("From the west.")) as tunnel:
        (*_, answer) = heard(tunnel, to_fake(tunnel), asking(), on_event=hook)

    assert isinstance(answer, Answer) and answer.text == "From the west."
    assert "on_event raised" in caplog.text and "no Answer, please" in caplog.text


# --- calls that cannot be run ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [True, False])
def test_who_waits_for_the_answer_alone_is_told_of_a_call_without_input(
    to_fake: Backend, asking: Asking, stream: bool
) -> None:
    said = reply(tool_use={"name": "delete", "input": {"paths": ["a", "b"] * 40}}, stop_reason="max_tokens")

    with Windtunnel(said) as tunnel:
        (*_, answer) = heard(tunnel, to_fake(tunnel), asking(stream=stream))

    (call,) = answer.calls
    assert (call.input is None) == (not stream)  # a stream shows that all of it has come
    assert answer.content[-1]["input"] != {}


# --- the account -------------------------------------------------------------------------------------------------------


def test_aborted_streams_are_booked_as_such(to_fake: Backend, asking: Asking) -> None:
    account = Account()

    async def ask(backend: Any) -> Answer:
        async with AsyncClient(backend, account=account) as client:
            return await client.send(asking())

    with Windtunnel(BROKEN["cut"](), reply("All of it.")) as tunnel:
        answer = asyncio.run(ask(to_fake(tunnel)))

    assert [line.aborted for line in account.lines] == [True, False]
    assert account.lines[1].used.output_tokens == answer.usage["output_tokens"]


def test_a_caller_that_stops_listening_ends_the_stream(to_fake: Backend, asking: Asking) -> None:
    account = Account()

    async def listen_briefly(backend: Any) -> None:
        async with AsyncClient(backend, account=account) as client, client.stream(asking()) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    break

    with Windtunnel(reply("one two three four", stream={"tokens_per_second": 1})) as tunnel:
        asyncio.run(listen_briefly(to_fake(tunnel)))

        assert tunnel.journal.calls[0].ended == "hung up"
    assert [line.aborted for line in account.lines] == [True]


def test_a_crowd_does_not_come_back_in_step(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(fail("overloaded", times=40)) as tunnel:
        backend = to_fake(tunnel)
        client = AsyncClient(backend)

        async def ask(number: int) -> str:
            return (await client.send(asking(f"Question {number}"))).text

        async def all_of_them() -> None:
            await asyncio.gather(*(ask(number) for number in range(40)))
            await client.aclose()

        asyncio.run(all_of_them())
        second = sorted(call.arrived_at for call in tunnel.journal.calls)[40:]

    assert len({round(at, 3) for at in second}) > 30


OUTAGES = {
    "without a hint": lambda: fail("overloaded", during={"from": 0, "until": 0.3}),
    "with a hint": lambda: fail("overloaded", retry_after=20, during={"from": 0, "until": 0.3}),
}


@pytest.mark.parametrize(
    ("outage", "clients"),
    [
        *((outage, 100) for outage in OUTAGES),
        *(pytest.param(outage, 300, marks=pytest.mark.slow) for outage in OUTAGES),
    ],
)
def test_however_many_clients_spread_out_after_an_outage(
    asking: Asking, to_fake: Backend, outage: str, clients: int
) -> None:
    with Windtunnel(OUTAGES[outage]()) as tunnel:
        shared = to_fake(tunnel)

        async def ask(number: int) -> None:
            # One pool of connections, so that the machine has something left; the clients share no chance.
            await AsyncClient(shared).send(asking(f"Question {number}", stream=False))

        async def all_of_them() -> None:
            await asyncio.gather(*(ask(number) for number in range(clients)))
            await shared.aclose()

        asyncio.run(all_of_them())

        assert tunnel.verdict.backoff("unified_client").passed
        assert tunnel.verdict.synchrony("unified_client").passed
        assert tunnel.verdict.jitter("unified_client").passed


def test_clients_whose_streams_were_cut_do_not_come_back_in_step(to_fake: Backend, asking: Asking) -> None:
    with Windtunnel(fail("close_mid_stream", after_events=4, text="one two three", times=40)) as tunnel:
        backend = to_fake(tunnel)
        client = AsyncClient(backend)

        async def all_of_them() -> None:
            await asyncio.gather(*(client.send(asking(f"Question {number}")) for number in range(40)))
            await client.aclose()

        asyncio.run(all_of_them())
        second = sorted(call.arrived_at for call in tunnel.journal.calls)[40:]

    assert len({round(at, 3) for at in second}) > 30 and second[0] > 0.7
