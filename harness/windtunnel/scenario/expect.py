"""What a scenario expects of a client: the `expect:` of its file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator


class Bounds(BaseModel):
    """How many: an exact number, or limits that are included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_least: int = Field(default=0, ge=0)
    at_most: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Bounds:
        if self.at_most is not None and self.at_most < self.at_least:
            raise ValueError(f"at_most {self.at_most} is below at_least {self.at_least}")
        return self

    @property
    def range(self) -> range:
        return range(self.at_least, 2**63 - 1 if self.at_most is None else self.at_most + 1)


def _bounds(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, Mapping, Bounds)):
        raise ValueError(f"{value!r} will not do: write a number, or {{at_least: 1, at_most: 3}}")
    return {"at_least": value, "at_most": value} if isinstance(value, int) else value


def _plain(bounds: Bounds | None) -> int | dict[str, int] | None:
    if bounds is None:
        return None
    exact = bounds.at_least == bounds.at_most
    return bounds.at_least if exact else bounds.model_dump(exclude_defaults=True)


#: A number, or limits.
Count: TypeAlias = Annotated[
    Bounds, BeforeValidator(_bounds, json_schema_input_type=int | Bounds), PlainSerializer(_plain)
]


def _exact(value: Any) -> Any:
    return "exact" if value is True else value


def _backoff(value: Any) -> Any:
    """A policy that there is not is a mistake of the file, not of the run."""
    from windtunnel.policies import resolve

    if value not in (None, "own"):
        resolve(value)
    return value


class Expect(BaseModel):
    """Each word asks for a verdict; what is not said is not judged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outcome: Literal["success", "error", "honest"] | None = Field(
        default=None,
        description="How the client says it went; honest: success exactly where its last attempt was answered whole",
    )
    attempts: Count | None = Field(
        default=None, description="Attempts of each request, a number or {at_least, at_most}"
    )
    backoff: Annotated[str | Mapping[str, Any] | None, AfterValidator(_backoff)] = Field(
        default=None,
        description="own (the client's own policy), the name of a policy, or one spelt out: {base, factor, cap, …}",
    )
    auth: bool = Field(
        default=False, description="After a 401 the client obtains a new credential, once, and goes on with it"
    )
    compaction: bool = Field(
        default=False, description="The client shortens its conversation, and loses nothing that matters"
    )
    stream: bool = Field(
        default=False, description="What the client hands on is what was sent, and no half answer passes as whole"
    )
    tokens: Annotated[
        Literal["exact"] | None, BeforeValidator(_exact, json_schema_input_type=Literal["exact", True])
    ] = Field(default=None, description="The client counts the tokens and the cost that the ledger has")
    jitter: bool = Field(
        default=False, description="Waits are spread as the policy says; needs many retries, from clients or seeds"
    )
    synchrony: bool = Field(default=False, description="Clients that failed together do not come back together")
    within: float | None = Field(default=None, gt=0, description="Seconds on the clock until the last answer")

    @property
    def words(self) -> list[str]:
        """The words that ask for something."""
        return [name for name in type(self).model_fields if getattr(self, name) not in (None, False)]
