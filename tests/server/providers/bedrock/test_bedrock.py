from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.core import Core
from windtunnel_server.model.problem import Problem
from windtunnel_server.plan import Plan
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.providers.bedrock import Bedrock
from windtunnel_server.script import ErrorSpec, ReplySpec, Step
from windtunnel_server.settings import RateLimits, Settings
from windtunnel_server.site import Site
from windtunnel_server.wire import eventstream

OLD = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NEW = "us.anthropic.claude-opus-4-8"
PLAIN = "anthropic.claude-sonnet-4-5-20250929-v1:0"
INVOKE: dict[str, Any] = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello"}],
}
CONVERSE: dict[str, Any] = {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}


class Subject:
    """A core with Bedrock's door behind `/bedrock`, and the calls a test makes."""

    def __init__(self, **options: Any) -> None:
        self.clock = VirtualClock()
        self.door = Bedrock(self.clock, **options)
        site = Site({"": lambda: (Anthropic(self.clock), ()), "/bedrock": lambda: (self.door, ())})
        self.core = Core(site, self.clock)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Plan:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        shown = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        plan, self.entry = self.core.answer(Call(method, f"/bedrock{path}", body=data, headers=shown))
        assert self.core.failures == []
        return plan

    def ask(self, operation: str = "invoke", body: Any = None, *, model: str = OLD) -> Plan:
        usual = CONVERSE if operation.startswith("converse") else INVOKE
        return self.send("POST", f"/model/{model}/{operation}", usual if body is None else body)

    def script(self, *steps: Step) -> None:
        self.core.extend_script(steps)


@pytest.fixture
def subject() -> Subject:
    return Subject()


def said(plan: Plan) -> Any:
    return json.loads(plan.body)


def test_invoke_answers_a_message_of_the_messages_api(subject: Subject) -> None:
    plan = subject.ask()

    assert plan.status == 200
    assert said(plan)["id"].startswith("msg_bdrk_01")
    assert said(plan)["model"] == "claude-sonnet-4-5-20250929"
    assert subject.entry.provider == "bedrock"


def test_a_stream_comes_in_frames_labelled_with_what_is_in_them(subject: Subject) -> None:
    plan = subject.ask("invoke-with-response-stream")

    frames = eventstream.decode(plan.body)
    assert len(frames) == len(plan.events)
    assert plan.events[0] == "message_start"
    assert plan.events[-2:] == ["message_delta", "message_stop"]
    assert "ping" not in plan.events


def test_converse_answers_in_its_own_shape(subject: Subject) -> None:
    assert list(said(subject.ask("converse"))) == ["metrics", "output", "stopReason", "usage"]
    assert subject.ask("converse-stream").events[0] == "messageStart"


def test_the_journal_has_the_request_as_the_direct_api_would_have_it(subject: Subject) -> None:
    for operation in ("invoke", "converse-stream"):
        subject.ask(operation)

        assert subject.entry.body["model"] == "claude-sonnet-4-5-20250929"
        assert subject.entry.body["stream"] is (operation == "converse-stream")
        assert subject.entry.body["messages"][0]["role"] == "user"


@pytest.mark.parametrize(
    "model",
    [
        OLD,
        OLD.replace(":", "%3A"),
        f"arn:aws:bedrock:us-east-1:111122223333:inference-profile%2F{OLD}",
        f"arn%3Aaws%3Abedrock%3Aus-east-1%3A111122223333%3Ainference-profile%2F{OLD.replace(':', '%3A')}",
        f"arn:aws:bedrock:us-east-1:111122223333:inference-profile/{OLD}",
    ],
)
def test_a_model_is_named_in_the_path_quoted_or_not(subject: Subject, model: str) -> None:
    assert subject.ask(model=model).status == 200
    assert subject.entry.path == f"/bedrock/model/{model}/invoke"


def test_a_plain_id_of_a_newer_model_has_no_on_demand_throughput(subject: Subject) -> None:
    plan = subject.ask(model=PLAIN)

    assert plan.status == 400
    assert said(plan)["message"] == (
        f"Invocation of model ID {PLAIN} with on-demand throughput isn't supported. Retry your request with the ID or "
        "ARN of an inference profile that contains this model."
    )
    assert subject.ask(model="anthropic.claude-3-haiku-20240307-v1:0").status == 200


