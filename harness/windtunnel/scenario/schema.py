"""The scenario language: one model for the file, for Python, and for the JSON Schema that editors complete from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, field_validator

from windtunnel.scenario import step_schema
from windtunnel.scenario.expect import Expect
from windtunnel.subjects.ask import Ask
from windtunnel.subjects.subject import ABILITIES
from windtunnel_server.script import THENS, ScriptError, Step, check_words, unknown_word
from windtunnel_server.settings import Settings
from windtunnel_server.words import step_from_json, step_to_json

ProviderName: TypeAlias = Literal["anthropic", "bedrock", "vertex", "foundry"]
PROVIDER_NAMES: Final[tuple[ProviderName, ...]] = ("anthropic", "bedrock", "vertex", "foundry")


class StepError(ScriptError):
    """A step that cannot be; `place` leads to it from the top of the scenario."""

    def __init__(self, place: tuple[str | int, ...], why: str) -> None:
        super().__init__(f"{spelt(place)}: {why}")
        self.place = place
        self.why = why


def spelt(place: Sequence[str | int]) -> str:
    """Write a place as in "steps[0].sequence[1]"."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


def read_steps(value: Any, place: tuple[str | int, ...] = ("steps",)) -> tuple[Step, ...]:
    """Read a list of steps; sequences are laid out."""
    if isinstance(value, Step):
        return (value,)
    if not isinstance(value, (list, tuple)):
        raise StepError(place, f"{value!r} is not a list of steps")
    return tuple(step for number, item in enumerate(value) for step in _read(item, (*place, number)))


def _read(item: Any, place: tuple[str | int, ...]) -> Iterator[Step]:
    if isinstance(item, Step):
        yield item
    elif isinstance(item, Mapping) and "sequence" in item:
        yield from _sequence(item, place)
    else:
        try:
            yield step_from_json(item)
        except (ScriptError, TypeError) as error:
            raise StepError(place, str(error)) from None


def _sequence(item: Mapping[str, Any], place: tuple[str | int, ...]) -> Iterator[Step]:
    """Lay out `{sequence: [...], times: 3, when: {...}}`; its `when` and `during` go for each of its steps."""
    try:
        check_words(item, ("sequence", "times", "when", "during"), "sequence")
    except ScriptError as error:
        raise StepError(place, str(error)) from None
    times = item.get("times", 1)
    if isinstance(times, bool) or not isinstance(times, int) or times < 1:
        raise StepError((*place, "times"), f"{times!r} is not a whole number from 1 up; for ever is `then: repeat`")
    shared = {name: item[name] for name in ("when", "during") if name in item}
    inner = item["sequence"]
    if not isinstance(inner, (list, tuple)):
        raise StepError((*place, "sequence"), f"{inner!r} is not a list of steps")
    steps = [_with(one, shared, (*place, "sequence", number)) for number, one in enumerate(inner)]
    for _ in range(times):
        yield from read_steps(steps, (*place, "sequence"))


def _with(item: Any, shared: Mapping[str, Any], place: tuple[str | int, ...]) -> Any:
    if not shared:
        return item
    if isinstance(item, Step):
        item = step_to_json(item)
    if not isinstance(item, Mapping):
        raise StepError(place, f"{item!r} is not a step")
    # A window makes a step last for ever where it says nothing of times; in a sequence each is taken once.
    when = {**shared.get("when", {}), **item.get("when", {})}
    return {"times": 1, **shared, **item, **({"when": when} if when else {})}


def _then(value: Any) -> Any:
    if isinstance(value, Step) or value in THENS:
        return value
    if isinstance(value, str):
        raise ValueError(unknown_word("then", value, THENS) + ", or a step such as {fail: overloaded}")
    return next(_read(value, ("then",)))


def _dump_then(value: Any) -> Any:
    return step_to_json(value) if isinstance(value, Step) else value


class Scenario(BaseModel):
    """A named script of replies and faults, with what is expected of a client that meets it.

    >>> from windtunnel import Scenario, fail, reply
    >>> scenario = Scenario(
    ...     name="rate limit, then recover",
    ...     steps=[fail("rate_limited", retry_after=2, times=2), reply("Hello")],
    ...     expect={"outcome": "success", "attempts": 3},
    ... )
    >>> scenario.expect.attempts.range
    range(3, 4)
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=True,
        title="A windtunnel scenario",
        json_schema_extra={
            "description": "Replies and faults by name, with what is expected of a client that meets them."
        },
    )

    name: str = Field(min_length=1, description="What happens, in a few words")
    about: str = Field(default="", description="What happens in the world, and what a good client does")
    providers: tuple[ProviderName, ...] = Field(
        default=PROVIDER_NAMES, min_length=1, description="Where it makes sense"
    )
    needs: tuple[Annotated[str, WithJsonSchema({"enum": list(ABILITIES)})], ...] = Field(
        default=(), description="Abilities a client must have; else it is skipped, with the reason"
    )
    server: Settings = Field(default=Settings(), description="How the service is set up")
    ask: Ask = Field(default=Ask(), description="What the client is asked to do")
    steps: Annotated[
        tuple[Step, ...],
        BeforeValidator(read_steps),
        PlainSerializer(lambda steps: [step_to_json(step) for step in steps]),
        WithJsonSchema({"type": "array", "items": step_schema.STEP_OR_SEQUENCE}),
    ] = Field(default=(), description="What the server does, call by call")
    then: Annotated[
        Any,
        BeforeValidator(_then),
        PlainSerializer(_dump_then),
        WithJsonSchema({"anyOf": [{"enum": list(THENS)}, step_schema.STEP]}),
    ] = Field(default="composed", description="What follows the last step")
    expect: Expect = Field(default=Expect(), description="What is judged")
    #: The values that a file's variables have in this one.
    variables: Mapping[str, Any] = Field(default={}, exclude=True)

    @field_validator("needs")
    @classmethod
    def _abilities(cls, needs: tuple[str, ...]) -> tuple[str, ...]:
        for need in needs:
            if need not in ABILITIES:
                raise ValueError(unknown_word("needs", need, ABILITIES))
        return needs

    def to_json(self) -> dict[str, Any]:
        """Return the scenario as it would stand in a file; what is as usual is left out."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def to_yaml(self) -> str:
        """Return the scenario as the text of a file."""
        from windtunnel.scenario.yaml import dump

        return dump(self.to_json())


#: The models of the language by where they stand, to name the nearest known key.
MODELS: Final[Mapping[tuple[str, ...], type]] = {
    (): Scenario,
    ("server",): Settings,
    ("ask",): Ask,
    ("expect",): Expect,
}


def known_keys(place: tuple[str | int, ...]) -> list[str]:
    """Keys that may stand at a place, as far as it is one of ours; else none."""
    from windtunnel.scenario.expect import Bounds
    from windtunnel_server.settings import Acceleration, Overload, RateLimits

    models = {
        **MODELS,
        ("server", "rate_limit"): RateLimits,
        ("server", "rate_limit", "acceleration"): Acceleration,
        ("server", "overload"): Overload,
        ("expect", "attempts"): Bounds,
    }
    model = models.get(tuple(str(part) for part in place))
    if model is None:
        return []
    keys = list(getattr(model, "model_fields", None) or model.__dataclass_fields__)  # type: ignore[attr-defined]
    return keys + ["variables"] * (model is Scenario and "variables" not in keys)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file (draft 2020-12)."""
    return step_schema.with_variables(Scenario.model_json_schema(mode="validation"))
