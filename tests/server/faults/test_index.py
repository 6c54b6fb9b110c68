from __future__ import annotations

import inspect
import itertools
import math
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from windtunnel_server import faults
from windtunnel_server.faults import FAULTS
from windtunnel_server.plan import End, Head, Plan
from windtunnel_server.script import ScriptError

FOLDER = Path(inspect.getfile(faults)).parent
FILES = sorted(path.stem for path in FOLDER.glob("*.py") if not path.name.startswith("_"))
#: How a message says what to do.
REMEDIES = ("use ", "leave ", "lay ", "choose ")
MOMENTS = ("streamed", "unstreamed", "aws_stream", "converse_stream")


def test_every_file_of_the_folder_is_in_the_index_and_nothing_else() -> None:
    assert sorted(FAULTS) == FILES


@pytest.mark.parametrize("name", FILES)
def test_every_file_has_a_test_file_of_the_same_name(name: str) -> None:
    assert (Path(__file__).parent / f"test_{name}.py").is_file()


@pytest.mark.parametrize("name", FILES)
def test_every_file_has_one_public_function_and_its_name_is_the_fault(name: str) -> None:
    module = sys.modules[FAULTS[name].apply.__module__]

    functions = [value for value in vars(module).values() if inspect.isfunction(value)]
    own = [function for function in functions if function.__module__ == module.__name__]
    assert [function.__name__ for function in own if not function.__name__.startswith("_")] == [name]


@pytest.mark.parametrize("name", FILES)
def test_every_fault_says_what_is_seen_and_why_it_happens(name: str) -> None:
    seen, _, why = (inspect.getdoc(FAULTS[name].apply) or "").partition("\n\n")

    assert seen == FAULTS[name].about
    assert seen.endswith(".")
    assert why.startswith("Seen ")


@pytest.mark.parametrize("name", FILES)
def test_every_default_is_a_value_the_option_accepts(name: str) -> None:
    for option in FAULTS[name].options.values():
        assert option.complaint(option.default) is None


def test_two_faults_act_at_the_door() -> None:
    assert [name for name in FAULTS if faults.is_door(name)] == ["connection_refused", "connection_dropped"]


def test_options_are_read_off_the_signature() -> None:
    assert faults.options_of("stall") == {"after_events", "for_s", "ping_every_s"}
    assert FAULTS["stall"].options["for_s"].default == math.inf
    assert FAULTS["regroup"].options["bytes"].text == "a whole number of bytes from 1 up, or 'random'"


def test_an_unknown_fault_is_an_error_that_names_the_nearest() -> None:
    for ask in (lambda: faults.check("stal", {}), lambda: faults.options_of("stal"), lambda: faults.is_door("stal")):
        with pytest.raises(ScriptError, match=r"unknown fault 'stal'; did you mean stall\?"):
            ask()


def test_an_unknown_option_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(ScriptError, match=r"stall: unknown option 'after_event'; did you mean after_events\?"):
        faults.check("stall", {"after_event": 2})


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("stall", {"for_s": -1}),
        ("stall", {"for_s": math.nan}),
        ("stall", {"for_s": "30"}),
        ("stall", {"for_s": True}),
        ("stall", {"after_events": 1.5}),
        ("stall", {"after_events": -1}),
        ("stall", {"ping_every_s": math.inf}),
        ("malformed_json", {"at_event": -1}),
        ("malformed_json", {"at_event": None}),
        ("slow_first_byte", {"for_s": math.inf}),
        ("slow_drip", {"bytes": 0}),
        ("regroup", {"bytes": "rendom"}),
        ("regroup", {"at": [3, 2]}),
        ("regroup", {"at": [0]}),
        ("regroup", {"at": 3}),
        ("wrong_content_length", {"by": 0}),
        ("gzip", {"level": 10}),
        ("cut_utf8", {"end": "stop"}),
        ("cut_utf8", {"end": 3}),
        ("unknown_event", {"name": "a\nb"}),
        ("wrong_content_type", {"value": "text/html\r\nx: y"}),
        ("error_event", {"message": 5}),
    ],
)
def test_a_value_of_the_wrong_type_or_out_of_range_is_an_error(name: str, options: dict[str, Any]) -> None:
    (option,) = options

    with pytest.raises(ScriptError, match=f"^{name}: {option} is .*, and must be "):
        faults.check(name, options)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("stall", {"for_s": 3, "ping_every_s": None}),
        ("regroup", {"bytes": "random"}),
        ("regroup", {"at": [1, 5]}),
        ("wrong_content_length", {"by": -2}),
        ("cut_utf8", {"end": "reset"}),
    ],
)
def test_good_values_pass(name: str, options: dict[str, Any]) -> None:
    faults.check(name, options)