@pytest.mark.parametrize("model", ["claude-sonnet-4-5", "us.nonsense", "amazon.nova-pro-v1:0"])
def test_an_unknown_model_is_refused(subject: Subject, model: str) -> None:
    plan = subject.ask(model=model)

    assert (plan.status, said(plan)) == (400, {"message": "The provided model identifier is invalid."})


@pytest.mark.parametrize(
    ("operation", "model", "body", "message"),
    [
        ("invoke", OLD, {**INVOKE, "anthropic_beta": ["x"]}, "The model returned the following errors: invalid beta flag"),
        ("converse", OLD, {**CONVERSE, "additionalModelRequestFields": {"anthropic_beta": ["x"]}}, "The model returned the following errors: invalid beta flag"),
        ("invoke", OLD, {"anthropic_version": "bedrock-2023-05-31", "messages": []}, "Malformed input request: #: required key [max_tokens] not found, please reformat your input and try again."),
        ("invoke", OLD, b"{", "Malformed input request, please reformat your input and try again."),
        ("invoke", OLD, b"[]", "Malformed input request, please reformat your input and try again."),
        ("converse", OLD, b"[]", "Malformed input request, please reformat your input and try again."),
        ("converse", OLD, {"messages": []}, "The model returned the following errors: messages: at least one message is required"),
    ],
)  # fmt: skip
def test_refusals_are_in_bedrock_s_words(subject: Subject, operation: str, model: str, body: Any, message: str) -> None:
    plan = subject.ask(operation, body, model=model)

    assert (plan.status, said(plan)) == (400, {"message": message})
    assert subject.entry.answered_by == "refused"


def test_newer_models_refuse_in_the_envelope_of_the_api(subject: Subject) -> None:
    plan = subject.ask(body={**INVOKE, "anthropic_beta": ["x"]}, model=NEW)

    assert said(plan) == {"type": "error", "error": {"type": "invalid_request_error", "message": "invalid beta flag"}}


def test_converse_calls_the_bytes_of_an_image_by_its_own_name(subject: Subject) -> None:
    image = {"format": "png", "source": {"bytes": "[gone]"}}

    plan = subject.ask("converse", {"messages": [{"role": "user", "content": [{"image": image}]}]})

    told = "messages.0.content.0.image.source.bytes: invalid base64 data"
    assert said(plan) == {"message": f"The model returned the following errors: {told}"}


def test_a_shape_that_is_none_of_converse_s_is_malformed(subject: Subject) -> None:
    plan = subject.ask("converse", {"messages": [{"role": "user"}]})

    assert plan.status == 400
    assert said(plan)["message"].startswith("Malformed input request: ")


@pytest.mark.parametrize(
    ("operation", "words"),
    [("invoke", "prompt is too long"), ("converse", "prompt is too long")],
)
def test_an_overflow_is_told_in_bedrock_s_words(operation: str, words: str) -> None:
    subject = Subject(settings=Settings(context_window=5))

    plan = subject.ask(operation)

    assert plan.status == 400
    assert said(plan)["message"].startswith(f"The model returned the following errors: {words}")


def test_limits_throttle_in_bedrock_s_words_and_without_a_hint() -> None:
    subject = Subject(settings=Settings(rate_limit=RateLimits(requests_per_minute=1)))

    first, second = subject.ask(), subject.ask()

    assert (first.status, second.status) == (200, 429)
    assert said(second) == {"message": "Too many requests, please wait before trying again."}
    assert second.head is not None
    assert second.head.header("retry-after") is None


def test_a_prompt_is_cached_between_the_two_apis(subject: Subject) -> None:
    long = "A story of the wind. " * 1500
    written = {**INVOKE, "system": [{"type": "text", "text": long, "cache_control": {"type": "ephemeral"}}]}
    first = subject.ask(body=written)
    for note in ("on_begin", "on_end"):
        told: Callable[..., None] = first.notes[note]  # type: ignore[assignment]
        told(*([subject.clock.now()] if note == "on_begin" else []))

    again = subject.ask("converse", {**CONVERSE, "system": [{"text": long}, {"cachePoint": {"type": "default"}}]})

    assert said(again)["usage"]["cacheReadInputTokens"] > 1000


