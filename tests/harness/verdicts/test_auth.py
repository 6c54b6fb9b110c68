"""What a client did about a credential that was refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.verdicts.auth import judge
from windtunnel.verdicts.claims import Claim, Claims
from windtunnel.verdicts.verdict import Verdict
from windtunnel_server.journal import Entry

TOKEN = "/v1/oauth/token"
OLD, NEW, NEWER = "old1", "new1", "new2"


def bearer(tail: str) -> dict[str, str]:
    return {"authorization": f"Bearer ***{tail}", "host": "127.0.0.1:8000"}


class Run:
    """A journal in the making, by credential."""

    def __init__(self, told: Any) -> None:
        self.told = told

    @property
    def entries(self) -> list[Entry]:
        return self.told.entries

    def call(self, at: float, tail: str, status: int = 200, *, sender: str = "thread 1", **more: Any) -> Entry:
        return self.told.call(at, status, sender=sender, sent=bearer(tail), **more)

    def renewal(self, at: float, status: int = 200, *, sender: str = "thread 1", takes: float = 0.0) -> Entry:
        return self.told.call(at, status, sender=sender, path=TOKEN, takes=takes, sent={"host": "127.0.0.1"})


@pytest.fixture
def run(told: Any) -> Run:
    return Run(told)


def titles(verdict: Verdict) -> list[str]:
    return [finding.title for finding in verdict.findings]


def verdict(run: Run, **options: Any) -> Verdict:
    return judge(run.entries, **{"finished": True} | options)


def test_a_refused_call_that_comes_again_with_a_new_credential_passes(run: Run):
    run.call(0, OLD)
    run.call(10, OLD, 401)
    run.renewal(10)
    run.call(10.5, NEW)

    found = verdict(run)

    assert (found.value, found.findings) == ("pass", ())
    assert found.summary == "1 credential refused in 1 attempt, 1 renewal, 1 sent again"


def test_a_renewal_ahead_of_the_end_is_no_renewal_too_many(run: Run):
    run.call(0, OLD)
    run.renewal(5)
    run.call(10, NEW, 401)
    run.renewal(10)
    run.call(10, NEWER)
    run.renewal(90)

    assert verdict(run).passed


def test_a_renewal_of_the_same_instant_that_came_before_the_refusal_was_not_for_it(run: Run):
    run.renewal(0, sender="thread 2")
    run.call(0, OLD, 401)
    run.renewal(0)
    run.call(0, NEW)

    assert verdict(run).passed


@pytest.mark.parametrize("again", [True, False])
def test_nothing_refused_is_unknown_and_says_what_to_script(run: Run, again: bool):
    run.call(0, OLD, 429 if again else 200)

    found = verdict(run)

    assert (found.value, titles(found)) == ("unknown", ["nothing to judge"])
    assert "oauth_expired" in found.findings[0].advice


def herd(run: Run, size: int, *, renewals: int) -> None:
    for number in range(size):
        run.call(0, OLD, 401, sender=f"thread {number}")
    for number in range(renewals):
        run.renewal(1, sender=f"thread {number}", takes=0.5)
    for number in range(size):
        run.call(2, NEW, sender=f"thread {number}")


def test_fifty_refusals_at_once_take_one_renewal(run: Run):
    herd(run, 50, renewals=1)

    assert verdict(run).passed


def test_fifty_renewals_for_one_expiry_fail_and_are_named(run: Run):
    herd(run, 50, renewals=50)

    found = verdict(run)

    assert found.failed
    finding = found.findings[0]
    assert finding.title == "one expired credential was renewed more than once"
    assert finding.attempts == tuple(range(51, 101))
    assert finding.seen.startswith("50 requests for a credential after authorization Bearer ***old1 was refused in 50")


def test_each_of_several_clients_may_renew_once(run: Run):
    herd(run, 3, renewals=3)
    claims = Claims(calls=tuple(Claim(outcome="success", client=number) for number in range(3)))

    assert verdict(run).failed
    assert verdict(run, claims=claims).passed


def test_a_renewal_that_failed_may_be_followed_by_another(run: Run):
    run.call(0, OLD, 401)
    run.renewal(0, 529)
    run.renewal(1)
    run.call(1, NEW)

    assert verdict(run).passed


def test_a_renewal_while_another_is_under_way_is_one_too_many(run: Run):
    run.call(0, OLD, 401)
    run.renewal(0, 529, takes=3)
    run.renewal(1, sender="thread 2")
    run.call(4, NEW)

    assert titles(verdict(run)) == ["one expired credential was renewed more than once"]


def test_the_same_credential_again_fails_unless_that_is_the_policy(run: Run):
    run.call(0, OLD, 401)
    run.call(1, OLD, 401)

    found = verdict(run)

    assert (found.value, titles(found)) == ("fail", ["sent again with the credential that was refused"])
    assert found.findings[0].attempts == (1, 2)
    assert verdict(run, retries_401=True).passed


def test_no_credential_at_all_is_no_new_one(run: Run):
    run.call(0, OLD, 401)
    run.told.call(1, 200, sender="thread 1")

    assert titles(verdict(run)) == ["sent again without a credential"]


def test_credentials_too_short_for_their_masks_are_unknown(run: Run):
    run.call(0, "", 401)
    run.call(1, "")

    found = verdict(run)

    assert (found.value, titles(found)) == ("unknown", ["sent again, perhaps with a new credential"])
    assert "16 characters" in found.findings[0].advice


def test_a_changed_api_key_is_a_new_credential(run: Run):
    run.told.call(0, 401, sender="t", sent={"x-api-key": "***aaAA"})
    run.told.call(1, 200, sender="t", sent={"x-api-key": "***bbAA"})

    assert verdict(run).passed


def test_signatures_are_no_credentials(run: Run):
    for at, status, signature in ((0, 403, "aaaa"), (1, 200, "bbbb")):
        signed = {"authorization": f"AWS4-HMAC-SHA256 ***{signature}", "x-amz-security-token": "***tok1"}
        run.told.call(at, status, sender="t", sent=signed, path="/model/m/invoke", error_type="ExpiredTokenException")

    assert "sent again with the credential that was refused" in titles(verdict(run))


def test_a_new_credential_that_is_refused_too_ends_the_call(run: Run):
    run.call(0, OLD, 401)
    run.renewal(0)
    run.call(1, NEW, 401)

    assert verdict(run).passed

    run.renewal(1)
    run.call(2, NEWER, 401)

    found = verdict(run)

    assert titles(found) == ["went on although the new credential was refused too"]
    assert found.findings[0].attempts == (1, 3, 5)


def test_the_old_credential_is_not_used_for_a_later_call(run: Run):
    run.call(0, OLD, 401)
    run.renewal(0)
    run.call(1, NEW)
    run.call(5, OLD, 401, body="another")

    assert "a call was begun with a credential that had been replaced" in titles(verdict(run))


def test_a_client_may_stop_at_once_where_it_has_no_other_credential(run: Run):
    run.call(0, OLD, 401)
    run.call(5, OLD, 401, body="another")

    assert verdict(run).passed
    assert verdict(run, re_authenticates=False).passed
    found = verdict(run, re_authenticates=True)
    assert titles(found) == ["gave up after a refused credential"]
    assert found.findings[0].attempts == (1, 2)


def test_some_given_up_and_some_sent_again_is_neither(run: Run):
    run.call(0, OLD, 401)
    run.call(0, OLD, 401, sender="thread 2")
    run.renewal(0)
    run.call(1, NEW)

    assert titles(verdict(run)) == ["gave up after a refused credential"]
    assert verdict(run, finished=False).unknown


def test_a_client_that_was_to_have_no_other_credential_has_one(run: Run):
    run.call(0, OLD, 401)
    run.call(1, NEW)

    assert titles(verdict(run, re_authenticates=False)) == ["sent again with a new credential"]


def test_a_403_is_not_answered_by_another_credential(run: Run):
    run.call(0, OLD, 403, error_type="permission_error")
    run.renewal(0)
    run.call(1, NEW)

    found = verdict(run)

    assert found.failed and "answered a 403 by re-authentication" in titles(found)


def test_a_renewal_right_after_a_403_is_one_for_it(run: Run):
    run.call(0, OLD, 403, error_type="permission_error")
    run.renewal(1, 400)

    assert verdict(run).failed


def test_a_403_that_the_client_hands_on_is_no_matter(run: Run):
    run.call(0, OLD, 403, error_type="permission_error")

    assert titles(verdict(run)) == ["nothing to judge"]


def test_asking_over_and_over_for_what_is_denied_is_a_loop(run: Run):
    run.call(0, OLD, 401)
    for at in range(2):
        run.renewal(at, 400)
    assert verdict(run).passed

    run.renewal(9, 400)

    found = verdict(run)
    assert titles(found) == ["asked for a credential again and again although it was denied"]
    assert found.findings[0].attempts == (2, 3, 4)


@pytest.mark.parametrize(
    ("host", "hosts", "fails"),
    [
        ("127.0.0.1:8000", None, False),
        ("[::1]:8000", None, False),
        ("LOCALHOST", None, False),
        ("api.anthropic.com", None, True),
        ("api.anthropic.com", ["API.anthropic.com"], False),
        ("127.0.0.1", ["fake.test"], True),
    ],
)
def test_a_credential_for_another_host_fails(run: Run, host: str, hosts: list[str] | None, fails: bool):
    run.told.call(0, 200, sent={"x-api-key": "***aaAA", "host": host})

    found = verdict(run, hosts=hosts)

    assert ("a credential was sent to a host it does not belong to" in titles(found)) is fails


def test_a_token_in_a_body_for_another_host_fails(run: Run):
    entry = run.told.call(0, 200, path=TOKEN, sent={"host": "evil.test"})
    entry.body = {"refresh_token": "***aaAA"}

    assert verdict(run).failed


@pytest.mark.parametrize(
    ("query", "fails"),
    [("key=***", True), ("a=1&access_token=***&b=2", True), ("beta=true", False), ("X-Amz-Signature=***", False)],
)
def test_a_credential_in_the_address_fails(run: Run, query: str, fails: bool):
    run.call(0, OLD).query = query

    assert verdict(run).failed is fails


def test_what_was_turned_away_at_the_door_showed_no_credential(run: Run):
    run.call(0, OLD, 401)
    run.renewal(0)
    run.told.door(1)
    run.call(2, NEW)

    assert verdict(run).passed


def test_against_calls_that_cannot_be_told_apart_nothing_is_proved(told: Any):
    for _ in range(2):
        told.call(0, 401, sent=bearer(OLD), takes=1)
    told.call(2, 401, sent=bearer(OLD))
    told.call(2, sent=bearer(NEW))

    found = judge(told.entries, finished=True)

    assert found.unknown and all(title.startswith("perhaps ") for title in titles(found))


@st.composite
def single_flights(draw: st.DrawFn) -> tuple[Sequence[tuple[str, float, str, int, str]], int]:
    """What a client with one credential for all its tasks does over some expiries, and how many calls were refused."""
    said: list[tuple[str, float, str, int, str]] = []
    at, refused = 0.0, 0
    gap = st.floats(0.001, 5.0)
    for number in range(draw(st.integers(1, 4))):
        met = draw(st.integers(1, 6))
        refused += met
        said += [("call", at, f"tok{number}", 401, f"task {task}") for task in range(met)]
        at += draw(gap)
        for _ in range(draw(st.integers(0, 2))):
            said.append(("renewal", at, "", 529, "task 0"))
            at += draw(gap)
        said.append(("renewal", at, "", 200, "task 0"))
        at += draw(gap)
        said += [("call", at, f"tok{number + 1}", 200, f"task {task}") for task in range(met)]
        at += draw(gap)
    return said, refused


def written(told: Any, said: Sequence[tuple[str, float, str, int, str]]) -> Run:
    run = Run(told)
    for what, at, tail, status, sender in said:
        if what == "call":
            run.call(at, tail, status, sender=sender)
        else:
            run.renewal(at, status, sender=sender)
    return run


@given(flights=single_flights())
def test_one_renewal_an_expiry_passes_whatever_the_times(journals: Any, flights: Any):
    said, refused = flights

    found = verdict(written(journals(), said))

    assert (found.value, found.findings) == ("pass", ())
    assert f"refused in {refused} attempt" in found.summary


@given(flights=single_flights(), pick=st.randoms(use_true_random=False))
def test_one_renewal_more_fails_wherever_it_is(journals: Any, flights: Any, pick: Any):
    said = list(flights[0])
    place = pick.choice([place for place, one in enumerate(said) if one[0] == "renewal" and one[3] == 200])
    said.insert(place + 1, said[place])

    found = verdict(written(journals(), said))

    assert "one expired credential was renewed more than once" in titles(found)


@given(flights=single_flights(), pick=st.randoms(use_true_random=False))
def test_one_call_sent_again_unchanged_fails_whichever_it_is(journals: Any, flights: Any, pick: Any):
    said = list(flights[0])
    place = pick.choice([place for place, one in enumerate(said) if one[3] == 401])
    what, _, tail, _, sender = said[place]
    again = next(i for i in range(place + 1, len(said)) if said[i][0] == what and said[i][4] == sender)
    said[again] = (what, said[again][1], tail, 401, sender)

    found = verdict(written(journals(), said))

    assert found.failed and "sent again with the credential that was refused" in titles(found)


def six(run: Run, *, renewals: int) -> list[Claim]:
    """Six clients, each with a credential of its own, which most obtain after the first has been refused."""
    for client in range(6):
        run.renewal(0, sender=f"thread {client + 10}")
        run.call(0, f"old{client}", 401, sender=f"task {client}")
    for thread in range(6 * renewals):
        run.renewal(0, sender=f"thread {thread + 20}")
    for client in range(6):
        run.call(0, f"new{client}", sender=f"task {client}")
    return [Claim(outcome="success", client=client) for client in range(6)]


def test_the_first_credential_of_another_client_is_no_renewal(run: Run):
    claims = Claims(calls=tuple(six(run, renewals=1)))

    assert verdict(run, claims=claims).passed


def test_many_clients_that_renew_more_than_once_each_fail(run: Run):
    claims = Claims(calls=tuple(six(run, renewals=3)))

    assert "one expired credential was renewed more than once" in titles(verdict(run, claims=claims))
