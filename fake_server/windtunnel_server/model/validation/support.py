"""What a model or the endpoint has no support for: efforts, structured output, places of inference, forced tools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.rule import Asked, Example, Rule

_GEOS: Final = ("global", "us")


def _effort(asked: Asked) -> Iterator[Problem]:
    level = (asked.request.get("output_config") or {}).get("effort")
    levels = asked.model.era.efforts
    if level is not None and not levels:
        yield invalid("", "This model does not support the effort parameter.")
    elif level is not None and level not in levels:
        offered = ", ".join(sorted(levels))
        yield invalid("", f"This model does not support effort level '{level}'. Supported levels: {offered}.")


def _format(asked: Asked) -> Iterator[Problem]:
    wanted = (asked.request.get("output_config") or {}).get("format") or asked.request.get("output_format")
    if wanted and not asked.model.era.structured_outputs:
        yield invalid("", f"'{asked.request['model']}' does not support output format.")


def _place(asked: Asked) -> Iterator[Problem]:
    geo = asked.request.get("inference_geo")
    if geo is not None and geo not in _GEOS:
        yield invalid("inference_geo", "must be one of ['global', 'us']")
    elif geo is not None and not asked.model.era.system_line:
        yield invalid("", f"'{asked.request['model']}' does not support inference_geo.")


def _container(asked: Asked) -> Iterator[Problem]:
    """Any tool of the service's own counts, for newer ones run code too (unverified which), and so does one in the history
    (recorded: a call made by code is answered without naming the tool again).
    """
    given = asked.request.get("container")
    id = given.get("id") if isinstance(given, Mapping) else given
    used = "server_tool_use" in asked.by_type or any(tool.get("type") not in (None, "custom") for tool in asked.tools)
    if id is not None and not used:
        what = "Container identifier can only be provided when using the code execution tool"
        yield invalid("container", what)


def _forced(asked: Asked) -> Iterator[Problem]:
    choice = asked.request.get("tool_choice") or {}
    if choice.get("type") in ("any", "tool") and not asked.model.era.forces_tools:
        yield invalid("", 'tool_choice: type "tool" and "any" are not supported for this model.')


_SCHEMA: Final = {"type": "object", "properties": {}, "additionalProperties": False}
_FORMAT: Final = {"output_config": {"format": {"type": "json_schema", "schema": _SCHEMA}}}
_TOOL: Final = {"tools": [{"name": "look", "input_schema": {"type": "object"}}]}

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="effort_supported",
        about="An effort is one that the model has.",
        source="public reports, many (2026); live tests of others",
        passes=Example({"output_config": {"effort": "xhigh"}}),
        fails=Example({"model": "claude-sonnet-4-6", "output_config": {"effort": "xhigh"}}),
        says="This model does not support effort level 'xhigh'. Supported levels: high, low, max, medium.",
        check=_effort,
    ),
    Rule(
        name="structured_output_supported",
        about="A format is asked of models that have structured output: from Opus 4.1 and the 4.5 models on.",
        source="recorded answers of the models endpoint (the words are unverified)",
        passes=Example(_FORMAT),
        fails=Example({"model": "claude-sonnet-4-0", **_FORMAT}),
        says="'claude-sonnet-4-0' does not support output format.",
        check=_format,
    ),
    Rule(
        name="inference_geo_supported",
        about="A place of inference is one that there is, on a model from 4.6 on.",
        source="wire.md 1.4, 10; live tests of others for the places (the words for a model are unverified)",
        passes=Example({"inference_geo": "us"}),
        fails=Example({"inference_geo": "moon"}),
        says="inference_geo: must be one of ['global', 'us']",
        check=_place,
    ),
    Rule(
        name="container_has_a_use",
        about="A container is named only where a tool of the service may run in it.",
        source="live tests of others (August 2026)",
        passes=Example({"container": None}),
        fails=Example({"container": "container_x"}),
        says="container: Container identifier can only be provided when using the code execution tool",
        check=_container,
    ),
    Rule(
        name="forced_choice_supported",
        about="Opus 5.5, Sonnet 5.5 and Fable and Mythos from 5.1 on cannot be forced to call a tool.",
        source="wire.md 6.3, 10; Sonnet 5.5: live tests of others (September 2026)",
        passes=Example({**_TOOL, "tool_choice": {"type": "any"}}),
        fails=Example({**_TOOL, "tool_choice": {"type": "any"}, "model": "claude-opus-5-5"}),
        says='tool_choice: type "tool" and "any" are not supported for this model.',
        check=_forced,
    ),
)
