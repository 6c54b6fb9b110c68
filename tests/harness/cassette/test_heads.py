"""What HTTP could not carry is told with its place."""

from __future__ import annotations

import string
from dataclasses import replace
from typing import Any

import pytest

from windtunnel.cassette.heads import misfit
from windtunnel.cassette.interaction import Interaction


def of_response(interaction: Interaction, **change: Any) -> Interaction:
    return replace(interaction, response=replace(interaction.response, **change))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"status": 100}, "status"),
        ({"status": 199}, "status"),
        ({"status": 600}, "status"),
        ({"status": 0}, "status"),
        ({"headers": (("", "a"),)}, "headers"),
        ({"headers": (("a:", "b"),)}, "headers"),
        ({"headers": (("é", "b"),)}, "headers"),
        ({"headers": (("a", "b\nc"),)}, "headers"),
        ({"headers": (("a", "b\r"),)}, "headers"),
        ({"headers": (("a", "\0"),)}, "headers"),
        ({"headers": (("a", "cloud–flare"),)}, "headers"),
    ],
)
def test_what_http_cannot_carry_has_a_place(answered: Interaction, change: dict[str, Any], place: str) -> None:
    found = misfit(of_response(answered, **change))

    assert found is not None
    assert found[0][:2] == ("response", place)


@pytest.mark.parametrize(
    "change",
    [
        {"status": 200},
        {"status": 599},
        {"status": 0, "ended": "refused"},
        {"headers": ((f"{string.ascii_letters}{string.digits}!#$%&'*+-.^_`|~", "a\t é\x85"), ("a", ""))},
    ],
)
def test_what_http_can_carry_is_left_in_peace(answered: Interaction, change: dict[str, Any]) -> None:
    assert misfit(of_response(answered, **change)) is None


def test_of_a_request_names_are_looked_at_and_no_values(answered: Interaction) -> None:
    nameless = replace(answered, request=replace(answered.request, headers=(("", "a"),)))
    blotted = replace(answered, request=replace(answered.request, headers=(("a", "<the user\u2019s>\nb: c"),)))

    assert (misfit(nameless) or [()])[0] == ("request", "headers", "")
    assert misfit(blotted) is None
