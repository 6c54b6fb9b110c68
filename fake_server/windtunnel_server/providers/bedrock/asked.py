"""A call of Bedrock's runtime as far as its door has understood it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from windtunnel_server.providers.asked import Asked
from windtunnel_server.providers.bedrock.models import Found
from windtunnel_server.wire.generation import NEWEST, Generation, generation
from windtunnel_server.wire.ids import Ids

Operation: TypeAlias = Literal[
    "invoke", "invoke-with-response-stream", "converse", "converse-stream", "count-tokens", "listing"
]
STREAMED: Final = ("invoke-with-response-stream", "converse-stream")


@dataclass(frozen=True, slots=True)
class BedrockAsked(Asked):
    """`found_model` is None where the path names no model, or none that Bedrock knows."""

    operation: Operation = "listing"
    found_model: Found | None = None
    #: Named in the body; the header of the same purpose is passed over (unverified).
    body_betas: frozenset[str] = frozenset()

    @property
    def betas(self) -> frozenset[str]:
        return self.body_betas

    @property
    def converse(self) -> bool:
        return self.operation.startswith("converse")

    @property
    def streamed(self) -> bool:
        return self.operation in STREAMED

    @property
    def generation(self) -> Generation:
        return NEWEST if self.found_model is None else generation(self.found_model.named.id)


class ConverseIds(Ids):
    """A mint of ids that gives tools those of Converse."""

    __slots__ = ()

    def tool_use(self) -> str:
        return self.converse_tool_use()