def test_the_name_of_an_error_is_checked_against_the_errors() -> None:

    faults.check("error_event", {"kind": "rate_limited"})
    with pytest.raises(
        ScriptError,
        match="kind is 'overlaoded', and must be the name of an error the API itself sends; did you mean overloaded",
    ):
        faults.check("error_event", {"kind": "overlaoded"})
    with pytest.raises(ScriptError, match="kind is 'bad_gateway', and must be "):
        faults.check("error_event", {"kind": "bad_gateway"})


def test_apply_checks_the_options_first(streamed: Plan, rng: Random) -> None:
    with pytest.raises(ScriptError, match="after_events is -1"):
        faults.apply(streamed, "stall", {"after_events": -1}, rng)


def test_apply_hands_on_options_and_chance(streamed: Plan) -> None:
    first, again = (faults.apply(streamed, "regroup", {"bytes": "random"}, Random(3)) for _ in range(2))

    assert first == again
    assert first.body == streamed.body


@pytest.mark.parametrize("moment", MOMENTS)
def test_any_two_faults_give_a_plan_a_driver_can_perform_or_a_remedy(
    moment: str, request: pytest.FixtureRequest, is_well_formed: Callable[[Plan], bool]
) -> None:
    calm: Plan = request.getfixturevalue(moment)

    pairs = list(itertools.product(FAULTS, repeat=2))

    outcomes = {pair: laid_over(calm, pair) for pair in pairs}

    broken = [pair for pair, outcome in outcomes.items() if isinstance(outcome, Plan) and not is_well_formed(outcome)]
    mute = [text for text in outcomes.values() if isinstance(text, str) and not any(map(text.__contains__, REMEDIES))]
    assert (broken, mute) == ([], [])


def laid_over(calm: Plan, names: tuple[str, ...]) -> Plan | str:
    try:
        for name in names:
            calm = faults.apply(calm, name, {}, Random(1))
    except ScriptError as refusal:
        return str(refusal)
    return calm


#: One is for JSON, one for a call of a tool, one for frames.
CHOOSY = ("truncated_json", "cut_tool_input", "wrong_checksum")


@pytest.mark.parametrize("name", [name for name in FILES if name not in CHOOSY])
def test_every_fault_but_the_choosy_ones_acts_on_a_stream_of_text(name: str, streamed: Plan, rng: Random) -> None:
    assert faults.apply(streamed, name, {}, rng) != streamed


@pytest.mark.parametrize("name", [name for name in FILES if name not in ("truncated_json", "cut_tool_input")])
def test_every_fault_but_the_choosy_ones_acts_on_a_stream_of_frames(name: str, aws_stream: Plan, rng: Random) -> None:
    assert faults.apply(aws_stream, name, {}, rng) != aws_stream


#: The events of Converse are no message of the Messages API, and all of them in this one are of a tool.
NOT_OF_CONVERSE = ("truncated_json", "json_instead_of_stream")


@pytest.mark.parametrize("name", [name for name in FILES if name not in NOT_OF_CONVERSE])
def test_every_fault_but_the_choosy_ones_acts_on_a_stream_of_converse(
    name: str, converse_stream: Plan, rng: Random
) -> None:
    assert faults.apply(converse_stream, name, {}, rng) != converse_stream


def test_a_plan_is_left_as_it_was(streamed: Plan, rng: Random) -> None:
    before, notes = streamed.steps, dict(streamed.notes)

    for name in FAULTS:
        if name not in CHOOSY:
            faults.apply(streamed, name, {}, rng)

    assert (streamed.steps, streamed.notes) == (before, notes)


def test_faults_that_act_on_the_head_refuse_a_plan_without_one(rng: Random) -> None:
    with pytest.raises(ScriptError, match="nothing is left to act on"):
        faults.apply(Plan((End(),)), "wrong_content_type", {}, rng)


def test_a_stream_that_lost_its_events_is_told_apart_from_one_that_has_none(rng: Random) -> None:
    emptied = Plan((Head(200, (("content-type", "text/event-stream; charset=utf-8"),)), End()))

    with pytest.raises(ScriptError, match="an earlier fault left none; lay malformed_json before it"):
        faults.apply(emptied, "malformed_json", {}, rng)
