"""The tables against the SDK's types: what those allow passes, and a single change is refused where it was made."""

from __future__ import annotations

import collections.abc
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Union, get_args, get_origin

import pytest
import typing_extensions
from anthropic.types.anthropic_beta_param import AnthropicBetaParam
from anthropic.types.beta.beta_content_block_param import BetaContentBlockParam
from anthropic.types.beta.beta_system_message_param import BetaSystemMessageParam
from anthropic.types.beta.beta_tool_union_param import BetaToolUnionParam
from anthropic.types.beta.message_create_params import MessageCreateParamsBase
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from windtunnel_server.model.validation.blocks import BLOCKS
from windtunnel_server.model.validation.request import REQUEST
from windtunnel_server.model.validation.server_tools import SERVER_TOOLS
from windtunnel_server.model.validation.shape import EXTRA, REQUIRED
from windtunnel_server.model.validation.terms import Terms

ANY = frozenset(get_args(get_args(AnthropicBetaParam)[1]))
TERMS = Terms(betas=ANY)
SLOW = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=100)

#: Objects whose keys are free, and those in a union without a tag, where the fault told is not the nearest.
FREE = {"input", "input_schema", "schema", "properties", "input_examples", "trigger", "configs"}
UNTAGGED = {kind for kind in BLOCKS if kind.endswith("_tool_result")}
#: The trigger of a fallback is whatever it was.
ANYTHING = {"trigger"}
#: In the body of some clouds only, or in headers.
NOT_IN_BODY = {"betas", "workspace_id"}

PLAIN: Mapping[str, Any] = {
    "model": st.just("claude-sonnet-5"),
    "id": st.just("srvtoolu_1"),
    "tool_use_id": st.just("srvtoolu_1"),
    "tool_id": st.just("srvtoolu_1"),
    "budget_tokens": st.integers(1024, 4096),
    "input_schema": st.just({"type": "object"}),
    "trigger": st.just({"type": "input_tokens", "value": 60_000}),
}
WORDS = st.sampled_from(["a", "tides", "srvtoolu_1"])


def values(wanted: Any, name: str = "") -> st.SearchStrategy[Any]:
    """Give values of a type of the SDK, as JSON has them."""
    origin, inner = get_origin(wanted), get_args(wanted)
    if name in PLAIN:
        return PLAIN[name]  # type: ignore[no-any-return]
    if typing_extensions.is_typeddict(wanted):
        return st.deferred(lambda: record_of(wanted))
    if origin in (typing_extensions.Required, typing_extensions.NotRequired, typing.Annotated):
        return values(inner[0], name)
    if origin is Union:
        return st.one_of(*(values(kind) for kind in inner if not is_foreign(kind)))
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (list, collections.abc.Iterable, collections.abc.Sequence):
        return st.lists(values(inner[0]), min_size=1, max_size=2)
    if origin in (dict, collections.abc.Mapping):
        return st.dictionaries(WORDS, values(inner[1]), max_size=1)
    return {str: WORDS, int: st.integers(1, 9), bool: st.booleans(), type(None): st.none()}.get(wanted, st.just({}))


