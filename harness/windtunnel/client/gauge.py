"""How many tokens a prompt has, without asking: what the last answer reported, and an estimate of what is new."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from windtunnel.client.attachments import tokens_of
from windtunnel.client.request import Message, Request

#: Before anything is known: characters of JSON for a token, few, so that an estimate is rather too high. Unverified.
CHARACTERS_A_TOKEN: Final = 3.0
#: Characters that a token of any text may have: other numbers are somebody's mistake. Our choice.
_LEAST, _MOST = 1.0, 12.0
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

    def refused(self, request: Request, tokens: int | None) -> None:
        """Learn from the number that a refusal gives, unless it is out of all proportion to the prompt."""
        size = _size_of(request)
        if tokens and _LEAST <= (size.characters + size.tokens * CHARACTERS_A_TOKEN) / tokens <= _MOST:
            self.counted(request, tokens)

    @property
    def is_calibrated(self) -> bool:
        """Whether an estimate rests on tokens that the API has counted."""
        return self._asked is not None and self._prompt > 0

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
        return self._tokens(_size_of(request))

    def of(self, messages: Sequence[Message]) -> int:
        """Estimate messages alone."""
        return self._tokens(_summed(map(_size, messages)))

    def _tokens(self, size: _Size) -> int:
        return round(size.characters / self._characters_a_token + size.tokens)

    def _calibrate(self) -> None:
        if self._asked is None:
            return
        size = _size_of(self._asked)
        if self._prompt > size.tokens:
            self._characters_a_token = min(max(size.characters / (self._prompt - size.tokens), 0.5), _MOST)


class _Size(NamedTuple):
    """Characters of JSON, and the tokens of images and documents, which their bytes do not tell."""

    characters: int
    tokens: int = 0


def _size_of(request: Request) -> _Size:
    aside = json.dumps([request.system, request.tools], ensure_ascii=False)
    return _summed(map(_size, request.messages), around=len(aside))


def _size(value: Any) -> _Size:
    if isinstance(value, Mapping):
        tokens = tokens_of(value)
        if tokens is not None:
            return _Size(0, tokens)
        return _summed(map(_size, value.values()), around=2 + sum(len(str(key)) + 4 for key in value))
    if isinstance(value, (list, tuple)):
        return _summed(map(_size, value), around=2 + len(value))
    return _Size(len(value) + 2 if isinstance(value, str) else 5)


def _summed(sizes: Iterable[_Size], around: int = 0) -> _Size:
    characters, tokens = around, 0
    for size in sizes:
        characters, tokens = characters + size.characters, tokens + size.tokens
    return _Size(characters, tokens)
