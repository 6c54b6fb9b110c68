"""What a value looks like: a word, a name in a program, a version, something to fill in; or none of these, like a secret.

A value that only its surroundings give away is held against this before it is looked for elsewhere: who has the password
"postgres" does not want every mention of the program gone.
"""

from __future__ import annotations

import re
from typing import Final

#: From this length on words in a row are a passphrase, which no text has by chance.
_LEAST_PHRASE_BYTES: Final = 20
#: Fewer different characters than this, and fewer in all than a passphrase, are no secret: "aaaaaaaa", "********".
_FEW: Final = 5
#: Digits alone are a number, up to so many.
_MOST_DIGITS: Final = 11

#: A word, with a number behind it perhaps; a part of a version; a year; a part of a date.
_PART: Final = rb"(?:[A-Za-z\x80-\xff]+\d{0,4}|\d{1,3}|(?:19|20)\d\d(?:[01]\d[0-3]\d)?|v\d+)"
_WORDS: Final = re.compile(rb"[-_./: ~]*%b(?:[-_./: ]+%b)*[-_./: ]*" % (_PART, _PART))
#: One long word, or words with blanks or hyphens between them: a name in a program has dots or underscores.
_PHRASE: Final = re.compile(rb"[A-Za-z\d]+(?:[- ][A-Za-z\d]+)*")
_NUMBER: Final = re.compile(rb"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_JOINT: Final = re.compile(rb"[-_./: ]")
#: A type or a function of a program: words with capitals.
_CAMEL: Final = re.compile(rb"(?:[a-z]+|[A-Z][a-z]{2,})(?:[A-Z][a-z]{2,})+")
#: What stands where a secret is to be filled in, or is computed.
_BLANK: Final = re.compile(
    rb"(?i)[$%<*{\[(]|(?:[a-z]{1,8}[-_]){0,4}x{4}|.*(?:\$\{|\{\{|\.\.\.|\*\*\*|\xe2\x80\xa6|redacted|changeme|change[-_]me"
    rb"|replace|placeholder|example|dummy|your[-_]|my[-_](?:api|secret|pass|token))|(?:none|null|undefined|true|false|string|secret|password|passwd|token)\Z"
    rb"|https?://|os\.|process\.|env[.\[]|self\.|this\.|settings\.|config\."
)


def is_blank(value: bytes) -> bool:
    """Say whether a value is something to fill in, or a variable: YOUR_KEY, ${TOKEN}, <password>, os.environ."""
    return bool(_BLANK.match(value))


def is_plain(value: bytes) -> bool:
    """Say whether a value may well stand in a text without being a secret: words, identifiers, numbers, blanks.

    What has digits or capitals in the middle of its words is none of these; nor are many words in a row, a passphrase.
    """
    is_long = len(value) >= _LEAST_PHRASE_BYTES
    if is_blank(value) or (len(set(value)) < _FEW and not is_long) or (value.isdigit() and len(value) <= _MOST_DIGITS):
        return True
    return bool(_WORDS.fullmatch(value)) and not (is_long and _PHRASE.fullmatch(value))


def is_name(value: bytes) -> bool:
    """Say whether a value may be the name of something, however long: words that hang together, or what is plain."""
    if _NUMBER.fullmatch(value):
        return True
    hangs_together = _WORDS.fullmatch(value) is not None and _JOINT.search(value) is not None
    return hangs_together or _CAMEL.fullmatch(value) is not None or is_plain(value)
