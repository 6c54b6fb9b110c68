"""Who logs in."""

from __future__ import annotations

from windtunnel_server.identity.person import person


def test_a_seed_has_one_person_of_one_organisation() -> None:
    one = person(1, "an-organisation")

    assert one == person(1, "an-organisation")
    assert one.id != person(2, "an-organisation").id
    assert one.organization_id == "an-organisation"
    assert one.email.endswith(".invalid")
