"""Ids as the API mints them: a prefix, `01`, and a 128-bit number in 22 base58 digits.

`req_`, `msg_` and `file_` numbers are UUIDv7 and so tell the millisecond they were made; `msgbatch_` numbers are UUIDv4;
the rest is plain chance. Read off recorded traffic (FACTS, "Ids"), forms of mid-2026.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from random import Random
from typing import Final

from windtunnel_server.wire.signature import sign

ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
#: Stands between the prefix and the number; the `0` is no base58 digit.
MARK: Final = "01"
#: 58 ** 22 is the first power above 2 ** 128.
DIGITS: Final = 22

_VALUES: Final = {digit: value for value, digit in enumerate(ALPHABET)}
_BITS: Final = 128
#: Two digits at a time halve the divisions of a long number.
_PAIRS: Final = tuple(first + second for first in ALPHABET for second in ALPHABET)


def base58(number: int) -> str:
    """Write a number from 0 to 2**128 - 1 in 22 base58 digits, padded on the left with `1` (zero)."""
    if not 0 <= number < 1 << _BITS:
        raise ValueError(f"{number} does not fit into {_BITS} bits; an id holds 0 to 2**{_BITS} - 1")
    pairs = []
    for _ in range(DIGITS // 2):
        number, rest = divmod(number, 58 * 58)
        pairs.append(_PAIRS[rest])
    return "".join(reversed(pairs))


def number_of(id: str) -> int:
    """Read the number back out of an id of any prefix (`req_01…`, `msg_vrtx_01…`).

    Raises ValueError for text that is no such id.
    """
    tail = id.rpartition("_")[2]
    digits = tail.removeprefix(MARK)
    if not tail.startswith(MARK) or len(digits) != DIGITS or not all(digit in _VALUES for digit in digits):
        raise ValueError(f"{id!r} is not an id; an id ends in {MARK!r} and {DIGITS} base58 digits")
    number = 0
    for digit in digits:
        number = number * 58 + _VALUES[digit]
    if number >= 1 << _BITS:
        raise ValueError(f"{id!r} is not an id; its digits say more than {_BITS} bits")
    return number


def version_of(id: str) -> int | None:
    """Return the UUID version (4, 7, …) of the number in an id; None where the variant bits are no UUID's."""
    number = number_of(id)
    return (number >> 76) & 0xF if (number >> 62) & 0b11 == 0b10 else None


def instant_of(id: str) -> float:
    """Return when a UUIDv7 id was made, POSIX seconds to the millisecond.

    Raises ValueError for an id that holds no UUIDv7.
    """
    if version_of(id) != 7:
        raise ValueError(f"{id!r} holds no time; only UUIDv7 ids do (req_, msg_ and file_ ids of 2026)")
    return (number_of(id) >> 80) / 1000


def uuid7(at: float, rng: Random) -> int:
    """Make the UUIDv7 number of an instant in POSIX seconds (RFC 9562, section 5.7)."""
    milliseconds = round(at * 1000)
    if not 0 <= milliseconds < 1 << 48:
        raise ValueError(f"{at} s cannot stand in an id; give POSIX seconds from 1970 on")
    return milliseconds << 80 | 7 << 76 | rng.getrandbits(12) << 64 | 0b10 << 62 | rng.getrandbits(62)


def uuid4(rng: Random) -> int:
    """Make a UUIDv4 number (RFC 9562, section 5.4)."""
    return rng.getrandbits(48) << 80 | 4 << 76 | rng.getrandbits(12) << 64 | 0b10 << 62 | rng.getrandbits(62)


#: Places the recorded answers came through.
_COLOS: Final = ("EWR", "SJC", "VIE", "IAD")


@dataclass(frozen=True, slots=True)
class Ids:
    """A mint of ids. The same Random and the same calls give the same ids.

    `infix` is what a cloud puts behind the prefix: `bdrk_` on Bedrock, `vrtx_` on Vertex, nothing elsewhere.
    `at` is the instant in POSIX seconds.
    """

    rng: Random
    infix: str = ""
    colo: str = field(default="", kw_only=True)

    def request(self, at: float) -> str:
        return self._id("req_", uuid7(at, self.rng))

    def message(self, at: float) -> str:
        """A message id: UUIDv7, on Bedrock random (FACTS). That Vertex has v7 too by now is unverified."""
        return self._id("msg_", self._random() if self.infix == "bdrk_" else uuid7(at, self.rng))

    def tool_use(self) -> str:
        return self._id("toolu_", self._random())

    def server_tool_use(self) -> str:
        return self._id("srvtoolu_", self._random())

    def mcp_tool_use(self) -> str:
        return self._id("mcptoolu_", self._random())

    def converse_tool_use(self) -> str:
        """A tool id of Bedrock's Converse: `tooluse_` and 22 base64url characters."""
        return "tooluse_" + base64.urlsafe_b64encode(self.rng.randbytes(16)).decode("ascii").rstrip("=")

    def batch(self) -> str:
        return self._id("msgbatch_", uuid4(self.rng))

    def file(self, at: float) -> str:
        return self._id("file_", uuid7(at, self.rng))

    def container(self) -> str:
        return self._id("container_", self._random())

    def workspace(self) -> str:
        return self._id("wrkspc_", self._random())

    def uuid4(self) -> str:
        """A UUIDv4 in the usual spelling; organisation ids look like this."""
        text = f"{uuid4(self.rng):032x}"
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))

    def traceresponse(self) -> str:
        """A W3C trace context: version, 32 hex digits of trace, 16 of span, flags."""
        return f"00-{self._random():032x}-{self.rng.getrandbits(64):016x}-01"

    def cf_ray(self) -> str:
        """The edge's ray: 16 hex digits and an airport code (`colo`, or one of those recorded)."""
        return f"{self.rng.getrandbits(64):016x}-{self.colo or self.rng.choice(_COLOS)}"

    def signature(self, text: str = "") -> str:
        """The signature of a thought (`wire/signature.py`)."""
        return sign(text, self.rng)

    def _random(self) -> int:
        return self.rng.getrandbits(_BITS)

    def _id(self, prefix: str, number: int) -> str:
        return f"{prefix}{self.infix}{MARK}{base58(number)}"
