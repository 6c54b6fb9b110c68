"""Secrets of the process: values of the environment variables whose name says that they hold one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

#: Shorter values are found in any text by chance.
LEAST_CHARACTERS: Final = 8

_SECRET: Final = re.compile(
    r"(?:^|_)(?:API_?KEY|KEY|KEY_ID|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|AUTH|COOKIE|PRIVATE)(?:_|$)"
    r"|(?:PASSWORD|PASSWD|SECRET|TOKEN|APIKEY)$"
)
_NO_SECRET: Final = re.compile(r"_(?:FILE|PATH|DIR|URL|URI|ENDPOINT|HOST|SOCK|TYPE|MODE|PROFILE)$")
#: Words that such variables are set to, as in `GIT_AUTH=anonymous`; a password may be a word.
_WORD: Final = re.compile(r"[a-z]{,15}|[A-Z]{,15}|[A-Z]?[a-z]{,14}")
_USERINFO: Final = re.compile(r"://[^/?#\s:@]*:([^/?#\s@]+)@")


def secrets(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Return names and values of variables that hold a secret, and the passwords in any that hold an address."""
    for name, value in environ.items():
        if found := _USERINFO.search(value):
            yield name, found[1]
        elif _is_secret(name.upper(), value):
            yield name, value


def _is_secret(name: str, value: str) -> bool:
    if not _SECRET.search(name) or _NO_SECRET.search(name) or len(value) < LEAST_CHARACTERS:
        return False
    if "PASS" in name or "SECRET" in name:
        return True
    return not (_WORD.fullmatch(value) or value.startswith(("/", "~/", "./")))