def is_foreign(kind: Any) -> bool:
    """Tell what is no JSON: models of answers, files, paths."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return True
    return get_origin(kind) not in (Literal, list, dict, collections.abc.Iterable, collections.abc.Sequence) and not (
        typing_extensions.is_typeddict(kind) or kind in (str, int, bool, type(None)) or get_origin(kind) is Union
    )


def hints(wanted: Any) -> dict[str, Any]:
    return {
        k: v for k, v in typing_extensions.get_type_hints(wanted, include_extras=True).items() if k not in NOT_IN_BODY
    }


def record_of(wanted: Any) -> st.SearchStrategy[dict[str, Any]]:
    known = hints(wanted)
    needed = {name for name, kind in known.items() if get_origin(kind) is typing_extensions.Required}
    if "role" in known:
        # The SDK lets a system message have no content.
        needed |= {"content"}
    sure = {name: values(known[name], name) for name in needed}
    return st.fixed_dictionaries(sure, optional={n: values(k, n) for n, k in known.items() if n not in needed})


def around(name: str, wanted: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Give requests that have a piece of a type, and little else."""

    def plain() -> dict[str, Any]:
        return {"model": "claude-sonnet-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}

    wrapped = {
        "block": lambda piece: plain() | {"messages": [{"role": "user", "content": [piece]}]},
        "message": lambda piece: plain() | {"messages": [piece]},
        "tool": lambda piece: plain() | {"tools": [piece]},
    }.get(name, lambda piece: plain() | {name: piece})
    return values(wanted, name).map(wrapped)


PIECES = [
    *(("block", kind) for kind in get_args(BetaContentBlockParam) if not is_foreign(kind)),
    *(("tool", kind) for kind in get_args(BetaToolUnionParam)),
    ("message", BetaSystemMessageParam),
    *(item for item in hints(MessageCreateParamsBase).items() if item[0] not in ("messages", "tools")),
]
REQUESTS = st.one_of(*(around(name, wanted) for name, wanted in PIECES))


@SLOW
@given(REQUESTS)
def test_what_the_sdks_types_allow_has_the_right_shape(request: dict[str, Any]) -> None:
    assert REQUEST(request, TERMS) is None


@SLOW
@given(REQUESTS, st.data())
def test_a_key_nobody_knows_is_refused_where_it_is(request: dict[str, Any], data: st.DataObject) -> None:
    path, place = data.draw(st.sampled_from(list(objects(request))))

    place["bogus"] = 1

    assert leads(REQUEST(request, TERMS), [*path, "bogus"], EXTRA)


@SLOW
@given(REQUESTS, st.data())
def test_a_key_that_is_missing_is_told(request: dict[str, Any], data: st.DataObject) -> None:
    tagged = [(path, place) for path, place in objects(request) if path and "type" in place]
    path, place = data.draw(st.sampled_from(tagged or [([], request)]))
    gone = "type" if path else "messages"

    del place[gone]

    fault = REQUEST(request, TERMS)
    # A tool without a type is one's own, and misses other keys.
    assert path[:1] == ["tools"] or "definition" in path or leads(fault, [*path, gone], REQUIRED)


@SLOW
@given(REQUESTS, st.data())
def test_a_value_of_another_type_is_refused_where_it_is(request: dict[str, Any], data: st.DataObject) -> None:
    path, place = data.draw(st.sampled_from([found for found in objects(request) if found[1].keys() - ANYTHING]))
    name = data.draw(st.sampled_from(sorted(place.keys() - ANYTHING)))
    told = [*path, name] if name != "type" else path

    place[name] = 0.5

    assert leads(REQUEST(request, TERMS), told, None)


def objects(value: Any, path: list[Any] | None = None) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """Give every object whose keys are known, and where it is."""
    path = path or []
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from objects(item, [*path, place])
    elif isinstance(value, dict):
        yield path, value
        if value.get("type") not in UNTAGGED:
            for name, member in value.items():
                if name not in FREE:
                    yield from objects(member, [*path, name])


def leads(fault: tuple[str, str] | None, path: list[Any], words: str | None) -> bool:
    """Tell whether a fault is that of a place: its path has the same steps, besides the tags of unions."""
    if fault is None or (words is not None and fault[1] != words):
        return False
    said = iter(fault[0].split("."))
    return all(str(step) in said for step in path)


@pytest.mark.parametrize(
    ("union", "table"),
    [(BetaContentBlockParam, BLOCKS), (BetaToolUnionParam, {"custom": None, **SERVER_TOOLS})],
    ids=["blocks", "tools"],
)
def test_the_tables_have_every_kind_that_the_sdk_has(union: Any, table: Mapping[str, Any]) -> None:
    known = {tag for kind in get_args(union) if not is_foreign(kind) for tag in tags(kind)}

    assert known <= set(table)
    assert set(table) - known <= {"connector_text", "mid_conv_system"}


def tags(kind: Any) -> set[str]:
    wanted = hints(kind)["type"]
    while get_origin(wanted) in (typing_extensions.Required, Union):
        wanted = get_args(wanted)[0]
    return set(get_args(wanted))
