"""What a request asks otherwise than a recorded one: the first difference, and how near the two are. Only for a miss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from windtunnel.cassette.match.asked import Asked
from windtunnel.cassette.match.canonical import digest
from windtunnel.cassette.match.matchers import Matching
from windtunnel_server.journal import mask
from windtunnel_server.wire import credentials

#: So many characters of a value are shown, around the place where it differs.
_SHOWN: Final = 60
_ABSENT: Final = "(absent)"


@dataclass(frozen=True, slots=True)
class Difference:
    """`where` is a path into the request: "messages[1].content[0].text", "headers:anthropic-beta", "path"."""

    where: str
    recorded: str
    seen: str

    def __str__(self) -> str:
        return f"{self.where}  {self.recorded}  !=  {self.seen}"


def first(matching: Matching, seen: Asked, recorded: Asked) -> Difference | None:
    """Return the first difference that the rules see; None where there is none."""
    for name, read in matching.readings.items():
        theirs, ours = read(recorded), read(seen)
        if theirs != ours:
            return Difference(name, _said(name, theirs), _said(name, ours))
    if not matching.body:
        return None
    found = next(_differences(recorded.canonical, seen.canonical, ""), None)
    return None if found is None else _told(*found)


def nearness(matching: Matching, seen: Asked, recorded: Asked) -> tuple[int, int, int]:
    """Say how near two requests are, by rules that hold, members that agree, and messages that begin alike: more is nearer."""
    holding = sum(read(recorded) == read(seen) for read in matching.readings.values())
    ours, theirs = seen.canonical, recorded.canonical
    if not matching.body or not isinstance(ours, dict) or not isinstance(theirs, dict):
        return holding, int(ours == theirs), 0
    alike = sum(ours.get(key) == value for key, value in theirs.items())
    return holding, alike, _begin_alike(theirs.get("messages"), ours.get("messages"))


def _begin_alike(recorded: Any, seen: Any) -> int:
    """Messages that agree from the first on, less those by which the two differ in number."""
    if not isinstance(recorded, list) or not isinstance(seen, list):
        return 0
    count = 0
    for one, other in zip(recorded, seen, strict=False):
        if one != other:
            break
        count += 1
    return 2 * count - abs(len(recorded) - len(seen))


def _differences(recorded: Any, seen: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if _same(recorded, seen):
        return
    if isinstance(recorded, dict) and isinstance(seen, dict):
        for key in [*recorded, *(key for key in seen if key not in recorded)]:
            inner = f"{path}.{key}" if path else str(key)
            yield from _differences(recorded.get(key, _Absent), seen.get(key, _Absent), inner)
    elif isinstance(recorded, list) and isinstance(seen, list):
        for index in range(max(len(recorded), len(seen))):
            one = recorded[index] if index < len(recorded) else _Absent
            other = seen[index] if index < len(seen) else _Absent
            yield from _differences(one, other, f"{path}[{index}]")
    else:
        yield path or "body", recorded, seen


def _same(recorded: Any, seen: Any) -> bool:
    # For Python 1 is True, and 0 is False.
    return bool(recorded == seen) and (_Absent in (recorded, seen) or digest(recorded) == digest(seen))


class _Absent:
    """Stands where one of the two has nothing."""


def _told(where: str, recorded: Any, seen: Any) -> Difference:
    if isinstance(recorded, str) and isinstance(seen, str):
        begin = _window(recorded, seen)
        return Difference(where, _cut(recorded, begin), _cut(seen, begin))
    return Difference(where, _brief(recorded), _brief(seen))


def _window(one: str, other: str) -> int:
    """Where to begin to show two texts, so that their first difference is in sight."""
    same = next(
        (i for i, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other))
    )
    return max(0, same - _SHOWN // 2) if max(len(one), len(other)) > _SHOWN else 0


def _cut(text: str, begin: int) -> str:
    piece = text[begin : begin + _SHOWN]
    return f"{'…' if begin else ''}{json.dumps(piece, ensure_ascii=False)}{'…' if begin + _SHOWN < len(text) else ''}"


def _brief(value: Any) -> str:
    if value is _Absent:
        return _ABSENT
    if isinstance(value, bytes):
        return f"{len(value)} bytes that are no JSON"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _said(name: str, value: Any) -> str:
    if isinstance(value, tuple) and name.startswith("headers:"):
        value = ", ".join(value)
        if name.removeprefix("headers:").lower() in credentials.HEADERS:
            value = mask(value)
    elif isinstance(value, tuple):
        value = "&".join("=".join(pair) for pair in value)
    return _ABSENT if value is None else _cut(str(value), 0)
