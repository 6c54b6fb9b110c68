"""What an HTTP error answer consists of."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

#: "api": the API's own envelope; "edge_json": JSON of the edge, no outer type and no id; "html": a page of the edge.
Body: TypeAlias = Literal["api", "edge_json", "html"]
#: What `request_id` in the body is: an id, `null`, or not there.
BodyId: TypeAlias = Literal["id", "null", "absent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorKind:
    """One way the API says no.

    `message` may have `{placeholders}` (there is an example value for each); for a page it is the title.
    `should_retry` is the value of `x-should-retry`, None for none. `retry_after` says whether the real API sends
    `retry-after` with it. `organization_header`: whether `anthropic-organization-id` is sent.
    """

    name: str
    status: int
    type: str | None
    message: str
    error_code: str | None = None
    details: Mapping[str, Any] | None = None
    should_retry: bool | None
    body: Body = "api"
    body_id: BodyId = "id"
    organization_header: bool = True
    retry_after: bool = False
    #: Values that make better sense here than the general `EXAMPLES`.
    examples: Mapping[str, object] | None = None
    about: str

    def text(self, values: Mapping[str, object] | None = None) -> str:
        """Fill the message's placeholders, from `values` first and the examples else."""
        return _FORMATTER.vformat(self.message, (), {**EXAMPLES, **(self.examples or {}), **(values or {})})


class _Formatter(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        """Ignore a number's format for anything but a number: `{limit:,}` takes "30,000" too."""
        return str(super().format_field(value, format_spec if isinstance(value, (int, float)) else ""))


_FORMATTER = _Formatter()

#: A value for every placeholder, as seen in public reports (wire.md 6.3); ids are made up.
EXAMPLES: Mapping[str, object] = {
    "beta": "unknown-beta-2026-01-01",
    "bytes": 6_000_000,
    "count": 5,
    "current": 58_276,
    "date": "2026-10-01 at 00:00 UTC",
    "expected": "a valid value",
    "found": "tool_use",
    "id": "toolu_01GmQ3x7Yd2KcVbN8sRtWp4H",
    "ids": "toolu_01GmQ3x7Yd2KcVbN8sRtWp4H",
    "input": 178_959,
    "limit_bytes": 5_242_880,
    "limit_mb": 5,
    "limit": 200_000,
    "max_tokens": 64_000,
    "model": "claude-sonnet-4-6",
    "next": 68_276,
    "offered": "computer_20250124",
    "org": "00000000-0000-4000-8000-000000000000",
    "parser": "expected value at line 1 column 1",
    "path": "messages.1",
    "reason": "its settings",
    "tokens": 200_251,
    "tool_type": "computer_20251124",
    "unit": "input tokens per minute",
}


def defined(*kinds: ErrorKind) -> dict[str, ErrorKind]:
    """Index kinds by name; a name given twice is a mistake."""
    index = {kind.name: kind for kind in kinds}
    if len(index) != len(kinds):
        raise ValueError("two error kinds have one name")
    return index
