"""What only some clients do: treat throttling apart, keep a budget of retries, lose patience with one status."""

from __future__ import annotations

from dataclasses import dataclass

from windtunnel._hints import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttling:
    """Failures that mean "too many requests", whose delay grows from a base of its own, in seconds."""

    base_s: float
    statuses: frozenset[int] = frozenset({429})
    #: Errors that come with such a status and are not meant, by the name Amazon gives them in a header.
    but_not: frozenset[str] = frozenset()

    def meant(self, failure: Failure) -> bool:
        """Say whether the failure is throttling."""
        return failure.status in self.statuses and failure.error not in self.but_not


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Tokens that all requests of one client share: each retry takes some, without enough of them there is none."""

    capacity: int
    cost: int
    throttling_cost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Giving up on a status before the retries are used up: from this many answers of it in one chain on.

    It may go on all the same: what else makes the client patient is not in a journal.
    """

    statuses: frozenset[int]
    answers: int
    #: Parts of the model's name, and names of providers, that it is limited to; none: any.
    models: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()

    def may_end(self, failure: Failure, answers: int) -> bool:
        """Say whether giving up is in order after so many answers with this failure's status."""
        model = not self.models or any(part in (failure.model or "").lower() for part in self.models)
        provider = not self.providers or failure.provider in self.providers
        return failure.status in self.statuses and answers >= self.answers and model and provider
