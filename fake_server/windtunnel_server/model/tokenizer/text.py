"""A text as the models read it: composed, without control characters, its odd spaces levelled."""

from __future__ import annotations

import re
from unicodedata import normalize

# A string of Python may hold half a surrogate pair, UTF-8 may not.
_HALF = re.compile("[\ud800-\udfff]")
# All controls but tab, line end and NUL, and the private use area cost nothing.
_CONTROL = re.compile("[\x01-\x08\x0b-\x1f\x7f-\x9f]")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
# Every space but the ideographic one. NUL reads as a space, too.
_SPACE = re.compile("[\x00\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f]")
# Thai SARA AM in two characters. Composition leaves it alone, the models do not.
_SARA_AM = ("\u0e4d\u0e32", "\u0e33")
_QUOTES = (("‘", "'"), ("’", "'"), ("“", '"'), ("”", '"'))
_PLAIN = re.compile(r"[\t\n -~]*")


def level(text: str, *, fold_quotes: bool) -> str:
    """Compose `text` (NFC), leave out what costs nothing, write every space as one; `fold_quotes` straightens quotes."""
    if _PLAIN.fullmatch(text):
        return text
    # In this order: what is dropped has kept its neighbours apart before.
    text = _CONTROL.sub("", normalize("NFC", _HALF.sub("\ufffd", text)))
    text = _PRIVATE.sub("", text.replace(*_SARA_AM))
    for curly, straight in _QUOTES if fold_quotes else ():
        text = text.replace(curly, straight)
    return _SPACE.sub(" ", text)
