"""The words of a script: what the next calls are answered with.

Steps are values. `fail("rate_limited", retry_after=2, times=2)` and `reply("Hello")` build them in Python; the same
steps travel as JSON to a running server (`POST /_windtunnel/script`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from windtunnel_server.wire.message import Block

#: What a step can be for.
ENDPOINTS = ("messages", "count_tokens", "models", "batches", "any")


#: How many names a message lists, nearest first.
_SHOWN = 12


class ScriptError(ValueError):
    """A step that cannot be: an unknown word, or a value out of its range. Says what to write instead."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault by name (`faults/` has one file for each) and its options."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """How a streamed reply is paced. Seconds; 0 everywhere sends it in one write."""

    #: Silence between the request and the first byte.
    first_byte: float = 0.0
    #: Output tokens a second; 0 for no pacing. A delta of n tokens follows n / tokens_per_second seconds of silence.
    tokens_per_second: float = 0.0
    #: A ping after each so many seconds of silence; 0 for none but the usual one.
    ping_every: float = 0.0
    #: Characters in a text delta; None: as the model does.
    text_piece: int | None = None
    #: Characters in an input_json_delta; None: as the model does.
    input_piece: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplySpec:
    """What a scripted reply says. Everything left out is composed or counted."""

    content: tuple[Block, ...]
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: Mapping[str, Any] | None = None
    #: First-party usage keys; those given replace the counted ones.
    usage: Mapping[str, Any] | None = None
    model: str | None = None
    id: str | None = None
    container: Mapping[str, Any] | None = None
    context_management: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSpec:
    """An HTTP error answer: a kind of `wire/errors.py`, with what is changed about it."""

    #: Name of the kind ("rate_limited"), or None where only a status was given.
    kind: str | None = None
    status: int | None = None
    type: str | None = None
    message: str | None = None
    details: Mapping[str, Any] | None = None
    #: `retry-after`: seconds, written as given.
    retry_after: float | None = None
    #: `retry-after-ms`: milliseconds.
    retry_after_ms: float | None = None
    #: `retry-after` as an HTTP date so many seconds from now (rounded up to a whole second).
    retry_after_date: float | None = None
    #: `x-should-retry`; None: as the real API sends it for this kind.
    should_retry: bool | None = None
    #: Further response headers.
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a script: an error or a reply (None for both: composed), the faults laid over it, how often."""

    error: ErrorSpec | None = None
    reply: ReplySpec | None = None
    faults: tuple[Fault, ...] = ()
    stream: Stream | None = None
    times: int = 1
    #: The endpoint it answers; "any" for whichever call comes. A call takes the first step that is for it.
    on: str = "messages"

    def __post_init__(self) -> None:
        if self.times < 1 or isinstance(self.times, bool) or not isinstance(self.times, int):
            raise ScriptError(f"times: {self.times!r} is not a whole number from 1 up; leave the step out instead")
        if self.error is not None and self.reply is not None:
            raise ScriptError("a step is either a failure or a reply; write two steps")
        if self.on not in ENDPOINTS:
            raise ScriptError(_unknown("on", self.on, ENDPOINTS))

    @property
    def label(self) -> str:
        """A short name for reports: "fail rate_limited", "reply", "composed"."""
        if self.error is not None:
            what = f"fail {self.error.kind or self.error.status}"
        elif self.reply is not None:
            what = "reply"
        else:
            what = "composed"
        return " + ".join([what, *(fault.name for fault in self.faults)])


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


def fault(name: str, **options: Any) -> Fault:
    """Name a fault to lay over a reply: `reply("Hello", faults=[fault("gzip"), fault("stall", for_s=30)])`."""
    from windtunnel_server import faults

    faults.check(name, options)
    return Fault(name, dict(options))


def fail(
    what: str | int,
    /,
    *,
    times: int = 1,
    on: str = "messages",
    faults: Sequence[Fault] = (),
    stream: Stream | Mapping[str, Any] | None = None,
    **options: Any,
) -> Step:
    """Answer the next `times` calls with a failure.

    `what` is the name of an error ("rate_limited", "overloaded", …: `wire/errors.py`), an HTTP status, or the name of
    a fault ("stall", "reset_mid_body", …: `faults/`), which then acts on a reply: the one described by the reply
    words (`text`, `content`, `tool_use`, …) or a composed one. Errors take `type`, `message`, `details`,
    `retry_after` (seconds), `retry_after_ms`, `retry_after_date` (seconds from now, sent as an HTTP date),
    `should_retry` and `headers`; a fault takes its own options, in the same call.
    """
    from windtunnel_server import faults as index
    from windtunnel_server.wire import errors

    if isinstance(what, bool) or not isinstance(what, (str, int)):
        raise ScriptError(f"fail: {what!r} is neither the name of a failure nor a status")
    pacing = _stream(stream)
    if isinstance(what, int):
        if not 400 <= what <= 599:
            raise ScriptError(f"fail: {what} is not a status from 400 to 599; answer it with reply(…) instead")
        _known(options, _ERROR_OPTIONS, "fail")
        return Step(error=_error(ErrorSpec(status=what, **options)), faults=tuple(faults), times=times, on=on)
    if what in errors.KINDS:
        _known(options, _ERROR_OPTIONS, f"fail: {what}")
        return Step(error=_error(ErrorSpec(kind=what, **options)), faults=tuple(faults), times=times, on=on)
    if what in index.FAULTS:
        said = {
            key: options.pop(key)
            for key in list(options)
            if key in _REPLY_OPTIONS and key not in index.options_of(what)
        }
        first = fault(what, **options)
        spec = _reply_spec(**said) if said else None
        return Step(reply=spec, faults=(first, *faults), stream=pacing, times=times, on=on)
    raise ScriptError(_unknown("fail", what, [*errors.KINDS, *index.FAULTS]))


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
)


def reply(
    text: str | None = None,
    /,
    *,
    times: int = 1,
    on: str = "messages",
    faults: Sequence[Fault] = (),
    stream: Stream | Mapping[str, Any] | None = None,
    **said: Any,
) -> Step:
    """Answer the next `times` calls with a reply.

    `reply("Hello")`; `reply(text=…, tool_use={"name": …, "input": {…}}, thinking=…)`; `reply(content=[…])` with blocks
    in the shape of a non-streaming answer, for any kind of block. Further words: `stop_reason`, `stop_sequence`,
    `stop_details`, `usage` (first-party keys; those left out are counted), `model`, `id`, `container`,
    `context_management`. `tool_use` may be a list of calls. Ids left out are minted.
    """
    if text is not None:
        if "text" in said:
            raise ScriptError("reply: the text was given twice")
        said["text"] = text
    spec = _reply_spec(**said) if said else None
    return Step(reply=spec, faults=tuple(faults), stream=_stream(stream), times=times, on=on)


def _reply_spec(**said: Any) -> ReplySpec:
    _known(said, _REPLY_OPTIONS, "reply")
    text, thinking, calls = said.pop("text", None), said.pop("thinking", None), said.pop("tool_use", None)
    content = said.pop("content", None)
    if content is not None and (text is not None or thinking is not None or calls is not None):
        raise ScriptError("reply: content says everything; leave out text, thinking and tool_use, or content")
    if content is None:
        content = [*_thinking(thinking), *_text(text), *_tool_calls(calls)]
    if isinstance(content, (str, bytes, Mapping)) or not isinstance(content, Iterable):
        raise ScriptError(f"reply: content must be a list of blocks, not {content!r}")
    blocks = tuple(content)
    for place, block in enumerate(blocks):
        if not isinstance(block, Mapping) or not isinstance(block.get("type"), str):
            raise ScriptError(f'reply: content[{place}] is {block!r}; write {{"type": "text", "text": …}}')
    return ReplySpec(content=blocks, **said)


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
        _known(call, ("name", "input", "id"), "reply: tool_use")
        blocks.append({"type": "tool_use", **call, "input": call.get("input", {})})
    return blocks


def _stream(given: Stream | Mapping[str, Any] | None) -> Stream | None:
    if given is None or isinstance(given, Stream):
        return given
    _known(given, tuple(Stream.__dataclass_fields__), "stream")
    return Stream(**given)


def _error(spec: ErrorSpec) -> ErrorSpec:
    for name in ("retry_after", "retry_after_ms", "retry_after_date"):
        value = getattr(spec, name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise ScriptError(f"{name}: {value!r} is not a number")
    if spec.retry_after is not None and spec.retry_after_date is not None:
        raise ScriptError("retry_after and retry_after_date are the same header; give one of them")
    return spec


def step_from_json(value: Any) -> Step:
    """Read one step as it stands in a scenario file or a `POST script` body."""
    if not isinstance(value, Mapping):
        raise ScriptError(f'a step must be an object like {{"reply": {{"text": "Hello"}}}}, not {value!r}')
    rest = dict(value)
    times, on = rest.pop("times", 1), rest.pop("on", "messages")
    pacing = rest.pop("stream", None)
    laid = [_fault_from_json(item) for item in _list(rest.pop("faults", []), "faults")]
    if "reply" in rest:
        said = rest.pop("reply")
        _known(rest, (), "step")
        if isinstance(said, str):
            said = {"text": said}
        if said is not None and not isinstance(said, Mapping):
            raise ScriptError(f"reply: {said!r} is neither a text nor an object")
        return reply(times=times, on=on, faults=laid, stream=pacing, **dict(said or {}))
    if "fail" in rest or "status" in rest:
        what = rest.pop("fail") if "fail" in rest else rest.pop("status")
        return fail(what, times=times, on=on, faults=laid, stream=pacing, **rest)
    raise ScriptError(f"a step needs one of fail, status, reply; it has {', '.join(map(str, value)) or 'nothing'}")


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
    out: dict[str, Any] = {}
    if step.error is not None:
        out["fail"] = step.error.kind if step.error.kind is not None else step.error.status
        out |= {k: getattr(step.error, k) for k in _ERROR_OPTIONS if getattr(step.error, k) not in (None, {})}
    else:
        out["reply"] = {} if step.reply is None else _said(step.reply)
    if step.faults:
        out["faults"] = [{fault.name: dict(fault.options)} for fault in step.faults]
    if step.stream is not None:
        out["stream"] = {name: getattr(step.stream, name) for name in Stream.__dataclass_fields__}
    if step.times != 1:
        out["times"] = step.times
    if step.on != "messages":
        out["on"] = step.on
    return out


def _said(spec: ReplySpec) -> dict[str, Any]:
    said = {name: getattr(spec, name) for name in ReplySpec.__dataclass_fields__ if getattr(spec, name) is not None}
    return said | {"content": [dict(block) for block in spec.content]}


def _known(given: Iterable[Any], known: Sequence[str], where: str) -> None:
    for key in given:
        if key not in known:
            raise ScriptError(_unknown(where, key, known))


def _unknown(where: str, key: object, known: Iterable[str]) -> str:
    on_offer = list(known)
    nearest = difflib.get_close_matches(str(key), on_offer, n=_SHOWN)
    hint = f"; did you mean {nearest[0]}?" if nearest else ""
    listed = [*nearest, *(name for name in on_offer if name not in nearest)] if len(on_offer) > _SHOWN else on_offer
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return f"{where}: unknown {key!r}{hint} (known: {', '.join(listed[:_SHOWN]) or 'nothing more here'}{more})"


class Script:
    """The steps still to come; each is taken as often as it says."""

    def __init__(self) -> None:
        self._left: list[list[Any]] = []  # [step, how often still]

    def extend(self, steps: Iterable[Step]) -> None:
        """Add steps behind those still to come."""
        self._left.extend([step, step.times] for step in steps)

    def clear(self) -> None:
        self._left.clear()

    @property
    def next(self) -> Step | None:
        """The step that comes next, whatever it is for; None when the script is at its end."""
        return self._left[0][0] if self._left else None

    def take(self, endpoint: str) -> Step | None:
        """Take the first step for `endpoint` once; "door" takes whatever comes next."""
        for place, item in enumerate(self._left):
            step: Step = item[0]
            if endpoint == "door" or step.on in (endpoint, "any"):
                item[1] -= 1
                if item[1] == 0:
                    del self._left[place]
                return step
        return None

    @property
    def left(self) -> list[Step]:
        """Steps not yet used up."""
        return [item[0] for item in self._left]
