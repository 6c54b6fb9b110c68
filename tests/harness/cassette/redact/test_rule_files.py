"""Rules in files, in modules, and beside cassettes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from windtunnel.cassette.redact import Pattern, RuleError, Rules, rules_for
from windtunnel.cassette.redact.rule_files import load, read

YAML = r"""
headers: [x-team]
keys: [ssn]
patterns:
  - 'case-\d+'
  - {pattern: 'cust-\d+', placeholder: cust-0}
keep: [e-mail]
binary: [application/zip]
"""
TOML = r"""
headers = ["x-team"]
keys = ["ssn"]
patterns = ['case-\d+', {pattern = 'cust-\d+', placeholder = "cust-0"}]
keep = ["e-mail"]
binary = ["application/zip"]
"""
RULES = Rules(
    headers=["x-team"],
    keys=["ssn"],
    patterns=[r"case-\d+", Pattern(r"cust-\d+", "cust-0")],
    keep=["e-mail"],
    binary=["application/zip"],
)


@pytest.mark.parametrize(("name", "text"), [("a.yaml", YAML), ("a.toml", TOML)])
def test_a_file_says_what_rules_say(tmp_path: Path, name: str, text: str):
    (tmp_path / name).write_text(text, encoding="utf-8")

    assert load(tmp_path / name) == RULES


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("header: [x]", r"a\.yaml: 'header' is no rule; perhaps headers"),
        ("zzz: [x]", r"'zzz' is no rule; there are headers, keys, patterns, keep, binary"),
        ("changes: [x]", "a file cannot hold; write the rules in Python, and name them MODULE:NAME"),
        ("headers: x-team", r"a\.yaml: headers = 'x-team' is not a list"),
        ("patterns: [{patern: a}]", r"patterns: \{'patern': 'a'\} is none; write \{pattern: …, placeholder: …\}"),
        ("[a", r"a\.yaml: while parsing"),
        ("- a", r"a\.yaml: the rules are list; write lists under headers"),
    ],
)
def test_a_file_that_cannot_be_followed_says_why(tmp_path: Path, text: str, message: str):
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(RuleError, match=message):
        load(tmp_path / "a.yaml")


def test_a_file_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(RuleError, match=r"b\.yaml: the rules of redaction cannot be read: No such file"):
        read(str(tmp_path / "b.yaml"))
    with pytest.raises(RuleError, match=r"rules\.txt: rules are in a file \*\.yaml"):
        read("rules.txt")


def test_rules_may_be_written_in_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    text = "from windtunnel.cassette.redact import Rules\nRULES = Rules(keys=['ssn'])\nOTHER = 7\n"
    (tmp_path / "own_rules_of_ours.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.chdir(tmp_path)

    assert read("own_rules_of_ours:RULES") == Rules(keys=["ssn"])
    with pytest.raises(RuleError, match=r"OTHER: this is int; give windtunnel\.cassette\.redact\.Rules"):
        read("own_rules_of_ours:OTHER")
    with pytest.raises(RuleError, match="no_such:RULES: cannot be imported: ModuleNotFoundError"):
        read("no_such:RULES")


def test_those_asked_for_go_before_those_beside_the_cassette(tmp_path: Path):
    (tmp_path / "windtunnel.redact.yaml").write_text("keys: [beside]", encoding="utf-8")
    (tmp_path / "other.yaml").write_text("keys: [asked]", encoding="utf-8")
    cassette = tmp_path / "cassettes" / "a.yaml"

    assert rules_for([cassette]) == Rules(keys=["beside"])
    assert rules_for([cassette], str(tmp_path / "other.yaml")) == Rules(keys=["asked"])
