"""Templates over a request: what they can name, what they fill in, what is said where they do not fit."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.conditions import Facts
from windtunnel_server.script import ReplySpec, ScriptError, Step
from windtunnel_server.templates import NAMES, rendered
from windtunnel_server.words import fail, reply

REQUEST: dict[str, Any] = {
    "model": "claude-sonnet-4-6",
    "system": "Be brief.",
    "metadata": None,
    "messages": [
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "<42>"}, {"type": "text", "text": "So?"}]}
    ],
}  # fmt: skip


@pytest.fixture
def facts() -> Facts:
    call = Call("POST", "/v1/messages", headers=(("X-App", "cli"),), json=REQUEST)
    return Facts(call, "messages", 3, lambda request: 1234)


def content(step: Step) -> tuple[Any, ...]:
    assert step.reply is not None
    return step.reply.content


def filled(template: str, facts: Facts) -> str:
    (block,) = content(rendered(reply(template, template=True), facts))
    return str(block["text"])


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ request.model }}, {{ request['model'] }}", "claude-sonnet-4-6, claude-sonnet-4-6"),
        ("{{ text }}", "So?"),
        ("{{ system }}", "Be brief."),
        ("{{ tool_results[0] }} of {{ tool_results|length }}", "<42> of 1"),
        ("{{ number }}, {{ tokens + 1 }}", "3, 1235"),
        ('{{ header("x-app") }}{{ header("x-none") }}.', "cli."),
        ('{% if header("x-none") %}yes{% else %}no{% endif %}', "no"),
        ("{{ request.metadata }}.", "."),
        ("{{ request.nothing is defined }} {{ request.nothing|default('a') }}", "False a"),
        ("{% for turn in request.messages %}{{ loop.index }} {{ turn.role }}{% endfor %}", "1 user"),
        ("{% raw %}{{ text }}{% endraw %}\n", "{{ text }}\n"),
        ("plain", "plain"),
    ],
)
def test_a_template_names_what_is_known_of_a_call(template: str, text: str, facts: Facts) -> None:
    assert filled(template, facts) == text


def test_every_name_has_a_value(facts: Facts) -> None:
    for name in NAMES:
        assert filled(f"{{{{ {name} is defined }}}}", facts) == "True"


def test_every_text_of_a_reply_is_a_template_and_nothing_else_is(facts: Facts) -> None:
    step = reply(
        thinking="{{ number }}?",
        tool_use={"name": "look", "input": {"at": ["{{ text }}", 5], "{{ key }}": None}},
        model="{{ text }}",
        template=True,
    )

    done = rendered(step, facts)

    thinking, called = content(done)
    assert thinking["thinking"] == "3?"
    assert called["input"] == {"at": ["So?", 5], "{{ key }}": None}
    assert done.reply is not None and done.reply.model == "{{ text }}"


def test_a_step_is_filled_in_anew_for_each_call(facts: Facts) -> None:
    step = reply("{{ number }}", template=True)

    texts = [content(rendered(step, replace(facts, number=number)))[0]["text"] for number in (1, 2)]

    assert texts == ["1", "2"]
    assert content(step) == ({"type": "text", "text": "{{ number }}"},)


@pytest.mark.parametrize("step", [reply("{{ text }}"), reply(), fail(429)], ids=str)
def test_what_is_no_template_stays_as_it_is(step: Step, facts: Facts) -> None:
    assert rendered(step, facts) is step


def test_tokens_are_counted_only_where_they_are_named(facts: Facts) -> None:
    counting: list[Any] = []
    asked = replace(facts, count=lambda request: len(counting.append(request) or "1234"))  # type: ignore[func-returns-value]

    filled("{{ text }}", asked)
    assert counting == []
    assert filled("{{ tokens }}", asked) == "4"
    assert counting == [REQUEST]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ txt }}", "reply: the template '{{ txt }}': unknown 'txt'; did you mean text?"),
        ("{{ text", "reply: the template '{{ text' cannot be read: unexpected end of template"),
        ("{{ text|uper }}", "cannot be read: No filter named 'uper'"),
        ("{% include 'a' %}", "cannot be read: include is not available"),
    ],
)
def test_a_template_that_cannot_be_is_told_when_it_is_written(template: str, message: str) -> None:
    with pytest.raises(ScriptError) as caught:
        reply(
            "Hello", template=True, tool_use={"name": "look", "input": {"at": template}}
        ) if "txt" in template else reply(template, template=True)

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ request.nothing }}", "does not fit this call: 'dict object' has no attribute 'nothing'"),
        ("{{ tool_results[7] }}", "does not fit this call: list object has no element 7"),
        ("{{ 1 / 0 }}", "does not fit this call: division by zero"),
        ("{{ text() }}", "does not fit this call: 'str' object is not callable"),
    ],
)
def test_a_template_that_does_not_fit_says_why(template: str, message: str, facts: Facts) -> None:
    with pytest.raises(ScriptError) as caught:
        filled(template, facts)

    assert f"reply: the template '{template}' {message}" in str(caught.value)


def test_a_long_template_is_shown_by_its_beginning(facts: Facts) -> None:
    with pytest.raises(ScriptError) as caught:
        filled("{{ request.nothing }}" + "long " * 1000, facts)

    assert len(str(caught.value)) < 400


def test_a_machine_without_jinja_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.delitem(sys.modules, "windtunnel_server.sandbox", raising=False)

    with pytest.raises(ScriptError, match="pip install jinja2"):
        reply("{{ text }} of a machine without jinja", template=True)


def test_a_template_is_said_with_true() -> None:
    with pytest.raises(ScriptError, match="template: true"):
        reply("a", template="{{ text }}")


def test_a_spec_says_whether_it_is_a_template() -> None:
    assert not ReplySpec(content=()).template
