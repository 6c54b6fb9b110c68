"""The models: ids and aliases, windows, output limits, lifecycle, and the models endpoint.

Ids, windows and limits are those of wire.md 11.2; windows, display names and dates of the recorded answers of the
models endpoint where there are some.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from windtunnel_server.model import eras
from windtunnel_server.model.eras import Era
from windtunnel_server.model.paging import Query, page
from windtunnel_server.model.problem import Problem, invalid

Line = Literal["haiku", "sonnet", "opus", "fable", "mythos"]
Lifecycle = Literal["active", "deprecated", "retired"]

#: The API version of the current SDKs; everything else is an older client.
MODERN = "2026-10-21"

LIFECYCLES: tuple[Lifecycle, ...] = ("active", "deprecated", "retired")

_K = 1_000
_M = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model. Sizes are tokens; dates are `YYYY-MM-DD`, or None where no date is known."""

    id: str
    display_name: str
    line: Line | None
    era: Era
    window: int
    max_output: int
    released: str | None
    lifecycle: Lifecycle = "active"
    #: Scheduled or past end of life.
    retires: str | None = None
    #: The window the models endpoint names, where it counts one that only a beta opens; None: the same.
    listed_window: int | None = None
    aliases: tuple[str, ...] = ()

    @property
    def short_name(self) -> str:
        """The id without the family's name and its date, as tables name it: `sonnet-4-5`, `3-5-haiku`."""
        return re.sub(r"^claude-|-\d{8}$", "", self.id)

    @property
    def created_at(self) -> str:
        """RFC 3339; the epoch where the release date is unknown, as the service does."""
        return f"{self.released or '1970-01-01'}T00:00:00Z"

    def info(self, *, version: str = MODERN) -> dict[str, Any]:
        """Write the model as the models endpoint does, for that API version.

        The recorded 2023-06-01 answers have neither lifecycle nor line; whether the version or their date is the
        reason is unverified.
        """
        modern = version == MODERN
        out: dict[str, Any] = {"type": "model", "id": self.id, "display_name": self.display_name}
        out["created_at"] = self.created_at
        if modern:
            out |= {
                "lifecycle": self.lifecycle,
                # unverified: the service fills it for deprecated and retired models; the dates are not known here.
                "deprecated_at": None,
                "retires_at": f"{self.retires}T00:00:00Z" if self.retires else None,
                "line": self.line,
            }
        out["max_input_tokens"] = self.listed_window or self.window
        out["max_tokens"] = self.max_output
        out["capabilities"] = eras.capabilities(self.era, modern=modern)
        return out


def _now(id: str, name: str, line: Line, era: Era, released: str | None) -> Model:
    """Build a model of the 1 M generation, which has one undated id."""
    return Model(id=id, display_name=name, line=line, era=era, window=_M, max_output=128 * _K, released=released)


def _dated(
    id: str, name: str, line: Line, era: Era, released: str, max_output: int, *aliases: str, **more: Any
) -> Model:
    """Build a model of the 200 K generations, which has a dated id and aliases."""
    return Model(
        id=id,
        display_name=name,
        line=line,
        era=era,
        window=more.pop("window", 200 * _K),
        max_output=max_output,
        released=released,
        aliases=aliases,
        **more,
    )


def _retired(when: str) -> dict[str, Any]:
    return {"lifecycle": "retired", "retires": when}


