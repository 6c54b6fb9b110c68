"""The text of a cassette, as we write it: for a reviewer's eye, and strict enough to be read without a YAML parser.

    # windtunnel cassette …
    version: 1
    interactions:
    # --- 1 ---
    # what was said, in short
    - request:
        method: POST
        uri: https://api.anthropic.com/v1/messages
        headers:
          accept: ["application/json"]
        body: |2-
          {"model":"claude-sonnet-4-5", …}
      response:
        status: {code: 200, message: "OK"}
        headers: …
        windtunnel: …
        body:
          string: |2+
            event: message_start
            …
    # end of cassette

`reader.py` reads exactly this. The last line is what tells a whole file from one that was cut.
"""

from __future__ import annotations

import datetime as dt
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from windtunnel.cassette.heads import misfit
from windtunnel.cassette.interaction import CassetteError, Interaction
from windtunnel.cassette.misfit import Misfit
from windtunnel.cassette.scalars import WIDTH, Unwritable, body, quoted, uri, word
from windtunnel.cassette.vcr import KEY, VERSION, to_vcr

FIRST_LINE: Final = (
    "# windtunnel cassette: HTTP exchanges in VCR's format, and the instants at which the answers came\n"
)
LAST_LINE: Final = "# end of cassette\n"
#: Longest name of a header, in characters: YAML takes no longer key on one line than 1024 with its quotes and escapes.
MAX_NAME: Final = 160

_NUMBERED: Final = re.compile(r"\A# --- [0-9]+ ---\n")
_OURS: Final = ("format", "provider", "recorded_at", "expires", "head_at_s", "ended", "ended_at_s")
_ORDERS: Final = ("request_header_order", "response_header_order")
_NUMBERS: Final = ("at_s", "sizes")


def document(blocks: Iterable[str], extra: Mapping[str, Any] | None = None) -> bytes:
    """Put a file together from the `block` of each interaction; `extra` are keys beside `interactions`."""
    parts = [f"{_line(number)}{text}" for number, text in enumerate(blocks, 1)]
    listed = "interactions:\n" if parts else "interactions: []\n"
    head = f"{FIRST_LINE}version: {VERSION}\n{_foreign(extra or {}, 0)}{listed}"
    return "".join([head, *parts, LAST_LINE]).encode("utf-8")


def block(interaction: Interaction) -> str:
    """Write one interaction: comments that tell what was said, and the exchange."""
    global _latest
    for known, text in _latest:
        if known is interaction:
            return text
    from windtunnel.cassette.showing import describe

    try:
        _check(interaction)
        text = "".join([*(f"# {_safe(line)}\n" for line in describe(interaction)), *_lines(to_vcr(interaction))])
    except Unwritable as error:
        raise CassetteError(f"{interaction.request.method} {interaction.request.uri!r}: {error}") from None
    _latest = (*_latest[1 - _KEPT :], (interaction, text))
    return text


#: What has been laid out to be looked through is written next. Replaced whole: other threads may be reading it.
_KEPT: Final = 4
_latest: tuple[tuple[Interaction, str], ...] = ()


def _check(interaction: Interaction) -> None:
    """Refuse to write what could not be read again. Raises Unwritable."""
    if (wrong := misfit(interaction)) is not None:
        raise Unwritable(str(Misfit(*wrong)))


def without_number(block: str) -> str:
    """Take the line with its number off an interaction as it stood in a file."""
    return _NUMBERED.sub("", block, count=1)


def _line(number: int) -> str:
    return f"# --- {number} ---\n"


def _safe(line: str) -> str:
    """Write what a comment cannot hold, or an eye cannot see, as an escape."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)


def _lines(structure: dict[str, Any]) -> Iterator[str]:
    request, response = structure.pop("request"), structure.pop("response")
    yield "- request:\n"
    yield f"    method: {word(request.pop('method'))}\n"
    yield f"    uri: {uri(request.pop('uri'))}\n"
    yield from _headers(request.pop("headers"))
    yield f"    body:{body(request.pop('body'), 4)}"
    yield _foreign(request, 4)
    yield "  response:\n"
    yield from _response(response)
    yield _foreign(structure, 2)


def _response(response: dict[str, Any]) -> Iterator[str]:
    status, held = response.pop("status"), response.pop("body")
    more = "".join(f", {key}: {_flow(value)}" for key, value in status.items() if key not in ("code", "message"))
    yield f"    status: {{code: {status['code']}, message: {quoted(status['message'])}{more}}}\n"
    yield from _headers(response.pop("headers"))
    yield from _ours(response.pop(KEY))
    yield "    body:\n"
    yield f"      string:{body(held.pop('string'), 6)}"
    yield _foreign(held, 6)
    yield _foreign(response, 4)


def _headers(headers: Mapping[str, Sequence[str]]) -> Iterator[str]:
    if not headers:
        yield "    headers: {}\n"
        return
    yield "    headers:\n"
    for name, values in headers.items():
        if len(name) > MAX_NAME:
            raise Unwritable(f"the name of header {name[:60]}… has {len(name)} characters; a cassette takes {MAX_NAME}")
        yield f"      {word(name)}: {_texts(values)}\n"


def _texts(values: Sequence[str]) -> str:
    return f"[{', '.join(map(quoted, values))}]"


def _ours(ours: dict[str, Any]) -> Iterator[str]:
    yield f"    {KEY}:\n"
    for key in _OURS:
        if key in ours:
            yield f"      {key}: {_scalar(ours.pop(key))}\n"
    for key in _ORDERS:
        if key in ours:
            yield f"      {key}: {_texts(ours.pop(key))}\n"
    for key in _NUMBERS:
        if key in ours:
            yield _numbers(key, ours.pop(key))
    yield _foreign(ours, 6)


def _scalar(value: Any) -> str:
    if isinstance(value, dt.datetime):
        utc = value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo is not None else value
        return utc.isoformat() + ("Z" if value.tzinfo is not None else "")
    if isinstance(value, dt.date):
        return value.isoformat()
    return word(value) if isinstance(value, str) else number(value)


def number(value: float) -> str:
    """Write a number so that YAML 1.1 and JSON read the same one: never with an exponent (1e-05 is a text to PyYAML)."""
    written = repr(value)
    if "e" in written:
        written = format(Decimal(written), "f")
        return written if "." in written else f"{written}.0"
    return written


def _numbers(key: str, values: Iterable[float]) -> str:
    """Write a list on as few lines as it takes: a stream of 200 events has 200 instants."""
    flat = f"[{', '.join(map(number, values))}]"
    first, *more = textwrap.wrap(flat, WIDTH - 8 - len(key), break_long_words=False, break_on_hyphens=False)
    return "".join([f"      {key}: {first}\n", *(f"        {line}\n" for line in more)])


def _foreign(values: Mapping[str, Any], indent: int) -> str:
    """Write keys that are not ours."""
    return textwrap.indent(_yaml(dict(values), flow=False), " " * indent) if values else ""


def _flow(value: Any) -> str:
    return _yaml([value], flow=True).strip()[1:-1]


def _yaml(value: Any, *, flow: bool) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    width = 1 << 30 if flow else WIDTH
    return str(
        yaml.dump(value, Dumper=Dumper, default_flow_style=flow, sort_keys=False, allow_unicode=False, width=width)
    )
