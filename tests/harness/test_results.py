"""Results as values and as JSON."""

from __future__ import annotations

import json

import pytest

from windtunnel.results import Result, ResultsError, results_from_json, results_to_json
from windtunnel.scenario.case import Case, run
from windtunnel.scenario.library import find


@pytest.fixture(scope="module")
def results() -> list[Result]:
    names = ["server-error-once", "refusal", "new-key-after-a-401"]
    return [run(Case(id=one.id, scenario=one.scenario, client="naive", seed=3)) for one in find(names)]


def test_what_is_kept_comes_back_but_for_the_accounts(results: list[Result]):
    document = json.loads(json.dumps(results_to_json(results, title="a run", seed=3)))

    back = results_from_json(document)

    assert [result.status for result in back] == ["fail", "pass", "skip"]
    for one, other in zip(results, back, strict=True):
        assert list(one.entries) == list(other.entries)
        assert [(v.name, v.value, v.findings) for v in one.verdicts] == [
            (v.name, v.value, v.findings) for v in other.verdicts
        ]
        assert (one.title, one.key, one.rerun, one.simulated_s) == (
            other.title,
            other.key,
            other.rerun,
            other.simulated_s,
        )
    # The accounts stay in the JSON: the page draws them.
    assert document["runs"][0]["verdicts"][2]["report"]["chains"]
    assert (document["title"], document["seed"], document["format"]) == ("a run", 3, 1)


def test_the_title_says_what_is_not_as_usual():
    plain = Result(scenario="storm", id="storm", client="anthropic", provider="anthropic", seed=0, status="pass")
    full = Result(
        scenario="storm", id="storm", client="naive", provider="bedrock", seed=3, status="pass", variables={"hint": 2}
    )

    assert (plain.title, full.title) == ("storm · anthropic", "storm · naive · bedrock · seed 3 · hint=2")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "it has no runs in it"),
        ({"runs": {}}, "it has no runs in it"),
        (
            {"runs": [], "format": 2, "windtunnel": "7"},
            "it is in format 2, and this windtunnel reads 1; .* windtunnel 7",
        ),
        ({"runs": [{"title": "a"}], "format": 1}, "a run in it is not as it was written: KeyError"),
        ({"runs": ["a"], "format": 1}, "a run in it is not as it was written: TypeError"),
    ],
)
def test_a_document_that_is_none_is_refused(document: object, said: str):
    with pytest.raises(ResultsError, match=said):
        results_from_json(document)
