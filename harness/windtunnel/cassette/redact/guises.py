"""What a value looks like: a word, a name in a program, a version, something to fill in; or none of these, like a secret.

A value that only its surroundings give away is held against this before it is looked for elsewhere: who has the password
"postgres" does not want every mention of the program gone.
"""

from __future__ import annotations

import re
from typing import Final

#: From this length on words in a row are a passphrase, which no text has by chance.
_LEAST_PHRASE_BYTES: Final = 24
#: Fewer different characters than this are no secret: "aaaaaaaa", "********".
_FEW: Final = 5
#: Digits alone are a number, up to so many.
_MOST_DIGITS: Final = 11

#: A word, with a number behind it perhaps; a part of a version; a year; a part of a date.
_PART: Final = rb"(?:[A-Za-z]+\d{0,4}|\d{1,3}|(?:19|20)\d\d(?:[01]\d[0-3]\d)?|v\d+)"
_WORDS: Final = re.compile(rb"[-_./: ]*%b(?:[-_./: ]+%b)*[-_./: ]*" % (_PART, _PART))
#: What stands where a secret is to be filled in, or is computed.
_BLANK: Final = re.compile(
    rb"(?i)[$%%<*{\[(]|.*(?:\$\{|\{\{|\.\.\.|\*\*\*|xxxx|redacted|changeme|change[-_]me|replace|placeholder|example|dummy"
    rb"|your[-_]|my[-_](?:api|secret|pass|token))|(?:none|null|undefined|true|false|string|secret|password|passwd|token)\Z"
    rb"|https?://|os\.|process\.|env[.\[]|self\.|this\.|settings\.|config\."
)


def is_blank(value: bytes) -> bool:
    """Say whether a value is something to fill in, or a variable: YOUR_KEY, ${TOKEN}, <password>, os.environ."""
    return bool(_BLANK.match(value))


def is_plain(value: bytes) -> bool:
    """Say whether a value may well stand in a text without being a secret: words, identifiers, numbers, blanks.

    What is told apart by upper and lower case in the middle of a word, or by digits among letters, is none of these.
    """
    if len(set(value)) < _FEW or is_blank(value) or (value.isdigit() and len(value) <= _MOST_DIGITS):
        return True
    return bool(_WORDS.fullmatch(value)) and (len(value) < _LEAST_PHRASE_BYTES or not _is_phrase(value))


def _is_phrase(value: bytes) -> bool:
    # One word of so many letters, or words with blanks or hyphens between them; a name in a program has dots or underscores.
    return re.fullmatch(rb"[A-Za-z\d]+(?:[- ][A-Za-z\d]+)*", value) is not None
