"""The Jinja of a script: no way out of it, nothing that changes what it sees, and an end to whatever it does."""

from __future__ import annotations

from typing import Any

import pytest
from jinja2.exceptions import SecurityError, TemplateError

from windtunnel_server.sandbox import MAX_LENGTH, MAX_ROUNDS, environment


def write(source: str, **values: Any) -> str:
    sandbox = environment()
    return sandbox.write(sandbox.read(source), values)


class Thing:
    """Something with a way out."""

    def header(self, name: str) -> str:
        return name


@pytest.mark.parametrize(
    "source",
    [
        "{{ text.__class__ }}",
        "{{ text['__class__'] }}",
        "{{ header.__globals__ }}",
        "{{ header.__self__ }}",
        "{{ header.__func__.__code__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ request.__init__ }}",
        "{{ self.__init__.__globals__ }}",
        "{{ range.__class__ }}",
        "{{ loop.__class__ }}",
        "{{ text|attr('__class__') }}",
        "{{ '{0.__class__}'.format(text) }}",
        "{{ '{0.__class__}'.format_map({'0': text}) }}",
        "{% for x in [1] %}{{ loop._iterator }}{% endfor %}",
        "{{ cycler.__init__ }}{{ lipsum() }}",
    ],
)
def test_there_is_no_way_out(source: str) -> None:
    with pytest.raises((TemplateError, TypeError)):
        write(source, text="a", header=Thing().header, request={"a": 1})


@pytest.mark.parametrize(
    "source",
    ["{{ request.clear() }}", "{{ request.update({'b': 2}) }}", "{{ request.pop('a') }}", "{{ request.a.append(2) }}", "{{ request.a.sort() }}"],
)  # fmt: skip
def test_nothing_can_be_changed(source: str) -> None:
    request = {"a": [2, 1]}

    with pytest.raises(SecurityError):
        write(source, request=request)

    assert request == {"a": [2, 1]}


BILLION = "1000000000"


@pytest.mark.parametrize(
    "source",
    [
        f"{{{{ 'x' * {BILLION} }}}}",
        f"{{{{ {BILLION} * 'x' }}}}",
        f"{{{{ [1] * {BILLION} }}}}",
        "{{ 'x' * 10 ** 9 }}",
        "{{ 9 ** 999999999 }}",
        f"{{{{ '%{BILLION}d' % 1 }}}}",
        f"{{{{ '{{:>{BILLION}}}'.format(1) }}}}",
        f"{{{{ 'x'.center({BILLION}) }}}}",
        f"{{{{ 'x'.ljust({BILLION}) }}}}",
        f"{{{{ 'x'.zfill({BILLION}) }}}}",
        f"{{{{ (1).to_bytes({BILLION}) }}}}",
        f"{{{{ 'x'|center({BILLION}) }}}}",
        f"{{{{ 'x'|indent({BILLION}) }}}}",
        f"{{{{ '%{BILLION}d'|format(1) }}}}",
        f"{{{{ [1]|tojson(indent={BILLION}) }}}}",
        f"{{{{ range({BILLION})|list }}}}",
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{{ text }}{% endfor %}",
        "{{ (text * 1000).replace('a', text * 1000) }}",
        "{{ (text * 1000)|replace('a', text * 1000) }}",
        "{{ (text * 1000).join(range(10000)) }}",
        "{{ range(10000)|join(text * 1000) }}",
        "{{ (text * 6000 + text * 6000)|length }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% set x %}{{ text }}{% endset %}",
    ],
)
def test_what_would_go_on_or_grow_for_ever_is_an_error(source: str) -> None:
    with pytest.raises((TemplateError, OverflowError, TypeError)):
        write(source, text="a" * 100)


def test_numbers_stay_small() -> None:
    with pytest.raises(SecurityError, match="bits"):
        write("{% set a = 10000000000000000000000000 * 1 %}" + "{% set a = a * a %}" * 20)


def test_what_is_within_bounds_is_written() -> None:
    assert len(write("{{ 'x' * n }}", n=MAX_LENGTH)) == MAX_LENGTH
    assert len(write("{% for a in range(n) %}x{% endfor %}", n=MAX_ROUNDS)) == MAX_ROUNDS


def test_each_time_has_bounds_of_its_own() -> None:
    sandbox = environment()
    template = sandbox.read("{% for a in range(60000) %}{% endfor %}done")

    assert [sandbox.write(template, {}) for _ in range(3)] == ["done"] * 3


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ 'ab'.replace('b', 'cc') }} {{ 'ab'|replace('b', 'cc') }}", "acc acc"),
        ("{{ 'aab'.replace('a', 'c', 1) }}", "cab"),
        (
            "{{ ', '.join(['a', 'b']) }} {{ ['a', 2]|join('-') }} {{ [{'n': 1}, {'n': 2}]|join('+', attribute='n') }}",
            "a, b a-2 1+2",
        ),
        ("{{ {'a': ['<é>', None]}|tojson }}", '{"a": ["<é>", null]}'),
        ("{{ 7 * 6 - 2 }} {{ 7 % 4 }} {{ 'a' + 'b' }} {{ 'a' ~ 1 }} {{ 'a' * 3 }}", "40 3 ab a1 aaa"),
        ("{{ 'A b'.lower().split()[1].upper() }}", "B"),
        ("{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{{ loop.last }}{% endfor %}", "a1True"),
        ("{% for a in [1, [2]] recursive %}{{ loop(a) if a is iterable else a }}{% endfor %}", "12"),
        ("{% for a in [1, 2] if a > 1 %}{{ a }}{% else %}none{% endfor %}", "2"),
        ("{{ ['b', 'a']|sort|first }} {{ 'a b c'|wordcount }} {{ none }}.", "a 3 ."),
        ("{% set a = 'x' %}{{ a }}{# said #}", "x"),
    ],
)
def test_the_usual_means_are_there(source: str, text: str) -> None:
    assert write(source) == text
