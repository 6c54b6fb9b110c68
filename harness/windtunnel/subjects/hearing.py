"""What one request brought, kept as it comes in: an application's view of an answer, and the claim made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from windtunnel.verdicts.claims import Claim

#: The name a claim gives to an answer that ends without a reason.
INCOMPLETE = "IncompleteAnswer"
#: The name a claim gives to an answer whose tool input is no JSON: the SDK makes do with as much of it as it can read.
UNREADABLE = "UnreadableToolInput"


class Hearing:
    """One request, from the moment it was asked. `message` is the SDK's, as far as it had come."""

    def __init__(self, client: int, asked_at: float) -> None:
        self._client = client
        self._asked_at = asked_at
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._message: dict[str, Any] = {}
        #: The pieces of each tool's input, by the block's index.
        self._inputs: dict[int, list[str]] = {}

    def event(self, event: Any) -> None:
        """Hand on what one event of a stream says, as it comes."""
        if event.type == "content_block_delta":
            self._text.append(getattr(event.delta, "text", None) or "")
            self._thinking.append(getattr(event.delta, "thinking", None) or "")
            self._inputs.setdefault(event.index, []).append(getattr(event.delta, "partial_json", None) or "")

    def snapshot(self, message: Any) -> None:
        """Keep the message as a stream has left it so far, for what it counts."""
        self._message = _plain(message)

    def message(self, message: Any) -> None:
        """Take an answer that came in one piece."""
        self._message = _plain(message)
        self._text += [block.get("text") or "" for block in self._blocks("text")]
        self._thinking += [block.get("thinking") or "" for block in self._blocks("thinking")]

    @property
    def content(self) -> list[dict[str, Any]]:
        return self._message.get("content") or []

    @property
    def stop_reason(self) -> str | None:
        return self._message.get("stop_reason")

    def claim(self, ended_at: float, error: BaseException | None) -> Claim:
        """Say how it went: some answers are not good ones, though no exception says so."""
        failure = type(error).__name__ if error else self._flaw
        uses = tuple({key: use.get(key) for key in ("id", "name", "input")} for use in self._blocks("tool_use"))
        return Claim(
            outcome="error" if failure else "success",
            text="".join(self._text),
            thinking="".join(self._thinking),
            tool_uses=None if failure else uses,
            stop_reason=self.stop_reason,
            message_id=self._message.get("id"),
            model=self._message.get("model"),
            usage=self._message.get("usage"),
            error=failure,
            status=getattr(error, "status_code", None),
            client=self._client,
            asked_at=self._asked_at,
            ended_at=ended_at,
        )

    @property
    def _flaw(self) -> str | None:
        if not self.stop_reason:
            return INCOMPLETE
        return None if all(map(_is_json, self._inputs.values())) else UNREADABLE

    def _blocks(self, kind: str) -> list[dict[str, Any]]:
        return [block for block in self.content if block.get("type") == kind]


def _is_json(pieces: list[str]) -> bool:
    """Say whether the pieces of a tool's input make JSON; none at all stand for no input."""
    try:
        json.loads("".join(pieces) or "{}")
    except ValueError:
        return False
    return True


def _plain(message: Any) -> dict[str, Any]:
    """Return the message as the API sent it; what is no message (a page of HTML, a number) has nothing in it."""
    if not hasattr(message, "to_dict"):
        return {}
    said: Mapping[str, Any] = message.to_dict(mode="json", warnings=False)
    return dict(said)
