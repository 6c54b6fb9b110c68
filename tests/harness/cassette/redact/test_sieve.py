"""The sieve finds what a search of the whole text finds, however often and in whatever order it is asked."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from windtunnel.cassette.redact.sieve import Sieve, can_be_sieved

EXACT = (b"AKIA", b"sk-", b"@")
FOLDED = {b"token": (b"access_token", b"token"), b"key": (b"api-key",)}
LATE = tuple(b"late-value-%d" % number for number in range(12))

words = st.sampled_from([*EXACT, *LATE, b"ACCESS_TOKEN", b"Api-Key", b"token", b"plain", b"words", b"\n      ", b"\n"])
texts = st.lists(st.tuples(words, st.sampled_from([b"", b" ", b'"', b"\n        ", b"-"])), max_size=12).map(
    lambda parts: b"".join(word + gap for word, gap in parts)
)


def searched(text: bytes, late: tuple[bytes, ...]) -> set[bytes]:
    names = [name for names in FOLDED.values() for name in names]
    return {word for word in (*EXACT, *late) if word in text} | {name for name in names if name in text.lower()}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(texts, st.integers(0, len(LATE))), min_size=1, max_size=6), st.integers(0, 3))
def test_nothing_that_stands_in_a_text_is_missed(asked: list[tuple[bytes, int]], long: int):
    sieve = Sieve(EXACT, FOLDED)
    padding = b' "some more of it" ' * 80 * long

    for text, known in sorted(asked, key=lambda each: each[1]):
        late = LATE[:known]
        found = sieve.present(text + padding, late)

        assert found >= searched(text + padding, late)


def test_a_text_of_plain_words_holds_nothing():
    assert Sieve(EXACT, FOLDED).present(b'the "quick" brown fox ' * 200) == frozenset()


def test_what_was_seen_is_not_looked_through_again():
    sieve = Sieve(EXACT * 5, {b"%d" % number: (b"%d" % number,) for number in range(10)})
    asked: list[int] = []
    find = sieve._found
    sieve._found = lambda text, lowered: asked.append(len(text)) or find(text, lowered)  # type: ignore[method-assign]
    text = b'a piece with AKIA in it" and one without "' * 100

    first, second = sieve.present(text), sieve.present(text + b'"and more"')

    assert first == second == {b"AKIA"}
    assert asked[0] > 0
    assert sum(asked[1:]) < 20


def test_a_word_that_would_be_torn_may_stand_anywhere():
    sieve = Sieve([b"two words"], {b"a": [b'a"b']})

    assert not can_be_sieved(b"two words")
    assert sieve.present(b"x") == sieve.present(b"x" * 5000) == {b"two words", b'a"b'}
