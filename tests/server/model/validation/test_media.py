"""Images and documents in requests; one example of each rule is held in test_index.py."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.validation import Terms, check
from windtunnel_server.model.validation.drawings import pdf, png, written

#: A multiple of four characters, without filling.
WHOLE = written(png(9, 9) + b"\0" * (-len(png(9, 9)) % 3))
TALK = {"type": "text", "text": "Look"}


def image(data: str, media_type: str = "image/png") -> dict[str, Any]:
    return {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}}


def document(pages: int) -> dict[str, Any]:
    source = {"type": "base64", "media_type": "application/pdf", "data": written(pdf(pages))}
    return {"type": "document", "source": source}


def said(*content: Any, model: str = "claude-sonnet-5", **terms: Any) -> str | None:
    messages = [{"role": "user", "content": [TALK, *content]}]
    problem = check({"model": model, "max_tokens": 9, "messages": messages}, Terms(**terms))
    return problem.message if problem else None


def shown_by_a_tool(*content: Any) -> str | None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": list(content)}
    messages = [
        {"role": "user", "content": "Look"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    tools = [{"name": "look", "input_schema": {"type": "object"}}]
    asked = {"model": "claude-sonnet-5", "max_tokens": 9, "tools": tools, "messages": messages}
    problem = check(asked, Terms())
    return problem.message if problem else None


def test_an_image_that_a_tool_shows_is_looked_at_too() -> None:
    path = "messages.2.content.0.tool_result.content.1.image.source.base64"

    assert shown_by_a_tool(TALK, image(written(png(9, 9)))) is None
    assert shown_by_a_tool(TALK, image("[gone]")) == f"{path}: invalid base64 data"


@pytest.mark.parametrize("data", ["data:image/png;base64,iVBORw0KGgo=", "[gone]", "iVBORé==", WHOLE + "A"])
def test_what_is_no_base64_is_refused(data: str) -> None:
    assert said(image(data)) == "messages.0.content.1.image.source.base64: invalid base64 data"


def test_base64_may_lack_its_filling_and_come_in_lines() -> None:
    whole = written(png(3, 3))

    assert said(image(whole.rstrip("="))) is None
    assert said(image(f"{whole[:60]}\n{whole[60:]}")) is None


def test_the_smaller_limits_of_clouds_hold_there_only() -> None:
    large = image(written(png(9, 9)).rstrip("=").ljust(6_000_000, "A"))

    assert said(large) is None
    assert said(large, surface="foundry") is None
    assert "image exceeds 5 MB maximum: 6000000 bytes > 5242880 bytes" in (said(large, surface="bedrock") or "")


def test_ten_megabytes_are_too_many_anywhere() -> None:
    huge = image(written(png(9, 9)).rstrip("=").ljust(10_485_764, "A"))

    assert "image exceeds 10 MB maximum: 10485764 bytes > 10485760 bytes" in (said(huge) or "")


def test_bedrock_takes_an_image_that_is_called_something_else() -> None:
    called_jpeg = image(written(png(9, 9)), "image/jpeg")

    assert said(called_jpeg, surface="bedrock", version="bedrock-2023-05-31") is None
    assert "appears to be a image/png image" in (said(called_jpeg) or "")


@pytest.mark.parametrize("size", [(8_001, 1), (1, 8_001)])
def test_a_side_has_at_most_8000_pixels(size: tuple[int, int]) -> None:
    told = "At least one of the image dimensions exceed max allowed size: 8000 pixels"

    assert said(image(written(png(8_000, 1)))) is None
    assert said(image(written(png(*size)))) == f"messages.0.content.1.image.source.base64.data: {told}"


def test_many_images_may_be_smaller_only_but_not_for_models_before_claude_4() -> None:
    many = [image(written(png(2_001, 1)))] * 21

    assert "many-image requests: 2000 pixels" in (said(*many) or "")
    assert said(*many[:20]) is None
    assert said(*many, model="claude-3-5-haiku-20241022", version="2023-06-01") is None


def test_pages_and_images_count_together() -> None:
    short = {"model": "claude-haiku-4-5", "version": "2023-06-01"}
    pictures = [image(written(png(9, 9)))] * 51

    assert said(document(50), *pictures[:50], **short) is None
    assert said(document(50), *pictures, **short) == "Too much media: 50 document pages + 51 images > 100"
    assert said(document(50), *pictures) is None


def test_a_long_window_opened_by_a_beta_has_room_for_more() -> None:
    asked = {"model": "claude-sonnet-4-5", "version": "2023-06-01"}

    assert "A maximum of 100 PDF pages" in (said(document(101), **asked) or "")
    assert said(document(101), **asked, betas=frozenset({"context-1m-2025-08-07"})) is None


def test_without_strictness_anything_passes() -> None:
    assert said(image("[gone]"), strict=False) is None
