"""Whether a secret can be sent at all: an error of the HTTP library would repeat it."""

from __future__ import annotations

from windtunnel.client.credentials.source import NoCredential


def sendable(text: str, place: str) -> str:
    """Return a secret without the blanks and line ends around it.

    Raises NoCredential where a header cannot carry it; that names the `place` ("ANTHROPIC_API_KEY"), never the secret.
    """
    secret = text.strip()
    for number, character in enumerate(secret, 1):
        if not " " <= character <= "~":
            raise NoCredential(
                f"the secret in {place} cannot be sent: character {number} of {len(secret)} is {_named(character)}; it has "
                "to be the secret and nothing else, on one line"
            )
    return secret


def _named(character: str) -> str:
    if character in "\r\n\v\f\x85\u2028\u2029":
        return "a line break"
    return "a control character" if character < " " or character == "\x7f" else "none of ASCII"
