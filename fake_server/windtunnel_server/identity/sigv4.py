"""Amazon's Signature Version 4, recomputed from a request as it came over the wire (wire.md 2.3).

Own code, held against botocore in the tests. Signatures in the query (presigned addresses) are not read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from windtunnel_server.call import Call
from windtunnel_server.model.problem import Problem
from windtunnel_server.wire.kinds_aws import AWS

ALGORITHM: Final = "AWS4-HMAC-SHA256"
_TERMINATOR: Final = "aws4_request"
_STAMP: Final = "%Y%m%dT%H%M%SZ"
#: How far the clocks of client and service may be apart, seconds (the text of the refusal says "5 min.").
SKEW_S: Final = 300.0
_PARAMETERS: Final = ("Credential", "Signature", "SignedHeaders")
_TEXTS: Final = {kind.name: kind.text for kind in AWS}


@dataclass(frozen=True, slots=True)
class Signature:
    """What an Authorization header says: who signed, when, for which service of which region, and over which headers."""

    access_key_id: str
    #: `x-amz-date`, as sent: "20261102T090000Z".
    stamp: str
    date: str
    region: str
    service: str
    terminator: str
    headers: tuple[str, ...]
    hex: str

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{self.terminator}"


def read(call: Call) -> Signature | Problem:
    """Read the Authorization header, or say what it lacks."""
    authorization = (call.header("authorization") or "").strip()
    if not authorization:
        return _problem("missing_authentication_token")
    said = dict(part.strip().partition("=")[::2] for part in authorization.removeprefix(ALGORITHM).split(","))
    stamp = (call.header("x-amz-date") or "").strip()
    lacking = [f"Authorization header requires '{name}' parameter." for name in _PARAMETERS if not said.get(name)]
    if not stamp:
        lacking.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if lacking:
        return _incomplete(" ".join(lacking), authorization)
    scope = said["Credential"].split("/")
    if len(scope) != 5:
        # unverified: the words
        return _incomplete(f"Credential must have exactly 5 slash-delimited elements, e.g. {_EXAMPLE}.", authorization)
    names = tuple(said["SignedHeaders"].lower().split(";"))
    id, date, region, service, terminator = scope
    return Signature(id, stamp, date, region, service, terminator, names, said["Signature"])


_EXAMPLE: Final = f"keyid/date/region/service/{_TERMINATOR}"


def refusal(call: Call, signed: Signature, secret: str, *, region: str, service: str, at: float) -> Problem | None:
    """Say why a signature is not good at instant `at` (POSIX seconds) for a service of a region; None where it is."""
    return (
        _out_of_time(signed.stamp, at)
        or _out_of_scope(signed, region, service)
        or _uncovered(call, signed)
        or _mismatch(call, signed, secret)
    )


def signature(call: Call, signed: Signature, secret: str) -> str:
    """Compute the signature, hex, that a request ought to have."""
    key = f"AWS4{secret}".encode()
    for part in (signed.date, signed.region, signed.service, signed.terminator):
        key = _hmac(key, part)
    digest = hashlib.sha256(canonical(call, signed.headers).encode("latin-1")).hexdigest()
    text = f"{ALGORITHM}\n{signed.stamp}\n{signed.scope}\n{digest}"
    return _hmac(key, text).hex()


def canonical(call: Call, signed_headers: tuple[str, ...]) -> str:
    """Write the canonical request. Its bytes are those of the wire: characters stand for themselves in Latin-1."""
    lines = [f"{name}:{_value(call, name)}" for name in signed_headers]
    parts = (call.method, _path(call.path), _query(call.query), *lines, "", ";".join(signed_headers), _payload(call))
    return "\n".join(parts)


def _path(path: str) -> str:
    """Quote the path as it was received, so what is quoted already is quoted twice. All services but S3 have it so."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    end = "/" if kept and path.endswith("/") else ""
    return quote(f"/{'/'.join(kept)}{end}".encode("latin-1"), safe="/~")


def _query(query: str) -> str:
    pairs = sorted(part.partition("=")[::2] for part in query.split("&") if part)
    return "&".join(f"{name}={value}" for name, value in pairs)


def _value(call: Call, name: str) -> str:
    values = (value for header, value in call.headers if header.lower() == name)
    return ",".join(" ".join(value.split()) for value in values)


def _payload(call: Call) -> str:
    return hashlib.sha256(call.body).hexdigest()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode("latin-1"), hashlib.sha256).digest()


# --- the checks, in order (the real order is unverified) -----------------------------------------------------------


def _out_of_time(stamp: str, at: float) -> Problem | None:
    try:
        signed_at = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:
        # unverified: the words
        what = "Date must be in ISO-8601 'basic format'. Got"
        return Problem("incomplete_signature", f"{what} '{stamp}'. See http://en.wikipedia.org/wiki/ISO_8601")
    if signed_at < at - SKEW_S:
        values = {"signed": stamp, "earliest": written(at - SKEW_S), "now": written(at)}
        return Problem("signature_expired", _TEXTS["signature_expired"](values))
    if signed_at > at + SKEW_S:
        # unverified: formed after the text of the opposite case.
        what = f"Signature not yet current: {stamp} is still later than {written(at + SKEW_S)} ({written(at)} + 5 min.)"
        return Problem("invalid_signature", what)
    return None


def _out_of_scope(signed: Signature, region: str, service: str) -> Problem | None:
    """Say what is wrong with the scope (texts from memory, unverified for these services)."""
    wrong = []
    if signed.terminator != _TERMINATOR:
        wrong.append(f"Credential should be scoped with a valid terminator: '{_TERMINATOR}'.")
    if signed.region != region:
        wrong.append(f"Credential should be scoped to a valid region, not '{signed.region}'.")
    if signed.service != service:
        wrong.append(f"Credential should be scoped to correct service: '{service}'.")
    if signed.date != signed.stamp[:8]:
        what = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP:"
        wrong.append(f"{what} '{signed.date}' != '{signed.stamp[:8]}', from '{signed.stamp}'.")
    return Problem("invalid_signature", " ".join(wrong)) if wrong else None


def _uncovered(call: Call, signed: Signature) -> Problem | None:
    """Every header of Amazon's has to be signed, and the host (words unverified)."""
    if "host" not in signed.headers:
        what = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        return Problem("invalid_signature", what)
    sent = sorted({name.lower() for name, _ in call.headers if name.lower().startswith("x-amz-")} - {*signed.headers})
    if sent:
        return Problem("invalid_signature", f"'{sent[0]}' must be a 'SignedHeader' in the AWS Authorization.")
    return None


def _mismatch(call: Call, signed: Signature, secret: str) -> Problem | None:
    claimed = call.header("x-amz-content-sha256")
    whole = claimed is None or claimed.strip().lower() == _payload(call)
    if whole and hmac.compare_digest(signature(call, signed, secret).encode(), signed.hex.encode("latin-1")):
        return None
    return _problem("invalid_signature")


def written(at: float) -> str:
    """Write an instant (POSIX seconds) as a signature has it: `20261102T090000Z`."""
    return datetime.fromtimestamp(int(at), UTC).strftime(_STAMP)


def _incomplete(lacking: str, authorization: str) -> Problem:
    # Quoted in public reports (2026-04): the header itself is named by its digest only.
    digest = base64.b64encode(hashlib.sha256(authorization.encode("latin-1")).digest()).decode()
    return Problem(
        "incomplete_signature", f"{lacking} (Hashed with SHA-256 and encoded with Base64) Authorization={digest}"
    )


def _problem(kind: str) -> Problem:
    return Problem(kind, _TEXTS[kind]())
