"""Who logs in to the fake: one person of one organisation, both made up."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from windtunnel_server.wire.ids import Ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person and where they belong."""

    id: str
    name: str
    #: At a domain that cannot exist.
    email: str
    organization_id: str
    organization_name: str


def person(seed: int, organization_id: str) -> Person:
    """Make the person of a seed."""
    return Person(
        id=Ids(Random(f"account {seed}")).uuid4(),
        name="Windtunnel",
        email="person@windtunnel.invalid",
        organization_id=organization_id,
        organization_name="Windtunnel",
    )
