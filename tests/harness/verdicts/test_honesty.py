"""Over all verdicts that hear the client: the truth always passes, and no single untruth ever does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from windtunnel.verdicts import outcome, stream, tokens
from windtunnel.verdicts._usage import added, as_usage, counts
from windtunnel.verdicts.claims import Claim, Claims
from windtunnel.verdicts.sent import read
from windtunnel.verdicts.verdict import Verdict
from windtunnel_server.wire.message import Reply, Usage

WORDS = st.text(st.sampled_from("aä ð\n😀"), min_size=1, max_size=30)
USE = st.builds(
    lambda number, city: {"type": "tool_use", "id": f"toolu_{number}", "name": "look", "input": {"city": city}},
    st.integers(0, 9),
    WORDS,
)
BLOCK = st.one_of(
    WORDS.map(lambda text: {"type": "text", "text": text}),
    WORDS.map(lambda text: {"type": "thinking", "thinking": text, "signature": "s"}),
    USE,
)
COUNT = st.integers(1, 10**6)
REPLY = st.builds(
    Reply,
    content=st.lists(BLOCK, min_size=1, max_size=4).map(tuple),
    usage=st.builds(
        Usage,
        input_tokens=COUNT,
        output_tokens=st.integers(30, 10**6),
        cache_read_tokens=COUNT,
        cache_creation_5m_tokens=COUNT,
        cache_creation_1h_tokens=COUNT,
    ),
)
#: Runs are large, and shrinking them takes longer than reading them.
few = settings(max_examples=50, phases=[Phase.reuse, Phase.generate])
#: Answers that leave no doubt, whole and broken.
FAULT = st.sampled_from([{}, {"gzip": {}}, {"unknown_event": {}}, {"regroup": {"bytes": 7}}])
BROKEN = st.sampled_from(["close_mid_stream", "end_mid_stream"])


@st.composite
def runs(draw: st.DrawFn, wires: Any) -> tuple[Any, list[list[int]]]:
    """A client that asks one thing after the other, some of them more than once: journal, and places by request."""
    wired, at, places = wires(), 0.0, []
    for number in range(draw(st.integers(1, 3))):
        own: list[int] = []
        for _ in range(draw(st.integers(0, 2))):
            if draw(st.booleans()):
                wired.refuse(529, at=at, asked=f"{number}")
            else:
                wired.answer(draw(REPLY), at=at, asked=f"{number}", **{draw(BROKEN): {}})
            own.append(len(wired.entries) - 1)
            at += 1.0
        if not own or draw(st.booleans()):
            stream = draw(st.booleans())
            wired.answer(draw(REPLY), at=at, asked=f"{number}", stream=stream, **(draw(FAULT) if stream else {}))
            own.append(len(wired.entries) - 1)
            at += 1.0
        places.append(own)
    return wired, places


def truth(wired: Any, own: list[int]) -> Claim:
    """What a client claims that takes back what came of an attempt before the next, and books all of it."""
    sent = [read(wired.entries[place]) for place in own]
    last = sent[-1]
    uses = tuple({"id": use.id, "name": use.name, "input": use.input} for use in last.tool_uses)
    return Claim(
        outcome="success" if last.whole else "error",
        text=last.text,
        thinking=last.thinking,
        tool_uses=uses if last.whole else None,
        stop_reason=last.stop_reason,
        message_id=last.message_id,
        usage=as_usage(added(counts(one.usage) for one in sent)),
        status=wired.entries[own[-1]].status,
    )


def verdicts(wired: Any, claims: Claims | None) -> list[Verdict]:
    return [
        stream.judge(wired.entries, claims, finished=True),
        tokens.judge(wired.entries, claims, finished=True),
        outcome.judge(wired.entries, claims, "honest", finished=True),
    ]


@few
@given(data=st.data())
def test_the_truth_passes(wires: Any, data: st.DataObject):
    wired, places = data.draw(runs(wires))
    claims = Claims(calls=tuple(truth(wired, own) for own in places))

    told = verdicts(wired, claims)

    assert [verdict.value for verdict in told] == ["pass", "pass", "pass"], [verdict.render() for verdict in told]


def _flip(claim: Claim, draw: Any) -> Claim:
    return replace(claim, outcome="error" if claim.outcome == "success" else "success")


def _drop(claim: Claim, draw: Any) -> Claim:
    assume(claim.text)
    text = claim.text or ""
    place = draw(st.integers(0, len(text) - 1))
    shorter = text[:place] + text[place + 1 :]
    # To hand on nothing of an answer that failed is no untruth.
    assume(shorter or claim.outcome == "success")
    return replace(claim, text=shorter)


def _add(claim: Claim, draw: Any) -> Claim:
    text = claim.text or ""
    place = draw(st.integers(0, len(text)))
    return replace(claim, text=f"{text[:place]}{draw(st.sampled_from('a ü'))}{text[place:]}")


def _miscount(claim: Claim, draw: Any) -> Claim:
    flat = counts(claim.usage)
    assume(flat)
    name = draw(st.sampled_from(sorted(flat)))
    wrong = draw(st.integers(0, 10**7).filter(lambda number: number != flat[name]))
    return replace(claim, usage=as_usage(flat | {name: wrong}))


def _alter_tool(claim: Claim, draw: Any) -> Claim:
    assume(claim.tool_uses)
    uses = [dict(use) for use in claim.tool_uses or ()]
    place = draw(st.integers(0, len(uses) - 1))
    key = draw(st.sampled_from(["id", "name", "input"]))
    uses[place][key] = {"city": "elsewhere"} if key == "input" else "other"
    return replace(claim, tool_uses=tuple(uses))


def _lose_tool(claim: Claim, draw: Any) -> Claim:
    assume(claim.tool_uses)
    return replace(claim, tool_uses=(claim.tool_uses or ())[:-1])


def _other_status(claim: Claim, draw: Any) -> Claim:
    assume(claim.outcome == "error")
    return replace(claim, status=418)


UNTRUTHS = [_flip, _drop, _add, _miscount, _alter_tool, _lose_tool, _other_status]


@few
@given(data=st.data(), untruth=st.sampled_from(UNTRUTHS))
def test_no_single_untruth_passes(wires: Any, data: st.DataObject, untruth: Any):
    wired, places = data.draw(runs(wires))
    claims = [truth(wired, own) for own in places]
    place = data.draw(st.integers(0, len(claims) - 1))
    claims[place] = untruth(claims[place], data.draw)

    values = [verdict.value for verdict in verdicts(wired, Claims(calls=tuple(claims)))]

    # The other verdicts may pass: each looks at its own part.
    assert values != ["pass"] * 3


@few
@given(data=st.data())
def test_without_claims_nothing_passes_and_nothing_fails(wires: Any, data: st.DataObject):
    wired, _ = data.draw(runs(wires))

    assert {verdict.value for verdict in verdicts(wired, None)} == {"unknown"}