#: Newest first. Release dates of 5-2 models, of Opus 5.5 and of 4.6 … 4.8 are unverified; a None is not known at all.
MODELS: tuple[Model, ...] = (
    _now("claude-fable-5-2", "Claude Fable 5.2", "fable", eras.NEVER_FORCED, "2026-11-09"),
    _now("claude-mythos-5-2", "Claude Mythos 5.2", "mythos", eras.NEVER_FORCED, "2026-11-09"),
    _now("claude-haiku-5-5", "Claude Haiku 5.5", "haiku", eras.OPUS_5, "2026-10-07"),
    _now("claude-sonnet-5-5", "Claude Sonnet 5.5", "sonnet", eras.SONNET_5_5, "2026-09-28"),
    _now("claude-opus-5-5", "Claude Opus 5.5", "opus", eras.NEVER_FORCED, "2026-09-22"),
    _now("claude-fable-5-1", "Claude Fable 5.1", "fable", eras.NEVER_FORCED, "2026-09-01"),
    _now("claude-mythos-5-1", "Claude Mythos 5.1", "mythos", eras.NEVER_FORCED, "2026-09-01"),
    _now("claude-opus-5", "Claude Opus 5", "opus", eras.OPUS_5, "2026-07-24"),
    _now("claude-sonnet-5", "Claude Sonnet 5", "sonnet", eras.CLAUDE_5, "2026-06-30"),
    _now("claude-fable-5", "Claude Fable 5", "fable", eras.ALWAYS_THINKS, "2026-06-09"),
    _now("claude-mythos-5", "Claude Mythos 5", "mythos", eras.ALWAYS_THINKS, "2026-06-09"),
    _now("claude-opus-4-8", "Claude Opus 4.8", "opus", eras.OPUS_4_8, None),
    _now("claude-opus-4-7", "Claude Opus 4.7", "opus", eras.OPUS_4_7, None),
    Model(
        id="claude-mythos-preview",
        display_name="Claude Mythos Preview",
        line="mythos",
        era=eras.MYTHOS_PREVIEW,
        window=_M,
        max_output=128 * _K,
        released=None,
        **_retired("2026-06-30"),
    ),
    _now("claude-sonnet-4-6", "Claude Sonnet 4.6", "sonnet", eras.CLAUDE_4_6, "2026-02-17"),
    _now("claude-opus-4-6", "Claude Opus 4.6", "opus", eras.CLAUDE_4_6, "2026-02-05"),
    _dated(
        "claude-opus-4-5-20251101",
        "Claude Opus 4.5",
        "opus",
        eras.OPUS_4_5,
        "2025-11-24",
        64 * _K,
        "claude-opus-4-5",
    ),
    _dated(
        "claude-haiku-4-5-20251001",
        "Claude Haiku 4.5",
        "haiku",
        eras.HAIKU_4_5,
        "2025-10-15",
        64 * _K,
        "claude-haiku-4-5",
    ),
    _dated(
        "claude-sonnet-4-5-20250929",
        "Claude Sonnet 4.5",
        "sonnet",
        eras.SONNET_4_5,
        "2025-09-29",
        64 * _K,
        "claude-sonnet-4-5",
        lifecycle="deprecated",
        retires="2026-11-30",
        listed_window=_M,
    ),
    _dated(
        "claude-opus-4-1-20250805",
        "Claude Opus 4.1",
        "opus",
        eras.OPUS_4_1,
        "2025-08-05",
        32 * _K,
        "claude-opus-4-1",
        lifecycle="deprecated",
    ),
    _dated(
        "claude-opus-4-20250514",
        "Claude Opus 4",
        "opus",
        eras.CLAUDE_4,
        "2025-05-22",
        32 * _K,
        "claude-opus-4-0",
        **_retired("2026-06-15"),
    ),
    _dated(
        "claude-sonnet-4-20250514",
        "Claude Sonnet 4",
        "sonnet",
        eras.CLAUDE_4,
        "2025-05-22",
        64 * _K,
        "claude-sonnet-4-0",
        listed_window=_M,
        **_retired("2026-06-15"),
    ),
    _dated(
        "claude-3-7-sonnet-20250219",
        "Claude Sonnet 3.7",
        "sonnet",
        eras.CLAUDE_3_7,
        "2025-02-24",
        64 * _K,
        "claude-3-7-sonnet-latest",
        **_retired("2026-02-19"),
    ),
    _dated(
        "claude-3-5-haiku-20241022",
        "Claude Haiku 3.5",
        "haiku",
        eras.HAIKU_3_5,
        "2024-10-22",
        8_192,
        "claude-3-5-haiku-latest",
        **_retired("2026-02-19"),
    ),
    # unverified: names, dates and limits of the models below that no recorded list holds.
    _dated(
        "claude-3-5-sonnet-20241022",
        "Claude Sonnet 3.5 (New)",
        "sonnet",
        eras.CLAUDE_3_5,
        "2024-10-22",
        8_192,
        "claude-3-5-sonnet-latest",
        **_retired("2025-10-28"),
    ),
    _dated(
        "claude-3-5-sonnet-20240620",
        "Claude Sonnet 3.5 (Old)",
        "sonnet",
        eras.CLAUDE_3_5,
        "2024-06-20",
        8_192,
        **_retired("2025-10-28"),
    ),
    _dated(
        "claude-3-haiku-20240307",
        "Claude Haiku 3",
        "haiku",
        eras.HAIKU_3,
        "2024-03-07",
        4_096,
        lifecycle="retired",
    ),
    _dated(
        "claude-3-opus-20240229",
        "Claude Opus 3",
        "opus",
        eras.OPUS_3,
        "2024-02-29",
        4_096,
        "claude-3-opus-latest",
        **_retired("2026-01-05"),
    ),
    _dated(
        "claude-3-sonnet-20240229",
        "Claude Sonnet 3",
        "sonnet",
        eras.SONNET_3,
        "2024-02-29",
        4_096,
        **_retired("2025-07-21"),
    ),
    Model(
        id="claude-2.1",
        display_name="Claude 2.1",
        line=None,
        era=eras.CLAUDE_2,
        window=200 * _K,
        max_output=4_096,
        released="2023-11-21",
        **_retired("2025-07-21"),
    ),
    Model(
        id="claude-2.0",
        display_name="Claude 2.0",
        line=None,
        era=eras.CLAUDE_2,
        window=100 * _K,
        max_output=4_096,
        released="2023-07-11",
        **_retired("2025-07-21"),
    ),
)

_BY_NAME: Mapping[str, Model] = {name: model for model in MODELS for name in (model.id, *model.aliases)}


def find(name: str) -> Model | None:
    """Find a model by its id or an alias (`claude-sonnet-4-5` is `claude-sonnet-4-5-20250929`); None for no such model."""
    return _BY_NAME.get(name)


def listing(query: Query, *, version: str = MODERN) -> dict[str, Any] | Problem:
    """Answer `GET /v1/models`: newest first, retired models only where `lifecycle[]` asks for them.

    Query: `after_id`, `before_id`, `limit` (1–1000, default 20), `lifecycle[]`.
    """
    wanted = _lifecycles(query)
    if isinstance(wanted, Problem):
        return wanted
    return page([model.info(version=version) for model in MODELS if model.lifecycle in wanted], query)


def _lifecycles(query: Query) -> tuple[str, ...] | Problem:
    asked = tuple(query.get("lifecycle[]") or query.get("lifecycle") or ())
    for place, name in enumerate(asked):
        if name not in LIFECYCLES:
            # unverified: pydantic's words for an enumeration.
            return invalid(f"lifecycle.{place}", "Input should be 'active', 'deprecated' or 'retired'")
    return asked or LIFECYCLES[:2]
