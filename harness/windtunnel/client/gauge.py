"""How many tokens a prompt has, without asking: what the last answer reported, and an estimate of what is new."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from windtunnel.client.request import Message, Request

#: Before anything is known: characters of JSON for a token, few, so that an estimate is rather too high. Unverified.
CHARACTERS_A_TOKEN: Final = 3.0
#: An image is at most about so many tokens, however long its bytes (wire.md 8.3, models before 4.7).
_IMAGE_TOKENS: Final = 1_600
#: All that fills the window behind an answer.
_FILLING: Final = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")


class Gauge:
    """What is known of one conversation's size. Tokens throughout."""

    def __init__(self) -> None:
        self._asked: Request | None = None
        self._prompt = 0
        #: What stood in the window behind the last answer.
        self.tokens_with_answer = 0
        self._characters_a_token = CHARACTERS_A_TOKEN

    def read(self, request: Request, usage: Mapping[str, Any]) -> None:
        """Learn from an answer."""
        self._asked = request
        self.tokens_with_answer = sum(int(usage.get(part) or 0) for part in _FILLING)
        self._prompt = self.tokens_with_answer - int(usage.get("output_tokens") or 0)

    def counted(self, request: Request, tokens: int) -> None:
        """Learn from a prompt that was counted."""
        self._asked, self._prompt, self.tokens_with_answer = request, tokens, tokens

    def tokens(self, request: Request) -> int:
        """Tell the tokens of a prompt: exact as far as it has been answered, estimated behind that."""
        known, estimated = self.parts(request)
        return known + estimated

    def parts(self, request: Request) -> tuple[int, int]:
        """Tell the tokens of a prompt that are known, and those that are an estimate."""
        asked = self._asked
        if asked is None or request.messages[: len(asked.messages)] != asked.messages:
            return 0, self.estimate(request)
        new = request.messages[len(asked.messages) :]
        if new and new[0]["role"] == "assistant":
            return self.tokens_with_answer, self.of(new[1:])
        return self._prompt, self.of(new)

    def estimate(self, request: Request) -> int:
        """Estimate a whole prompt, by what a token was in the last one."""
        self._calibrate()
        return round(_characters(request) / self._characters_a_token)

    def of(self, messages: Sequence[Message]) -> int:
        """Estimate messages alone."""
        return round(sum(map(_weight, messages)) / self._characters_a_token)

    def _calibrate(self) -> None:
        if self._asked is not None and self._prompt > 0:
            self._characters_a_token = max(_characters(self._asked) / self._prompt, 0.5)


def _characters(request: Request) -> float:
    aside = json.dumps([request.system, request.tools], ensure_ascii=False)
    return len(aside) + sum(map(_weight, request.messages))


def _weight(value: Any) -> float:
    """Count the characters of JSON; those of an image for what it will be charged as."""
    if isinstance(value, Mapping):
        if value.get("type") == "image":
            return _IMAGE_TOKENS * CHARACTERS_A_TOKEN
        return 2 + sum(len(key) + 4 + _weight(inner) for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return 2 + sum(1 + _weight(inner) for inner in value)
    return len(value) + 2 if isinstance(value, str) else 5
