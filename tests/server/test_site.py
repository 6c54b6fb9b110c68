"""One address, several doors: which provider a call is for, and when a door is made."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from windtunnel_server.call import Call
from windtunnel_server.plan import Plan
from windtunnel_server.script import Step
from windtunnel_server.site import Site


class Door:
    """A provider that says who answered."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.resets = 0

    def __getattr__(self, name: str) -> Any:
        return lambda call, *rest: Plan((), {"by": f"{self.name}.{name}", "route": getattr(call, "route", "")})

    def max_body_bytes(self, path: str) -> int:
        return len(path)

    def reset(self) -> None:
        self.resets += 1


class Issuer(Door):
    def is_for(self, call: Call) -> bool:
        return call.path == "/token"


class Made:
    """A site, and the doors that were made for it."""

    def __init__(self) -> None:
        self.doors: dict[str, Door] = {}
        self.issuer = Issuer("issuer")
        self.site = Site({"": self._maker("first"), "/a": self._maker("a", self.issuer), "/a/b": self._maker("ab")})

    def _maker(self, name: str, *issuers: Issuer) -> Callable[[], tuple[Any, tuple[Issuer, ...]]]:
        def make() -> tuple[Any, tuple[Issuer, ...]]:
            self.doors[name] = Door(name)
            return self.doors[name], issuers

        return make

    def answer(self, path: str) -> tuple[str, str, str]:
        call = Call("POST", path)
        notes = self.site.answer(call, _nothing, Random(0)).notes
        return str(notes["by"]), call.provider, call.route


def _nothing(endpoint: str) -> Step | None:
    return None


def test_the_longest_prefix_decides_and_the_door_sees_the_rest() -> None:
    made = Made()

    assert made.answer("/v1/messages") == ("first.answer", "first", "/v1/messages")
    assert made.answer("/a/v1/messages") == ("a.answer", "a", "/v1/messages")
    assert made.answer("/a/b/c") == ("ab.answer", "ab", "/c")
    assert made.answer("/a") == ("a.answer", "a", "/")


def test_a_prefix_ends_where_a_part_of_the_path_does() -> None:
    assert Made().answer("/abc")[0] == "first.answer"


def test_a_door_is_made_when_it_is_first_asked_for() -> None:
    made = Made()
    assert list(made.doors) == ["first"]

    made.answer("/a/x")
    made.answer("/a/y")

    assert list(made.doors) == ["first", "a"]


def test_issuers_come_with_their_door_and_go_before_it() -> None:
    made = Made()
    assert made.answer("/token")[0] == "first.answer"

    made.site.open("/a")

    assert made.answer("/token")[0] == "issuer.answer"


def test_everything_else_a_provider_does_is_done_by_the_right_door() -> None:
    made = Made()
    call = Call("POST", "/a/x")

    said = [made.site.too_large(call), made.site.garbage(call, ""), made.site.refuse_step(call, "")]

    assert [plan.notes["by"] for plan in [*said, made.site.broken(call, "")]] == [
        "a.too_large",
        "a.garbage",
        "a.refuse_step",
        "a.broken",
    ]
    assert made.site.max_body_bytes("/a/xyz") == len("/xyz")


def test_a_reset_reaches_the_doors_that_are_there_and_their_issuers() -> None:
    made = Made()
    made.site.open("/a")

    made.site.reset()

    assert [made.doors["first"].resets, made.doors["a"].resets, made.issuer.resets] == [1, 1, 1]
    assert "ab" not in made.doors
