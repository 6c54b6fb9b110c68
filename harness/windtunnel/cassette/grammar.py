"""The grammar of the layout we write, as patterns: nothing that they match could mean anything else to YAML."""

from __future__ import annotations

import re
from typing import Final

from windtunnel.cassette.heads import TOKEN
from windtunnel.cassette.interaction import ENDINGS
from windtunnel.cassette.layout import FIRST_LINE, LAST_LINE, MAX_NAME
from windtunnel.cassette.vcr import FORMAT, KEY, VERSION

# --- scalars on a line -----------------------------------------------------------------------------------------------

#: JSON's escapes, without halves of surrogate pairs, which YAML refuses, and without `\/`, which YAML 1.1 does not know.
_ESCAPE: Final = rb'\\(?:["\\bfnrt]|u(?:[0-9a-ce-f][0-9a-f]{3}|d[0-7][0-9a-f]{2}))'
_CHARACTERS: Final = rb'[^"\\\t\n]*+(?:%s[^"\\\t\n]*+)*+' % _ESCAPE
_QUOTED: Final = rb'"%s"' % _CHARACTERS
#: Not the words that are no texts in YAML 1.1 (see `scalars.py`).
_BARE: Final = rb"(?!(?i:y|n|yes|no|on|off|true|false|null)[:\n])[A-Za-z][A-Za-z0-9_-]{0,%d}+" % (MAX_NAME - 1)
_WORD: Final = rb"(?:%s|%s)" % (_BARE, _QUOTED)
_NAME: Final = rb'(?:%s|"%s{1,%d}")' % (_BARE, TOKEN.encode(), MAX_NAME)
#: What a header of an answer can hold (see `heads.py`): no line ends, and nothing behind U+00FF.
_FIELD_ESCAPE: Final = rb'\\(?:["\\bft]|u00(?!00|0[ad])[0-9a-f]{2})'
_LATIN: Final = rb"[ !#-\[\]-~]*+"
_FIELD: Final = rb'"%s(?:(?:%s|\xc2[\x80-\xbf]|\xc3[\x80-\xbf])%s)*+"' % (_LATIN, _FIELD_ESCAPE, _LATIN)
_URI: Final = rb"(?:https?://[!-~]*[!-9;-~]|%s)" % _QUOTED
_STATUS: Final = rb"(?:0|[2-5][0-9]{2})"
_INTEGER: Final = rb"(?:0|[1-9][0-9]{0,14}+)"
_SECONDS: Final = rb"-?%s(?:\.[0-9]++)?+" % _INTEGER
_INSTANT: Final = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?+Z?+"
_DAY: Final = rb"\d{4}-\d\d-\d\d"


def _list(item: bytes) -> bytes:
    return rb"\[%s(?:,(?: |\n        )%s)*+\]" % (item, item)


def _line(key: str, value: bytes) -> bytes:
    """Match a line of our own key, or its absence; its value is a group."""
    return rb"(?:      %s: (%s)\n)?+" % (key.encode(), value)


# --- the two halves of an interaction, up to their bodies ------------------------------------------------------------


def _headers(value: bytes) -> bytes:
    return rb"    headers:(?: \{\}\n|\n((?:      %s: \[%s(?:, %s)*+\]\n)++))" % (_NAME, value, value)


#: Groups: method, uri, lines of headers.
REQUEST: Final = re.compile(
    rb"(?:#[^\n]*+\n)*+- request:\n    method: (%s)\n    uri: (%s)\n%s    body: " % (_WORD, _URI, _headers(_QUOTED))
)

#: Our own keys and their values, in the order they stand in; each is a group of `RESPONSE`.
OURS: Final = {
    "provider": _WORD,
    "recorded_at": _INSTANT,
    "expires": _DAY,
    "head_at_s": _SECONDS,
    "ended": "|".join(ENDINGS).encode(),
    "ended_at_s": _SECONDS,
    "request_header_order": _list(_QUOTED),
    "response_header_order": _list(_QUOTED),
    "at_s": _list(_SECONDS),
    "sizes": _list(_INTEGER),
}

#: Groups: `code`, `message`, `headers` (lines), and the keys of `OURS`.
RESPONSE: Final = re.compile(
    rb"  response:\n    status: \{code: (%s), message: (%s)\}\n%s    %s:\n      format: %d\n%s    body:\n      string: "
    % (
        _STATUS,
        _QUOTED,
        _headers(_FIELD),
        KEY.encode(),
        FORMAT,
        b"".join(_line(key, value) for key, value in OURS.items()),
    )
)

#: The beginnings of lines of headers, by their names.
NAMES: Final = re.compile(rb'^      "?(%s+)' % TOKEN.encode(), re.MULTILINE)
#: Groups: a header's name, the list of its values.
HEADER: Final = re.compile(rb"      (%s): (\[[^\n]*\])\n" % _NAME)

# --- bodies, in the styles of `scalars.py` ---------------------------------------------------------------------------

#: Where the lines of bodies stand: of a request, of a response.
REQUEST_MARGIN: Final = 6
RESPONSE_MARGIN: Final = 8
_MARGINS: Final = (REQUEST_MARGIN, RESPONSE_MARGIN)


def _at_margins(pattern: bytes) -> dict[int, re.Pattern[bytes]]:
    return {margin: re.compile(pattern.replace(b"MARGIN", b" " * margin)) for margin in _MARGINS}


QUOTED_BODY: Final = _at_margins(rb'"%s(?:\\\nMARGIN(?! )%s)*+"\n' % (_CHARACTERS, _CHARACTERS))
FOLDED_BODY: Final = _at_margins(rb">2-\n(?:MARGIN[^ \t\n][^\n]*+\n)++")
BINARY_BODY: Final = _at_margins(rb"!!binary \|\n(?:MARGIN[A-Za-z0-9+/]++\n)*MARGIN[A-Za-z0-9+/]++={0,2}\n")
LITERAL_HEAD: Final = re.compile(rb"\|2[-+]?\n")
#: The end of a block's last line: what follows is neither in the block nor a line without anything on it.
BLOCK_END: Final = _at_margins(rb"\n(?!MARGIN|\n)")

# --- the file around them --------------------------------------------------------------------------------------------

_HEAD: Final = f"{FIRST_LINE}version: {VERSION}\ninteractions:".encode()
BEGINNING: Final = _HEAD + b"\n"
END: Final = LAST_LINE.encode()
EMPTY: Final = _HEAD + b" []\n" + END
