"""Variables of the environment, read so that a slip of the pen is found before anything is sent.

Blanks and line ends around a value are no part of it: a file of variables that was written on Windows brings them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from windtunnel.client.credentials.secret import sendable
from windtunnel.client.credentials.source import NoCredential
from windtunnel.client.failures import ConfigurationError

Environ: TypeAlias = Mapping[str, str]

_HEADERS: Final = "ANTHROPIC_CUSTOM_HEADERS"
#: The name of a header (RFC 9110, section 5.6.2).
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: What stands in the name of a host, or between the slashes of a path.
_WORD: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.:_-]*")


def said(env: Environ, *names: str) -> str | None:
    """Return the first value that is there; None where there is none."""
    return next((value for name in names if (value := env.get(name, "").strip())), None)


def secret(env: Environ, name: str) -> str | None:
    """Return a secret; ConfigurationError, without it, where it cannot be sent."""
    try:
        return sendable(env.get(name, ""), name) or None
    except NoCredential as error:
        raise ConfigurationError(str(error)) from None


def word(env: Environ, *names: str) -> str | None:
    """Return what becomes a part of an address: a region, a project, a resource."""
    for name in names:
        value = said(env, name)
        if value is not None and not _WORD.fullmatch(value):
            raise ConfigurationError(f"{name} is {value!r}, and has to be one word of letters, digits and hyphens")
        if value is not None:
            return value
    return None


def address(env: Environ, name: str) -> str | None:
    """Return the address in a variable; ConfigurationError where it is none."""
    value = said(env, name)
    return None if value is None else checked_address(value, name)


def checked_address(url: str, place: str) -> str:
    """Return an address as it is; ConfigurationError, without it, where it is none: it may have a password in it."""
    problem = _wrong_with(url)
    if problem is None:
        return url
    raise ConfigurationError(f"{place} is no address ({problem}); it has to be one like https://host.example:8443/path")


def _wrong_with(url: str) -> str | None:
    if any(not "!" <= character <= "~" for character in url):
        return "there is a blank, or a character that no address has"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "its host or its port cannot be read"
    if parts.scheme not in ("http", "https") or not url.startswith(f"{parts.scheme}://"):
        return "it does not begin with http:// or https://"
    return None if host else "it has no host"


def custom_headers(env: Environ) -> dict[str, str]:
    """Read `ANTHROPIC_CUSTOM_HEADERS`: a header a line (wire.md 1.8). ConfigurationError where a line is none."""
    found: dict[str, str] = {}
    for number, line in enumerate(env.get(_HEADERS, "").splitlines(), 1):
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not line.strip():
            continue
        if not (colon and _TOKEN.fullmatch(name)):
            raise ConfigurationError(f"{_HEADERS}: line {number} is no header; it has to be like `Name: value`")
        if any(not " " <= character <= "~" and character != "\t" for character in value):
            raise ConfigurationError(f"{_HEADERS}: {name} has a character that no header can carry; ASCII only")
        found[name] = value
    return found