def test_steps_of_a_script_answer_and_fail() -> None:
    subject = Subject()
    subject.script(
        Step(error=ErrorSpec(kind="overloaded")),
        Step(reply=ReplySpec(content=({"type": "text", "text": "Scripted"},))),
        Step(error=ErrorSpec(kind="rate_limited"), on="count_tokens"),
        Step(error=ErrorSpec(kind="internal_error"), on="models"),
    )

    assert subject.ask().status == 503
    assert said(subject.ask("converse"))["output"]["message"]["content"] == [{"text": "Scripted"}]
    assert subject.ask("count-tokens", {"input": {"converse": CONVERSE}}, model=PLAIN).status == 429
    assert subject.send("GET", "/foundation-models").status == 500


def test_tokens_are_counted_for_plain_ids_only(subject: Subject) -> None:
    wrapped = {"input": {"invokeModel": {"body": base64.b64encode(json.dumps(INVOKE).encode()).decode()}}}

    counted = subject.ask("count-tokens", wrapped, model=PLAIN)
    again = subject.ask("count-tokens", {"input": {"converse": CONVERSE}}, model=PLAIN)
    refused = subject.ask("count-tokens", wrapped, model=OLD)

    assert said(counted) == said(again) == {"inputTokens": 8}
    assert said(refused) == {"message": "The provided model doesn't support counting tokens."}


@pytest.mark.parametrize("body", [{}, {"input": {}}, {"input": {"invokeModel": {"body": "!"}}}, []])
def test_nothing_to_count_is_malformed(subject: Subject, body: Any) -> None:
    plan = subject.ask("count-tokens", body, model=PLAIN)

    assert plan.status == 400
    assert "Malformed input request" in said(plan)["message"]


def test_lists_are_those_of_the_region_that_is_signed_for(subject: Subject) -> None:
    signed = "AWS4-HMAC-SHA256 Credential=AKID/20261102/eu-west-1/bedrock/aws4_request, SignedHeaders=host, Signature=0"

    plan = subject.send("GET", f"/inference-profiles/{OLD.replace(':', '%3A')}", authorization=signed)

    assert said(plan)["inferenceProfileArn"] == f"arn:aws:bedrock:eu-west-1:111122223333:inference-profile/{OLD}"
    assert subject.send("GET", "/inference-profiles/us.none").status == 404
    assert subject.send("GET", "/inference-profiles").status == 200


def test_other_paths_name_what_is_served(subject: Subject) -> None:
    plan = subject.send("POST", "/guardrail/x/version/1/apply", {})

    assert plan.status == 404
    assert "POST /model/{modelId}/converse-stream" in said(plan)["message"]
    assert subject.send("GET", f"/model/{OLD}/invoke").status == 404


def test_a_gate_refuses_in_amazon_s_words() -> None:
    class Shut:
        def check(self, call: Call) -> Problem | None:
            return Problem("invalid_signature", "The request signature we calculated does not match.")

    plan = Subject(gate=Shut()).ask()

    assert plan.status == 403
    assert plan.head is not None
    assert (plan.head.header("x-amzn-errortype") or "").startswith("InvalidSignatureException:")
    assert said(plan) == {"message": "The request signature we calculated does not match."}


def test_bodies_that_are_too_large_and_bytes_that_are_no_http_are_refused(subject: Subject) -> None:
    call = Call("POST", f"/model/{OLD}/invoke")

    assert subject.door.max_body_bytes(call.path) == 25_000_000
    assert said(subject.door.too_large(call))["message"].startswith("1 validation error detected: Value at 'body'")
    assert subject.door.garbage(call, "no HTTP").body.startswith(b"<html>")


def test_the_fake_s_own_refusals_are_not_retried(subject: Subject) -> None:
    call = Call("POST", f"/model/{OLD}/invoke")

    for plan, status in ((subject.door.refuse_step(call, "why"), 400), (subject.door.broken(call, "why"), 500)):
        assert (plan.status, said(plan)) == (status, {"message": "why"})
        assert plan.head is not None
        assert plan.head.header("x-should-retry") == "false"
