"""Onto the cassette: redacted, in order, one by one, and whole whatever happens."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from windtunnel.cassette import files
from windtunnel.cassette.interaction import CassetteError, Interaction, Request, Response
from windtunnel.cassette.record.writing import Writer

BEGAN = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def interaction(number: int) -> Interaction:
    asked = Request(method="POST", uri="https://api.anthropic.com/v1/messages", body=b'{"n":%d}' % number)
    answer = Response(status=200, reason="OK", body=b"{}")
    began = BEGAN + dt.timedelta(seconds=number)
    return Interaction(request=asked, response=answer, provider="anthropic", recorded_at=began)


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
    def redact(one: Interaction) -> Interaction:
        if b"1" in one.request.body:
            raise CassetteError("no idea what this is")
        return one

    writer = Writer(tmp_path / "a.yaml", redact=redact)
    for number in range(3):
        writer(interaction(number))

    with pytest.raises(CassetteError, match="no idea"):
        writer.close()
    assert numbers(tmp_path / "a.yaml") == [b'{"n":0}', b'{"n":2}']


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
