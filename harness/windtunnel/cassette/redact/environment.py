"""Secrets of the process: values of the environment variables whose name says that they hold one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote

from windtunnel.cassette.redact import guises

#: Shorter values are found in any text by chance.
LEAST_CHARACTERS: Final = 8

_SECRET: Final = re.compile(
    r"(?:^|_)(?:API_?KEY|KEY|KEY_ID|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|PAT|CREDENTIALS?|AUTH|COOKIE|PRIVATE)(?:_|$)"
    r"|(?:PASSWORD|PASSWD|SECRET|TOKEN|APIKEY)$"
)
_NO_SECRET: Final = re.compile(
    r"_(?:FILE|PATH|DIR|URL|URI|ENDPOINT|HOST|SOCK|TYPE|MODE|PROFILE|NAME|USER|LENGTH|TTL)$|^(?:OLD)?PWD$"
)
#: Passwords within values: of an address, of an address whose user is the key (Sentry's DSN), of a list of settings.
_WITHIN: Final = (
    re.compile(r"://[^/?#\s:@]*:([^/?#\s@]+)@"),
    re.compile(r"https?://([^/?#\s:@]+)@"),
    re.compile(r"(?i)(?:^|[;\s])(?:password|pwd|accountkey|sharedaccesskey|sharedaccesssignature)\s*=\s*([^;\s]+)"),
)


def secrets(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Return names and values of variables that hold a secret, and the passwords in any that hold an address.

    No words, no numbers, nothing to fill in: who has the password "postgres" talks about the program, too. In a place that
    names it, such a value is found all the same.
    """
    for name, value in environ.items():
        within = [found[1] for pattern in _WITHIN for found in pattern.finditer(value)]
        for each in within or ([value] if _names_one(name.upper()) else []):
            yield from ((name, form) for form in dict.fromkeys((each, unquote(each))) if _is_secret(form))


def _names_one(name: str) -> bool:
    return bool(_SECRET.search(name)) and not _NO_SECRET.search(name)


def _is_secret(value: str) -> bool:
    if len(value) < LEAST_CHARACTERS or value.startswith(("/", "~/", "./")):
        return False
    return not guises.is_plain(value.encode("utf-8", "surrogateescape"))
