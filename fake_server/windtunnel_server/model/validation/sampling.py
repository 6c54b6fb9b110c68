"""Which sampling parameters a model still takes. The shape of the request refuses all of them from 2026-10-21 on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.rule import Asked, Example, Rule

#: Values that say no more than leaving the parameter out does. Documented for temperature; unverified for the others.
_DEFAULT: Final[Mapping[str, Callable[[float], bool]]] = {
    "temperature": lambda value: value == 1,
    "top_p": lambda value: value >= 0.99,
    "top_k": lambda value: value < 1,
}
_TOGETHER: Final = "`temperature` and `top_p` cannot both be specified for this model. Please use only one."


def _taken(asked: Asked) -> Iterator[Problem]:
    if asked.model.era.sampling == "none":
        for name, is_default in _DEFAULT.items():
            value = asked.request.get(name)
            if value is not None and not is_default(value):
                yield invalid("", f"`{name}` is deprecated for this model.")


def _one_of_two(asked: Asked) -> Iterator[Problem]:
    given = asked.request.get("temperature"), asked.request.get("top_p")
    if asked.model.era.sampling == "either" and None not in given:
        yield invalid("", _TOGETHER)


_OLDER: Final[dict[str, Any]] = {"version": "2023-06-01"}

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="sampling_taken",
        about="Models from 4.7 on take no temperature, top_p or top_k but the default values.",
        source="wire.md 10; public reports and live tests of others (2026)",
        passes=Example({"temperature": 1}, _OLDER),
        fails=Example({"temperature": 0}, _OLDER),
        says="`temperature` is deprecated for this model.",
        check=_taken,
    ),
    Rule(
        name="temperature_or_top_p",
        about="Models from Opus 4.1 to 4.6 take either temperature or top_p.",
        source="BerriAI/litellm#15097, cloud-apim/otoroshi-llm-extension#140",
        passes=Example({"model": "claude-sonnet-4-0", "temperature": 0, "top_p": 0.5}, _OLDER),
        fails=Example({"model": "claude-sonnet-4-6", "temperature": 0, "top_p": 0.5}, _OLDER),
        says=_TOGETHER,
        check=_one_of_two,
    ),
)
