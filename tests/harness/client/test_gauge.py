"""The size of a prompt, known as far as it was answered, and estimated behind that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from windtunnel.client.gauge import Gauge
from windtunnel.client.request import Request

ANSWER = {"role": "assistant", "content": [{"type": "text", "text": "West."}]}


def more(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def test_what_was_answered_is_known_and_what_is_new_is_estimated(asking: Callable[..., Request]) -> None:
    gauge, first = Gauge(), asking()
    gauge.read(first, {"input_tokens": 10, "cache_read_input_tokens": 900, "output_tokens": 90})

    known, estimated = gauge.parts(replace(first, messages=(*first.messages, ANSWER, more("And now? " * 30))))

    assert known == 1000
    assert 40 <= estimated <= 200


def test_the_same_prompt_again_is_known_without_its_answer(asking: Callable[..., Request]) -> None:
    gauge, first = Gauge(), asking()
    gauge.read(first, {"input_tokens": 10, "output_tokens": 90})

    assert gauge.tokens(first) == 10


def test_before_any_answer_everything_is_an_estimate(asking: Callable[..., Request]) -> None:
    known, estimated = Gauge().parts(asking("word " * 300))

    assert known == 0
    assert 300 <= estimated <= 900


def test_another_history_is_estimated_by_the_tokens_of_the_last(asking: Callable[..., Request]) -> None:
    gauge = Gauge()
    gauge.read(asking("word " * 1000), {"input_tokens": 1000, "output_tokens": 5})

    assert 450 <= gauge.tokens(asking("blow " * 500)) <= 550


def test_a_count_is_believed(asking: Callable[..., Request]) -> None:
    gauge = Gauge()

    gauge.counted(asking(), 77)

    assert gauge.tokens(asking()) == 77


def test_an_image_is_not_as_large_as_its_bytes(asking: Callable[..., Request]) -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 1_000_000}}
    request = replace(asking(), messages=({"role": "user", "content": [image]},))

    assert Gauge().tokens(request) < 3_000


def test_a_document_is_not_as_large_as_its_bytes_and_does_not_spoil_the_estimate_of_words(
    asking: Callable[..., Request],
) -> None:
    pdf = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "A" * 3_000_000}}
    words = {"type": "text", "text": "word " * 1_000}
    request = replace(asking(), messages=({"role": "user", "content": [pdf, words]},))
    gauge = Gauge()
    before = gauge.tokens(request)

    gauge.read(request, {"input_tokens": before})

    assert before < 100_000
    assert 800 <= gauge.of([more("word " * 1_000)]) <= 2_000


def test_a_refusal_teaches_the_size_unless_its_number_makes_no_sense(asking: Callable[..., Request]) -> None:
    request = asking("word " * 300)
    sensible, absurd, silent = Gauge(), Gauge(), Gauge()

    sensible.refused(request, 400)
    absurd.refused(request, 1_000_251)
    silent.refused(request, None)

    assert (sensible.tokens(request), sensible.is_calibrated) == (400, True)
    assert absurd.tokens(request) == silent.tokens(request) == Gauge().tokens(request)
    assert not absurd.is_calibrated
