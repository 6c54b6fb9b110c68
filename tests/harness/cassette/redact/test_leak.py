"""Whatever goes wrong in redaction is a refusal that names the place."""

from __future__ import annotations

import pytest

from windtunnel.cassette.interaction import CassetteError
from windtunnel.cassette.redact.leak import LeakError, closed


def test_an_error_becomes_a_refusal_without_its_words():
    with pytest.raises(LeakError, match=r"the body: redaction broke off with ValueError") as caught, closed("the body"):
        raise ValueError("the secret itself")

    assert "secret itself" not in str(caught.value)
    assert isinstance(caught.value, CassetteError)


def test_places_are_named_from_the_outside_in():
    with pytest.raises(LeakError, match=r"^the file: the body: unreadable$"), closed("the file"), closed("the body"):
        raise LeakError("unreadable")


def test_nothing_happens_where_nothing_goes_wrong():
    with closed("the body"):
        pass
