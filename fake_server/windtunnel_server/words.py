"""The words a script is written in.

`fail("rate_limited", retry_after=2, times=2)` and `reply("Hello")` build steps in Python; the same steps travel as JSON
to a running server (`POST /_windtunnel/script`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from windtunnel_server import faults as index
from windtunnel_server import placing, templates
from windtunnel_server.script import (
    THENS,
    ErrorSpec,
    Fault,
    ReplySpec,
    ScriptError,
    Step,
    Stream,
    Then,
    Times,
    check_words,
    unknown_word,
)
from windtunnel_server.wire import errors
from windtunnel_server.wire.message import Block

_ERROR_OPTIONS = (
    "type",
    "message",
    "details",
    "retry_after",
    "retry_after_ms",
    "retry_after_date",
    "should_retry",
    "headers",
)
_ERROR_WORDS = (*_ERROR_OPTIONS, *placing.WORDS)


def fault(name: str, /, **options: Any) -> Fault:
    """Name a fault to lay over a reply: `reply("Hello", faults=[fault("gzip"), fault("stall", for_s=30)])`."""
    index.check(name, options)
    return Fault(name, dict(options))


def fail(
    what: str | int,
    /,
    *,
    times: Times | None = None,
    on: str = "messages",
    when: placing.Conditions | None = None,
    during: placing.Stretch | None = None,
    chance: float | None = None,
    faults: Sequence[Fault] = (),
    stream: Stream | Mapping[str, Any] | None = None,
    **options: Any,
) -> Step:
    """Answer the next call, or the next `times` calls, with a failure.

    `what` is the name of an error ("rate_limited", "overloaded", …: `wire/errors.py`), an HTTP status, or the name of
    a fault ("stall", "reset_mid_body", …: `faults/`), which then acts on a reply: the one described by the reply
    words (`text`, `content`, `tool_use`, …) or a composed one. Errors take `type`, `message`, `details`,
    `retry_after` (seconds), `retry_after_ms`, `retry_after_date` (seconds from now, sent as an HTTP date),
    `should_retry` and `headers`; a fault takes its own options, in the same call. All take the words of placing
    (`windtunnel_server.placing`): `times`, `on`, `when`, `during`, `chance`.
    """
    placed = placing.read({"times": times, "on": on, "when": when, "during": during, "chance": chance})
    if isinstance(what, bool) or not isinstance(what, (str, int)):
        raise ScriptError(f"fail: {what!r} is neither the name of a failure nor a status")
    pacing = _stream(stream)
    if pacing is not None and (isinstance(what, int) or what in errors.KINDS):
        raise ScriptError(f"fail: {what} has no stream to pace; leave stream out, or lay a fault over a reply")
    if isinstance(what, int):
        if not 400 <= what <= 599:
            raise ScriptError(f"fail: {what} is not a status from 400 to 599; answer it with reply(…) instead")
        check_words(options, _ERROR_WORDS, "fail")
        return Step(error=_error(ErrorSpec(status=what, **options)), faults=tuple(faults), **placed)
    if what in errors.KINDS:
        check_words(options, _ERROR_WORDS, f"fail: {what}")
        return Step(error=_error(ErrorSpec(kind=what, **options)), faults=tuple(faults), **placed)
    if what in index.FAULTS:
        said = {
            key: options.pop(key)
            for key in list(options)
            if key in _REPLY_OPTIONS and key not in index.options_of(what)
        }
        first = fault(what, **options)
        spec = _reply_spec(**said) if said else None
        if index.is_door(what):
            _check_door(what, placed)
        return Step(reply=spec, faults=(first, *faults), stream=pacing, **placed)
    raise ScriptError(unknown_word("fail", what, [*errors.KINDS, *index.FAULTS]))


def _check_door(what: str, placed: Mapping[str, Any]) -> None:
    asked = [name for name in ("on", "when", "chance") if placed.get(name, "any") not in ("any", "messages")]
    if asked:
        raise ScriptError(
            f"fail: {what} acts before anything is known of a call, and takes no {' and no '.join(asked)}; "
            "reset_before_headers does, or leave them out"
        )


_REPLY_OPTIONS = (
    "text",
    "content",
    "tool_use",
    "thinking",
    "stop_reason",
    "stop_sequence",
    "stop_details",
    "usage",
    "model",
    "id",
    "container",
    "context_management",
    "template",
)


def reply(
    text: str | None = None,
    /,
    *,
    times: Times | None = None,
    on: str = "messages",
    when: placing.Conditions | None = None,
    during: placing.Stretch | None = None,
    chance: float | None = None,
    faults: Sequence[Fault] = (),
    stream: Stream | Mapping[str, Any] | None = None,
    **said: Any,
) -> Step:
    """Answer the next call, or the next `times` calls, with a reply.

    `reply("Hello")`; `reply(text=…, tool_use={"name": …, "input": {…}}, thinking=…)`; `reply(content=[…])` with blocks
    in the shape of a non-streaming answer, for any kind of block. Further words: `stop_reason`, `stop_sequence`,
    `stop_details`, `usage` (first-party keys; those left out are counted), `model`, `id`, `container`,
    `context_management`. `tool_use` may be a list of calls. Ids left out are minted. With `template=True` texts are
    Jinja templates over the request (`windtunnel_server.templates`): `reply("You said {{ text }}", template=True)`.
    All take the words of placing (`windtunnel_server.placing`): `times`, `on`, `when`, `during`, `chance`.
    """
    placed = placing.read({"times": times, "on": on, "when": when, "during": during, "chance": chance})
    check_words(said, (*_REPLY_OPTIONS, *placing.WORDS, "faults", "stream"), "reply")
    if text is not None:
        if "text" in said:
            raise ScriptError("reply: the text was given twice")
        said["text"] = text
    spec = _reply_spec(**said) if said else None
    return Step(reply=spec, faults=tuple(faults), stream=_stream(stream), **placed)


def _reply_spec(**said: Any) -> ReplySpec:
    check_words(said, _REPLY_OPTIONS, "reply")
    text, thinking, calls = said.pop("text", None), said.pop("thinking", None), said.pop("tool_use", None)
    content = said.pop("content", None)
    if content is not None and (text is not None or thinking is not None or calls is not None):
        raise ScriptError("reply: content says everything; leave out text, thinking and tool_use, or content")
    if content is None:
        content = [*_thinking(thinking), *_text(text), *_tool_calls(calls)]
    if isinstance(content, (str, bytes, Mapping)) or not isinstance(content, Iterable):
        raise ScriptError(f"reply: content must be a list of blocks, not {content!r}")
    _check_types(said)
    blocks = tuple(content)
    for place, block in enumerate(blocks):
        if not isinstance(block, Mapping) or not isinstance(block.get("type"), str):
            raise ScriptError(f'reply: content[{place}] is {block!r}; write {{"type": "text", "text": …}}')
    spec = ReplySpec(content=blocks, **said)
    if spec.template:
        templates.check(spec)
    return spec


_TEXTS = ("stop_reason", "stop_sequence", "model", "id")
_OBJECTS = ("stop_details", "usage", "container", "context_management")


def _check_types(said: Mapping[str, Any]) -> None:
    for name, value in said.items():
        if name in _TEXTS and not (value is None or isinstance(value, str)):
            raise ScriptError(f"reply: {name} must be a string, not {value!r}")
        if name in _OBJECTS and not (value is None or isinstance(value, Mapping)):
            raise ScriptError(f"reply: {name} must be an object, not {value!r}")
        if name == "template" and not isinstance(value, bool):
            raise ScriptError(f"reply: template is {value!r}; write template: true, and the template as the text")


def _text(text: Any) -> list[Block]:
    if text is None:
        return []
    if not isinstance(text, str):
        raise ScriptError(f"reply: text must be a string, not {text!r}")
    return [{"type": "text", "text": text}]


def _thinking(thinking: Any) -> list[Block]:
    if thinking is None:
        return []
    if not isinstance(thinking, str):
        raise ScriptError(f"reply: thinking must be a string, not {thinking!r}; write it as content for more")
    return [{"type": "thinking", "thinking": thinking}]


def _tool_calls(calls: Any) -> list[Block]:
    if calls is None:
        return []
    listed = [calls] if isinstance(calls, Mapping) else list(calls)
    blocks: list[Block] = []
    for call in listed:
        if not isinstance(call, Mapping) or "name" not in call:
            raise ScriptError(f'reply: tool_use is {call!r}; write {{"name": …, "input": {{…}}}}')
        check_words(call, ("name", "input", "id"), "reply: tool_use")
        blocks.append({"type": "tool_use", **call, "input": call.get("input", {})})
    return blocks


def _stream(given: Stream | Mapping[str, Any] | None) -> Stream | None:
    if given is None or isinstance(given, Stream):
        return given
    if not isinstance(given, Mapping):
        raise ScriptError(f'stream: {given!r} is not an object like {{"first_byte": 0.3}}')
    check_words(given, tuple(Stream.__dataclass_fields__), "stream")
    return Stream(**given)


def _error(spec: ErrorSpec) -> ErrorSpec:
    for name in ("retry_after", "retry_after_ms", "retry_after_date"):
        value = getattr(spec, name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ScriptError(f"{name}: {value!r} is not a number; anything else can be sent with headers={{…}}")
    if spec.retry_after is not None and spec.retry_after_date is not None:
        raise ScriptError("retry_after and retry_after_date are the same header; give one of them")
    if spec.retry_after_date is not None and abs(spec.retry_after_date) > _FAR_S:
        raise ScriptError(f"retry_after_date: {spec.retry_after_date!r} is more seconds than a date can be away")
    if not (spec.details is None or isinstance(spec.details, Mapping)):
        raise ScriptError(f"details: {spec.details!r} is not an object")
    _headers(spec.headers)
    return spec


#: Thirty years: before that lies the year 1970, where some clocks begin.
_FAR_S = 30 * 365 * 86_400


#: A name as HTTP has it (RFC 9110, section 5.6.2); a value of one line in Latin-1.
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t -~\x80-\xff]*")


def _headers(given: Any) -> None:
    if not isinstance(given, Mapping):
        raise ScriptError(f'headers: {given!r} is not an object like {{"x-note": "a"}}')
    for name, value in given.items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise ScriptError(f"headers: {name!r} is not the name of a header")
        if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
            raise ScriptError(f"headers: {name} is {value!r}, and must be a text on one line, in Latin-1")


def step_from_json(value: Any) -> Step:
    """Read one step as it stands in a scenario file or a `POST script` body."""
    if not isinstance(value, Mapping):
        raise ScriptError(f'a step must be an object like {{"reply": {{"text": "Hello"}}}}, not {value!r}')
    rest = dict(value)
    placed = {name: rest.pop(name) for name in placing.WORDS if name in rest}
    pacing = rest.pop("stream", None)
    laid = [_fault_from_json(item) for item in _list(rest.pop("faults", []), "faults")]
    if "reply" in rest:
        said = rest.pop("reply")
        check_words(rest, ("reply", "faults", "stream", *placing.WORDS), "step")
        if isinstance(said, str):
            said = {"text": said}
        if said is not None and not isinstance(said, Mapping):
            raise ScriptError(f"reply: {said!r} is neither a text nor an object")
        check_words(said or {}, _REPLY_OPTIONS, "reply")
        return reply(faults=laid, stream=pacing, **dict(said or {}), **placed)
    if "fail" in rest or "status" in rest:
        what = rest.pop("fail") if "fail" in rest else rest.pop("status")
        check_words(rest, _known_to(what), f"fail: {what}")
        return fail(what, faults=laid, stream=pacing, **rest, **placed)
    raise ScriptError(f"a step needs one of fail, status, reply; it has {', '.join(map(str, value)) or 'nothing'}")


def _known_to(what: object) -> tuple[str, ...]:
    """The words a failure takes; any for one that is not known, so that `fail` says so."""
    if isinstance(what, str) and what in index.FAULTS:
        return (*index.options_of(what), *_REPLY_OPTIONS, *placing.WORDS)
    return _ERROR_WORDS


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise ScriptError(f"{name}: {value!r} is not a list")
    return list(value)


def _fault_from_json(value: Any) -> Fault:
    if isinstance(value, str):
        return fault(value)
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, options),) = value.items()
        if options is None or isinstance(options, Mapping):
            return fault(str(name), **dict(options or {}))
    raise ScriptError(f'faults: {value!r} is not a name or {{"name": {{option: value}}}}')


def step_to_json(step: Step) -> dict[str, Any]:
    """Write a step so that `step_from_json` gives it back."""
    out, laid = _what(step)
    if laid:
        out["faults"] = [{fault.name: dict(fault.options)} for fault in laid]
    if step.stream is not None:
        out["stream"] = {name: getattr(step.stream, name) for name in Stream.__dataclass_fields__}
    return out | placing.to_json(step)


def _what(step: Step) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    """Write what answers, as a person would, and return the faults that are not in it yet."""
    if step.error is not None:
        said = {name: getattr(step.error, name) for name in _ERROR_OPTIONS}
        said = {name: value for name, value in said.items() if value is not None and (value or name != "headers")}
        return {"fail": step.error.kind if step.error.kind is not None else step.error.status} | said, step.faults
    reply = {} if step.reply is None else _said(step.reply)
    if step.faults and not {"fail", *reply} & index.options_of(step.faults[0].name):
        first, *rest = step.faults
        return {"fail": first.name} | dict(first.options) | reply, tuple(rest)
    return {"reply": reply}, step.faults


def script_from_json(value: Any) -> tuple[list[Step], Then | None]:
    """Read a list of steps, or `{"steps": […], "then": …}`; None where nothing is said of what follows."""
    is_whole = isinstance(value, Mapping) and "steps" in value
    if is_whole:
        check_words(value, ("steps", "then"), "script")
    steps = value["steps"] if is_whole else value
    if not isinstance(steps, list):
        raise ScriptError('a script is a list of steps, or {"steps": [...]}, like [{"reply": {"text": "Hello"}}]')
    read = [_placed("steps", place, item) for place, item in enumerate(steps)]
    if not (is_whole and "then" in value):
        return read, None
    try:
        return read, then_from_json(value["then"])
    except (ScriptError, TypeError) as error:
        raise ScriptError(f"then: {error}") from None


def _placed(name: str, place: int, item: Any) -> Step:
    try:
        return step_from_json(item)
    except (ScriptError, TypeError) as error:
        raise ScriptError(f"{name}[{place}]: {error}") from None


def then_from_json(value: Any) -> Then:
    """Read what follows the last step: "composed", "repeat", "refuse", or a step."""
    if not isinstance(value, str):
        return step_from_json(value)
    if value not in THENS:
        raise ScriptError(f"{unknown_word('then', value, THENS)}, or a step")
    return cast(Then, value)


def then_to_json(then: Then) -> str | dict[str, Any]:
    """Write what follows the last step so that `then_from_json` gives it back."""
    return step_to_json(then) if isinstance(then, Step) else then


def _said(spec: ReplySpec) -> dict[str, Any]:
    said = {name: getattr(spec, name) for name in ReplySpec.__dataclass_fields__ if getattr(spec, name) is not None}
    if not spec.template:
        del said["template"]
    blocks = [dict(block) for block in spec.content]
    if len(blocks) == 1 and set(blocks[0]) == {"type", "text"} and blocks[0]["type"] == "text":
        del said["content"]
        return {"text": blocks[0]["text"]} | said
    return said | {"content": blocks}
