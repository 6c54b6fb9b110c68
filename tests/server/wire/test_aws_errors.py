from __future__ import annotations

import pytest

from windtunnel_server.wire import aws_errors
from windtunnel_server.wire.errors import KINDS

OLD, NEW = (3, 0), (4, 8)


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        ("invalid_request", "ValidationException", 400),
        ("invalid_api_key", "UnrecognizedClientException", 403),
        ("oauth_expired", "ExpiredTokenException", 403),
        ("expired_token", "ExpiredTokenException", 403),
        ("permission_denied", "AccessDeniedException", 403),
        ("model_not_found", "ValidationException", 400),
        ("not_found", "ResourceNotFoundException", 404),
        ("request_timeout", "ModelTimeoutException", 408),
        ("request_too_large", "ValidationException", 400),
        ("rate_limited", "ThrottlingException", 429),
        ("internal_error", "InternalServerException", 500),
        ("unavailable", "ServiceUnavailableException", 503),
        ("overloaded", "ServiceUnavailableException", 503),
        ("bad_gateway", "", 502),
    ],
)
def test_kinds_have_amazon_s_names_and_statuses(kind: str, code: str, status: int) -> None:
    assert aws_errors.code_of(KINDS[kind]) == (code, status)


def test_every_kind_has_a_name_or_is_a_page_of_a_load_balancer() -> None:
    nameless = {name for name, kind in KINDS.items() if not aws_errors.code_of(kind)[0]}

    assert nameless == {"bad_gateway", "gateway_timeout", "headers_too_large", "edge_bad_request"}


def test_a_kind_that_clients_retry_stays_one_that_they_retry() -> None:
    """One scenario runs on every provider: 408, 409, 429 and 5xx may not turn into a 400, nor the other way round."""

    def is_retried(status: int) -> bool:
        return status in (408, 409, 429) or status >= 500

    turned = [
        name for name, kind in KINDS.items() if is_retried(kind.status) != is_retried(aws_errors.code_of(kind)[1])
    ]

    assert turned == []


@pytest.mark.parametrize(
    ("kind", "converse", "generation", "said"),
    [
        ("prompt_too_long", False, OLD, "Input is too long for requested model."),
        ("prompt_too_long", True, OLD, "The model returned the following errors: prompt is too long: 2 > 1"),
        ("prompt_too_long", False, NEW, "The model returned the following errors: prompt is too long: 2 > 1"),
        ("rate_limited", False, NEW, "Too many tokens, please wait before trying again."),
        ("model_not_found", False, NEW, "The provided model identifier is invalid."),
    ],
)
def test_words_are_bedrock_s(kind: str, converse: bool, generation: tuple[int, int], said: str) -> None:
    text = "prompt is too long: 2 > 1"

    assert aws_errors.words(KINDS[kind], lambda: text, converse=converse, generation=generation) == said


def test_the_limit_of_requests_has_words_of_its_own() -> None:
    said = aws_errors.words(KINDS["rate_limited"], lambda: "your rate limit of 5 requests per minute")

    assert said == "Too many requests, please wait before trying again."


@pytest.mark.parametrize(
    ("text", "converse", "generation", "said"),
    [
        ("max_tokens: Field required", False, OLD, "Malformed input request: #: required key [max_tokens] not found, {}"),
        ("stream: Extra inputs are not permitted", False, OLD, "Malformed input request: #: extraneous key [stream] is not permitted, {}"),
        ("max_tokens: Field required", False, NEW, "max_tokens: Field required"),
        ("messages.0.role: no", False, OLD, "messages.0.role: no"),
        ("messages.0.role: no", True, OLD, "The model returned the following errors: messages.0.role: no"),
    ],
)  # fmt: skip
def test_what_is_said_against_a_request_depends_on_who_looks_at_it(
    text: str, converse: bool, generation: tuple[int, int], said: str
) -> None:
    expected = said.format("please reformat your input and try again.")

    assert (
        aws_errors.words(KINDS["invalid_request"], lambda: text, converse=converse, generation=generation) == expected
    )


def test_newer_models_answer_invoke_in_the_api_s_envelope() -> None:
    kind = KINDS["invalid_request"]

    assert aws_errors.has_envelope(kind, converse=False, generation=NEW)
    assert not aws_errors.has_envelope(kind, converse=False, generation=OLD)
    assert not aws_errors.has_envelope(kind, converse=True, generation=NEW)
    assert not aws_errors.has_envelope(KINDS["rate_limited"], converse=False, generation=NEW)


def test_in_streams_only_what_the_service_model_has_is_an_exception() -> None:
    assert aws_errors.in_streams("ThrottlingException") == "throttlingException"
    assert aws_errors.in_streams("AccessDeniedException") is None


def test_types_of_the_api_are_translated_and_other_words_stand() -> None:
    assert aws_errors.code_of_type("rate_limit_error") == "ThrottlingException"
    assert aws_errors.code_of_type("ModelNotReadyException") == "ModelNotReadyException"
