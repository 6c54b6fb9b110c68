"""Onto the cassette: redacted, in order, one by one, and whole whatever happens."""

from __future__ import annotations

import base64
import datetime as dt
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from windtunnel.cassette import files
from windtunnel.cassette.interaction import CassetteError, Interaction, Request, Response
from windtunnel.cassette.record.writing import Writer
from windtunnel.cassette.redact import USUAL, Guard, LeakError, Redactor, Rules

BEGAN = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def interaction(number: int) -> Interaction:
    asked = Request(method="POST", uri="https://api.anthropic.com/v1/messages", body=b'{"n":%d}' % number)
    answer = Response(status=200, reason="OK", body=b"{}")
    began = BEGAN + dt.timedelta(seconds=number)
    return Interaction(request=asked, response=answer, provider="anthropic", recorded_at=began)


SECRET = "q7Zr-opaque-value-0815-Xy2w/T+b"
BASE64 = base64.b64encode(f"a: {SECRET}".encode()).decode()


def guard(rules: Rules = USUAL) -> Guard:
    return Guard("a.yaml", Redactor(rules, environ={}))


def saying(number: int, body: bytes) -> Interaction:
    one = interaction(number)
    return replace(one, response=replace(one.response, headers=(("content-type", "application/json"),), body=body))


def giving_away(number: int) -> Interaction:
    one = interaction(number)
    return replace(one, request=replace(one.request, headers=(("x-api-key", SECRET),)))


def answers(path: Path) -> list[bytes]:
    return [one.response.body for one in files.load(path).interactions]


def numbers(path: Path) -> list[bytes]:
    return [one.request.body for one in files.load(path).interactions]


def test_each_is_on_the_disk_as_soon_as_it_has_ended(tmp_path):
    path = tmp_path / "new" / "a.yaml"
    writer = Writer(path)

    writer(interaction(1))
    writer.settle()

    assert numbers(path) == [b'{"n":1}']
    writer.close()


def test_they_stand_in_the_order_in_which_they_began(tmp_path):
    writer = Writer(tmp_path / "a.yaml")

    for number in (2, 0, 3, 1):
        writer(interaction(number))
        writer.settle()
    writer.close()

    assert numbers(tmp_path / "a.yaml") == [b'{"n":%d}' % number for number in range(4)]
    assert writer.count == 4


def test_what_was_there_stays_unless_it_is_recorded_afresh(tmp_path):
    path = tmp_path / "a.yaml"
    for afresh, number, expected in [(False, 1, [1]), (False, 2, [1, 2]), (True, 3, [3])]:
        writer = Writer(path, afresh=afresh)
        writer(interaction(number))
        writer.close()
        assert numbers(path) == [b'{"n":%d}' % one for one in expected]


def test_a_recording_of_nothing_leaves_the_old_one(tmp_path):
    path = tmp_path / "a.yaml"
    first = Writer(path)
    first(interaction(1))
    first.close()
    before = path.read_bytes()

    Writer(path, afresh=True).close()

    assert path.read_bytes() == before


def test_no_secret_reaches_the_disk(tmp_path):
    secret = "sk-ant-api03-" + "x7Gh" * 20 + "-AA"
    one = interaction(1)
    asked = replace(one.request, headers=(("Authorization", f"Bearer {secret}"),), body=f'{{"a":"{secret}"}}'.encode())
    writer = Writer(tmp_path / "a.yaml")

    writer(replace(one, request=asked))
    writer.close()

    assert secret not in (tmp_path / "a.yaml").read_text(encoding="utf-8")


def test_what_cannot_be_redacted_is_left_out_and_said_at_the_end(tmp_path):
    def refuse(message: Any) -> Any:
        if message.body in (b'{"n":1}', b'{"n":3}'):
            raise LeakError(f"no idea what {message.body!r} is")
        return message

    writer = Writer(tmp_path / "a.yaml", guard=guard(Rules(changes=[refuse])))
    for number in range(5):
        writer(interaction(number))

    with pytest.raises(CassetteError) as caught:
        writer.close()
    assert ["no idea what b'{\"n\":1}'" in line for line in str(caught.value).splitlines()] == [True, False]
    assert "no idea what b'{\"n\":3}'" in str(caught.value)
    assert numbers(tmp_path / "a.yaml") == [b'{"n":0}', b'{"n":2}', b'{"n":4}']
    assert writer.count == 3


