"""What stands where a secret stood.

A placeholder depends on the kind of value alone. No counter: a request would need its whole history to be redacted the
same way again, as it must be to be found at replay. No digest either: one would let anybody check a guess.

Where clients look inside a value, its form stays: a JSON web token can be taken apart, a UUID is one, an account number
has its twelve digits.
"""

from __future__ import annotations

import re
from typing import Final

#: For everything without a form of its own.
REDACTED: Final = b"REDACTED"
#: Behind `AKIA` or `ASIA`, 16 characters as in every id of an access key.
ACCESS_KEY_ID: Final = b"REDACTEDREDACTED"
#: Two JSON objects and no signature: {"alg":"none"} and {"sub":"redacted"}.
JWT: Final = b"eyJhbGciOiJub25lIn0.eyJzdWIiOiJyZWRhY3RlZCJ9.REDACTED"
PRIVATE_KEY: Final = b"REDACTED-PRIVATE-KEY"
UUID: Final = b"00000000-0000-0000-0000-000000000000"
ACCOUNT: Final = b"0" * 12
#: In a domain that is nobody's (RFC 2606).
EMAIL: Final = b"redacted@example.com"
PROJECT: Final = b"redacted-project"
RESOURCE: Final = b"redacted-resource"
#: Of the block for documentation (RFC 5737).
ADDRESS: Final = b"192.0.2.1"

#: Forms that a value under a secret name keeps, tried in order.
_FORMS: Final = (
    (re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"), UUID),
    (re.compile(rb"\d{12}"), ACCOUNT),
    (re.compile(rb"projects/[^/]+"), b"projects/" + PROJECT),
    (re.compile(rb"(?i)bearer [^\n]*"), b"Bearer " + REDACTED),
    (re.compile(rb"(?i)basic [^\n]*"), b"Basic " + REDACTED),
)

#: What may be found again in redacted traffic without being a secret.
ALL: Final = (REDACTED, ACCESS_KEY_ID, JWT, PRIVATE_KEY, UUID, ACCOUNT, EMAIL, PROJECT, RESOURCE, ADDRESS)


def for_value(value: bytes) -> bytes:
    """Return what stands for a value that only its name gives away."""
    return next((form for pattern, form in _FORMS if pattern.fullmatch(value)), REDACTED)
