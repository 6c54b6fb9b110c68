"""Access keys and session credentials of one Amazon account, and what becomes of them."""

from __future__ import annotations

import math
import string
import threading
from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal, TypeAlias

from windtunnel_server.clock import Clock

ACCOUNT: Final = "111122223333"
REGION: Final = "us-east-1"
USER_ARN: Final = f"arn:aws:iam::{ACCOUNT}:user/windtunnel"
ROLE: Final = "windtunnel"
ROLE_ARN: Final = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
SESSION: Final = "windtunnel"

#: Say to whoever finds one that it opens nothing. Forms: an id has 20 characters, a secret 40.
_LONG_LIVED, _TEMPORARY, _OURS = "AKIA", "ASIA", "WINDTUNNEL"
_SECRET: Final = "windtunnel/not/a/real/secret/"
_TOKEN: Final = "windtunnel-not-a-real-session-token-"
_ID_LETTERS: Final = string.ascii_uppercase + "234567"
_LETTERS: Final = string.ascii_letters + string.digits

#: "bedrock" and "bedrock-mantle" share theirs (wire.md 2.3); prefixes as seen in public reports (2026).
_BEARERS: Final = {"bedrock": "ABSK", "aws-external-anthropic": "aws-external-anthropic-api-key-"}
_SAME_BEARER: Final = {"bedrock-mantle": "bedrock"}

Standing: TypeAlias = Literal["good", "expired", "revoked", "unknown"]


@dataclass(frozen=True, slots=True)
class AwsKey:
    """An access key: long-lived, or of a session, with a token and an end.

    `expires_at`: POSIX seconds, what its holder is told of its end; infinite for a long-lived key.
    """

    id: str
    secret: str = field(repr=False)
    token: str | None = field(repr=False)
    expires_at: float
    #: Whose it is: a user, or a role as it was assumed.
    arn: str


@dataclass(slots=True, eq=False)
class _Known:
    key: AwsKey
    ends_at: float
    revoked: bool = False


class AwsKeys:
    """The access keys that are good.

    `lifetime_s` is how long those of a session live, and what their holder is told unless `said_s` says otherwise: a
    client that is told 3600 of a key that lives for 60 meets an `ExpiredTokenException`. `region` is where the service
    stands. Safe to use from several threads.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        seed: int = 0,
        lifetime_s: float = 3600.0,
        said_s: float | None = None,
        region: str = REGION,
    ) -> None:
        if not lifetime_s > 0:
            raise ValueError(f"lifetime_s is {lifetime_s!r}, and must be seconds above 0")
        self.clock, self.region, self.lifetime_s = clock, region, lifetime_s
        self._said_s = said_s
        #: How far the service's clock is ahead of everybody's, seconds: beyond 300 it takes no signature of theirs.
        self.skew_s = 0.0
        self._random = Random(f"aws keys {seed}")
        self._known: dict[str, _Known] = {}
        self._bearers: dict[str, _Known] = {}
        self._tails: set[str] = set()
        self._lock = threading.Lock()
        #: The long-lived key of a user of the account.
        self.user = self._made(_LONG_LIVED, USER_ARN, math.inf)

    def wall(self) -> float:
        """The service's own idea of the time, POSIX seconds."""
        return self.clock.wall() + self.skew_s

    # --- what a test does ----------------------------------------------------------------------------------------

    def session(self, arn: str = ROLE_ARN, *, lifetime_s: float | None = None, name: str = SESSION) -> AwsKey:
        """Hand out a key that ends: of a role, as it is assumed by a session of that name."""
        role = arn.rpartition("role/")[2]
        assumed = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}"
        lives_s = self.lifetime_s if lifetime_s is None else min(lifetime_s, self.lifetime_s)
        with self._lock:
            return self._made(_TEMPORARY, assumed, lives_s)

    def bearer(self, service: str = "bedrock") -> str:
        """Hand out a key that is sent as it is, without a signature; it does not end by itself."""
        service = _SAME_BEARER.get(service, service)
        with self._lock:
            found = f"{_BEARERS[service]}windtunnel-not-a-real-key-{self._letters(36)}{self._tail()}"
            self._bearers[found] = _Known(AwsKey(found, "", None, math.inf, service), math.inf)
        return found

    def expire(self, key: AwsKey | str) -> None:
        """Let a key end now, whatever its holder was told."""
        self._of(key).ends_at = self.wall()

    def expire_all(self) -> None:
        """Let every key of a session end now."""
        with self._lock:
            for known in self._known.values():
                if known.key.token is not None:
                    known.ends_at = min(known.ends_at, self.wall())

    def revoke(self, key: AwsKey | str) -> None:
        """Take a key back, as if it had never been."""
        self._of(key).revoked = True

    # --- at the door ---------------------------------------------------------------------------------------------

    def find(self, id: str) -> AwsKey | None:
        """Find an access key by its id; None for one that is not known, or was taken back."""
        known = self._known.get(id)
        return None if known is None or known.revoked else known.key

    def standing(self, key: str) -> Standing:
        """Say how an access key (by its id) or a bearer key stands."""
        known = self._known.get(key) or self._bearers.get(key)
        if known is None:
            return "unknown"
        if known.revoked:
            return "revoked"
        return "expired" if known.ends_at <= self.wall() else "good"

    def admits_bearer(self, key: str, service: str) -> bool:
        """Say whether a bearer key is good for a service."""
        known = self._bearers.get(key)
        wanted = _SAME_BEARER.get(service, service)
        return known is not None and known.key.arn == wanted and self.standing(key) == "good"

    # -------------------------------------------------------------------------------------------------------------

    def _of(self, key: AwsKey | str) -> _Known:
        id = key.id if isinstance(key, AwsKey) else key
        known = self._known.get(id) or self._bearers.get(id)
        if known is None:
            raise ValueError(
                f"no such key was handed out (it ends in {id[-4:]!r}, {len(self._known) + len(self._bearers)} are out); "
                "give a key of session(…) or bearer(…), or its id"
            )
        return known

    def _made(self, prefix: str, arn: str, lives_s: float) -> AwsKey:
        at = self.wall()
        id = f"{prefix}{_OURS}" + "".join(self._random.choices(_ID_LETTERS, k=6))
        secret = _SECRET + self._letters(40 - len(_SECRET))
        temporary = prefix == _TEMPORARY
        token = f"{_TOKEN}{self._letters(160)}{self._tail()}" if temporary else None
        said_s = self._said_s if temporary and self._said_s is not None else lives_s
        key = AwsKey(id, secret, token, at + said_s, arn)
        self._known[id] = _Known(key, at + lives_s)
        return key

    def _letters(self, count: int) -> str:
        return "".join(self._random.choices(_LETTERS, k=count))

    def _tail(self) -> str:
        """Four characters that no other token ends in: the journal keeps no more."""
        while (tail := self._letters(4)) in self._tails:
            pass
        self._tails.add(tail)
        return tail