def test_a_damaged_cassette_is_left_as_it_is(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("interactions: [", encoding="utf-8")
    writer = Writer(path)
    writer(interaction(1))

    with pytest.raises(CassetteError, match="left as it is"):
        writer.close()
    assert path.read_text(encoding="utf-8") == "interactions: ["


@pytest.mark.parametrize("after", [0, 1, 3, 7])
def test_a_kill_leaves_a_whole_cassette(tmp_path, after):
    path = tmp_path / "a.yaml"
    program = f"""
import datetime as dt, itertools
from pathlib import Path
from windtunnel.cassette.interaction import Interaction, Request, Response
from windtunnel.cassette.record.writing import Writer
writer = Writer(Path({str(path)!r}))
for number in itertools.count():
    asked = Request(method="POST", uri="https://api.anthropic.com/v1/messages", body=b"%d" % number)
    began = dt.datetime.now(dt.UTC)
    writer(Interaction(request=asked, response=Response(status=200, body=b"x" * 20000), recorded_at=began))
    writer.settle()
    print(number, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(after + 1):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)

    there = numbers(path)
    assert len(there) > after
    assert there == [b"%d" % number for number in range(len(there))]


def test_a_secret_learnt_late_is_taken_out_of_what_was_written_in_the_same_write(tmp_path):
    path = tmp_path / "a.yaml"
    writer = Writer(path, guard=guard())
    writer(saying(1, f'{{"id":"k-1","value":"{SECRET}"}}'.encode()))
    writer(saying(2, f'{{"value":"{BASE64}"}}'.encode()))
    writer(saying(3, b'{"value":"calm"}'))
    writer.settle()
    before = answers(path)

    writer(giving_away(4))
    writer.settle()

    assert SECRET.encode() in before[0]
    assert answers(path)[0] == b'{"id":"k-1","value":"REDACTED"}'
    assert BASE64.encode() not in path.read_bytes()
    assert answers(path)[2] == before[2]
    writer.close()
    assert writer.count == 4


def test_what_was_there_before_is_looked_through_for_it_too(tmp_path):
    path = tmp_path / "a.yaml"
    first = Writer(path, guard=guard())
    first(saying(1, f'{{"value":"{SECRET}"}}'.encode()))
    first.close()

    second = Writer(path, guard=guard())
    second(interaction(2))
    second.settle()
    assert SECRET.encode() in path.read_bytes()
    second(giving_away(3))
    second.close()

    assert answers(path) == [b'{"value":"REDACTED"}', b"{}", b"{}"]


def test_what_an_interaction_gave_away_that_was_left_out_is_gone_at_the_end(tmp_path):
    path = tmp_path / "a.yaml"
    writer = Writer(path, guard=guard())
    writer(saying(1, f'{{"value":"{SECRET}"}}'.encode()))
    writer.settle()
    unreadable = giving_away(2)
    writer(replace(unreadable, request=replace(unreadable.request, body=b"\0\1")))

    with pytest.raises(CassetteError, match="cannot be looked into"):
        writer.close()

    assert answers(path) == [b'{"value":"REDACTED"}']


def test_what_cannot_be_made_clean_later_is_taken_out_and_said(tmp_path):
    path = tmp_path / "a.yaml"
    writer = Writer(path, guard=guard())
    one = interaction(1)
    # Nothing changes the name of a header: a client needs it as it is.
    writer(replace(one, response=replace(one.response, headers=(("x-opaque-value-0815-xy2w", "1"),))))
    writer(interaction(2))
    writer.settle()
    assert len(numbers(path)) == 2
    three = interaction(3)
    writer(replace(three, request=replace(three.request, headers=(("x-api-key", "x-opaque-value-0815-xy2w"),))))

    with pytest.raises(CassetteError, match=r"(?s)an interaction was taken out again\. .*a\.yaml, line") as caught:
        writer.close()

    assert "0815" not in str(caught.value)
    assert numbers(path) == [b'{"n":2}', b'{"n":3}']
    assert writer.count == 2


def test_a_secret_outside_of_all_interactions_is_complained_of_and_costs_nothing(tmp_path):
    path = tmp_path / "a.yaml"
    first = Writer(path, guard=guard())
    first(interaction(1))
    first.close()
    path.write_text(
        path.read_text(encoding="utf-8").replace("# --- 1 ---", f"# {SECRET}\n# --- 1 ---"), encoding="utf-8"
    )

    second = Writer(path, guard=guard())
    second(giving_away(2))

    with pytest.raises(CassetteError, match="in a comment"):
        second.close()
    assert numbers(path) == [b'{"n":1}', b'{"n":2}']
