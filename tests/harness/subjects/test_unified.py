"""The unified client in the tunnel: what it does, and that it says so."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel import Windtunnel, fail, reply
from windtunnel.fake import pointed_at
from windtunnel.subjects import find
from windtunnel.subjects.ask import Ask
from windtunnel.subjects.subject import ABILITIES, Place
from windtunnel.verdicts.claims import Claims
from windtunnel_server.settings import Settings

# The SDK cannot be imported for the first time where the dates are a tunnel's: its models are made of the real ones.
pytest.importorskip("anthropic")


def played(tunnel: Windtunnel, ask: Ask, provider: str = "anthropic") -> Claims:
    door = tunnel.provider(provider)
    with pointed_at(door.env):
        return find("unified").play(Place(provider=provider, url=door.url, env=door.env, now=tunnel.clock.now), ask)


def calls_of(claims: Claims) -> tuple[Any, ...]:
    assert claims.calls is not None
    return claims.calls


def test_it_has_every_ability() -> None:
    subject = find("unified")

    assert subject.abilities == set(ABILITIES)
    assert subject.policy == "unified_client"
    assert set(subject.providers) == {"anthropic", "bedrock", "vertex", "foundry"}


@pytest.mark.parametrize("provider", ["anthropic", "bedrock", "vertex", "foundry"])
def test_an_answer_is_claimed_with_what_it_used(provider: str) -> None:
    with Windtunnel(fail("rate_limited"), reply("West."), provider=provider) as tunnel:
        claims = played(tunnel, Ask(), provider)
        ledger = tunnel.ledger.total

    (claim,) = calls_of(claims)
    assert (claims.outcome, claim.outcome, claim.text) == ("success", "success", "West.")
    assert claim.usage["input_tokens"] == ledger.input_tokens
    assert claim.cost_usd is not None
    assert claims.usage is not None and claims.usage["output_tokens"] == ledger.output_tokens


def test_a_failure_for_good_is_claimed_as_an_error() -> None:
    with Windtunnel(fail("invalid_request", times=9)) as tunnel:
        claims = played(tunnel, Ask(rounds=3))

    (claim,) = calls_of(claims)
    assert (claims.outcome, claim.outcome, claim.status) == ("error", "error", 400)


def test_what_a_broken_stream_said_is_taken_back_and_paid_for() -> None:
    with Windtunnel(fail("close_mid_stream", after_events=5, text="From the west and"), reply("West.")) as tunnel:
        claims = played(tunnel, Ask(stream=True))
        whole = tunnel.journal.calls[-1].usage

    (claim,) = calls_of(claims)
    assert whole is not None
    assert claim.text == "West."
    assert claim.usage["input_tokens"] > whole["input_tokens"]


def test_a_refusal_for_size_that_was_mended_is_no_failure_of_the_run() -> None:
    with Windtunnel(settings=Settings(context_window=12_000)) as tunnel:
        claims = played(tunnel, Ask(rounds=7, padding=2_500, max_tokens=300))

    outcomes = [claim.outcome for claim in calls_of(claims)]
    assert "error" in outcomes
    assert claims.outcome == "success"
    assert len(outcomes) == len([call for call in tunnel.journal.calls if call.path.endswith("/messages")])


def test_the_user_has_another_key() -> None:
    with Windtunnel(fail("invalid_api_key"), reply("Welcome back.")) as tunnel:
        claims = played(tunnel, Ask())
        verdict = tunnel.verdict.auth(re_authenticates=True)

    assert claims.outcome == "success"
    assert verdict.value == "pass"


def test_several_clients_have_claims_of_their_own() -> None:
    with Windtunnel() as tunnel:
        claims = played(tunnel, Ask(clients=3, rounds=2))

    assert sorted(claim.client for claim in calls_of(claims)) == [0, 0, 1, 1, 2, 2]
