"""The prompt cache: what it gives, what it keeps, and for how long."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model.breakpoints import breakpoints
from windtunnel_server.model.cache import LOOK_BACK, MINIMUM, Matched, PromptCache, minimum
from windtunnel_server.model.models import MODELS, find
from windtunnel_server.model.problem import Problem
from windtunnel_server.model.prompt import counted

SONNET = "claude-sonnet-4-6"
#: About 1,300 tokens.
LONG = "All is well in the tunnel. " * 200


def text(words: str, ttl: str | None = None) -> dict[str, Any]:
    mark = {"cache_control": {"type": "ephemeral", "ttl": ttl}} if ttl else {}
    return {"type": "text", "text": words, **mark}


def asked(*content: dict[str, Any], model: str = SONNET, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": list(content)}], **more}


class Cached:
    """A cache and short words to ask it."""

    def __init__(self) -> None:
        self.cache = PromptCache()

    def look(self, request: dict[str, Any], at: float, workspace: str = "one") -> Matched:
        prompt, model = counted(request), find(request["model"])
        marks = breakpoints(request, prompt)
        assert model is not None and not isinstance(marks, Problem)
        return self.cache.match(request, prompt, marks, model=model, workspace=workspace, at=at)

    def ask(self, request: dict[str, Any], at: float = 0.0, workspace: str = "one") -> tuple[int, int, int]:
        """Ask, and have the answer begin at once: tokens read, written for five minutes, for an hour."""
        matched = self.look(request, at, workspace)
        matched.begin(at, at)
        return matched.read, matched.written_5m, matched.written_1h


@pytest.fixture
def cached() -> Cached:
    return Cached()


def upto(request: dict[str, Any], block: int) -> int:
    return counted(request).upto[block]


def test_what_was_written_is_read(cached: Cached) -> None:
    request = asked(text(LONG, "5m"))
    size = upto(request, 0)

    assert cached.ask(request) == (0, size, 0)
    assert cached.ask(request) == (size, 0, 0)


def test_it_is_gone_five_minutes_after_its_last_use(cached: Cached) -> None:
    request = asked(text(LONG, "5m"))
    cached.ask(request, 0.0)

    assert [cached.ask(request, at)[0] > 0 for at in (299.9, 599.8, 899.8)] == [True, True, False]


def test_an_hour_is_an_hour(cached: Cached) -> None:
    request = asked(text(LONG, "1h"))

    assert cached.ask(request, 0.0)[2] > 0
    assert [cached.ask(request, at)[0] > 0 for at in (3599.0, 7198.0, 10_798.0)] == [True, True, False]


def test_its_life_is_counted_from_the_request_not_from_the_answer(cached: Cached) -> None:
    request = asked(text(LONG, "5m"))
    cached.look(request, 10.0).begin(0.0, 100.0)

    assert cached.look(request, 299.0).read > 0
    assert cached.look(request, 300.0).read == 0


def test_a_twin_that_comes_before_the_answer_begins_reads_nothing(cached: Cached) -> None:
    request = asked(text(LONG, "5m"))
    first, twin = cached.look(request, 0.0), cached.look(request, 1.0)
    first.begin(0.0, 2.0)

    assert (first.read, twin.read) == (0, 0)
    assert first.written_5m == twin.written_5m > 0
    assert cached.look(request, 1.9).read == 0
    assert cached.look(request, 2.0).read > 0


def test_an_answer_that_never_begins_leaves_nothing(cached: Cached) -> None:
    request = asked(text(LONG, "5m"))
    cached.look(request, 0.0)

    assert cached.look(request, 50.0).read == 0


def test_workspaces_share_nothing(cached: Cached) -> None:
    request = asked(text(LONG, "5m"))
    cached.ask(request, workspace="one")

    assert cached.ask(request, workspace="two")[0] == 0


def test_models_share_nothing(cached: Cached) -> None:
    cached.ask(asked(text(LONG, "5m")))

    assert cached.ask(asked(text(LONG, "5m"), model="claude-sonnet-4-5"))[0] == 0


def test_each_breakpoint_writes_what_is_new_since_the_one_before(cached: Cached) -> None:
    request = asked(text(LONG, "1h"), text("More. " * 50), text("And more.", "5m"), text("Rest."))

    assert cached.ask(request) == (0, upto(request, 2) - upto(request, 0), upto(request, 0))


def test_a_longer_conversation_reads_what_it_shares_and_writes_the_rest(cached: Cached) -> None:
    first, second = asked(text(LONG, "5m")), asked(text(LONG), text("And then?", "5m"))
    cached.ask(first)

    assert cached.ask(second) == (upto(second, 0), upto(second, 1) - upto(second, 0), 0)


def test_nothing_is_written_between_breakpoints(cached: Cached) -> None:
    cached.ask(asked(text(LONG), text("One.", "5m")))

    assert cached.ask(asked(text(LONG), text("Two.", "5m")))[0] == 0


@pytest.mark.parametrize(("further", "hits"), [(LOOK_BACK, True), (LOOK_BACK + 1, False)])
def test_the_walk_back_ends_after_twenty_blocks(cached: Cached, further: int, hits: bool) -> None:
    cached.ask(asked(text(LONG, "5m")))
    more = [text(f"Block {number}.") for number in range(further - 1)]

    assert (cached.ask(asked(text(LONG), *more, text("Last.", "5m")))[0] > 0) is hits


def test_a_mark_near_enough_makes_up_for_it(cached: Cached) -> None:
    cached.ask(asked(text(LONG, "5m")))
    more = [text(f"Block {number}.", "5m" if number == 15 else None) for number in range(30)]

    assert cached.ask(asked(text(LONG), *more, text("Last.", "5m")))[0] > 0


def test_a_prefix_below_the_minimum_is_neither_written_nor_read(cached: Cached) -> None:
    request = asked(text("Short.", "5m"))

    assert cached.ask(request) == (0, 0, 0)
    assert cached.ask(request) == (0, 0, 0)


def test_a_mark_below_the_minimum_leaves_its_tokens_to_the_next(cached: Cached) -> None:
    request = asked(text("Short.", "1h"), text(LONG, "5m"))

    assert cached.ask(request) == (0, upto(request, 1), 0)


def test_without_a_mark_nothing_is_read(cached: Cached) -> None:
    cached.ask(asked(text(LONG, "5m")))

    assert cached.ask(asked(text(LONG))) == (0, 0, 0)


def test_using_the_longer_prefix_keeps_the_shorter_one_alive(cached: Cached) -> None:
    cached.ask(asked(text(LONG, "5m"), text("One.", "5m")), 0.0)
    cached.ask(asked(text(LONG), text("One.", "5m")), 250.0)

    assert cached.ask(asked(text(LONG, "5m")), 500.0)[0] > 0


def test_every_minimum_is_of_a_model_there_is() -> None:
    names = {model.short_name for model in MODELS}

    assert set(MINIMUM) <= names


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("claude-opus-5-5", 512),
        ("claude-sonnet-4-5-20250929", 1024),
        ("claude-opus-4-20250514", 1024),
        ("claude-3-5-haiku-latest", 2048),
        ("claude-haiku-4-5", 4096),
        ("claude-haiku-5-5", 1024),
    ],
)
def test_the_minimum_is_the_model_s(name: str, least: int) -> None:
    model = find(name)
    assert model is not None

    assert minimum(model) == least


def test_expired_entries_are_forgotten_some_day(cached: Cached) -> None:
    for number in range(1200):
        cached.ask(asked(text(LONG), text(f"{number}", "5m")), at=float(number))

    assert len(cached.cache._entries) < 600


calls = st.lists(
    st.tuples(
        st.floats(0, 400),
        st.lists(st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([None, "5m", "1h"])), min_size=1, max_size=4),
    ),
    max_size=8,
)


@given(calls)
def test_what_is_read_has_been_written_before_and_all_adds_up(
    history: list[tuple[float, list[tuple[str, str | None]]]],
) -> None:
    cached, at, known = Cached(), 0.0, set()
    for gap_s, blocks in history:
        at += gap_s
        request = asked(*(text(words + LONG, ttl) for words, ttl in blocks))
        prompt = counted(request)
        prefixes = {prompt.upto[i]: tuple(words for words, _ in blocks[: i + 1]) for i in range(len(blocks))}

        read, short, hour = cached.ask(request, at)

        marked = [prompt.upto[i] for i, (_, ttl) in enumerate(blocks) if ttl]
        assert read == 0 or prefixes[read] in known
        assert read + short + hour == (max(marked) if marked else 0)
        known |= {prefixes[size] for size in marked}
