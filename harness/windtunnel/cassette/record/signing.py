"""Amazon's signatures on the way through a recorder.

A client that is pointed at the recorder signs for the recorder's address: host and path are part of what is signed
(wire.md 2.3), so the service would refuse it. The recorder signs anew, with the credentials of its own environment, for
the region and the service that the client's signature names. Keys that are sent as they are need none of this.
"""

from __future__ import annotations

import re
from typing import Any, Final, Protocol

from windtunnel.cassette.interaction import Headers, Interaction, header

_SIGNED: Final = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request,\s*"
    r"SignedHeaders=(?P<names>[^,]+)"
)
#: Written anew with the signature.
_OURS: Final = ("authorization", "x-amz-date", "x-amz-security-token")


class SigningError(RuntimeError):
    """A request cannot be signed anew. Says what is lacking and what to do."""


class Signer(Protocol):
    """Signs a request for where it goes. May ask for credentials over the network: not for an event loop."""

    def __call__(self, method: str, url: str, headers: Headers, body: bytes) -> Headers: ...


def is_signed(headers: Headers) -> bool:
    """Say whether a request bears a signature of Amazon's."""
    return _SIGNED.match(header(headers, "authorization") or "") is not None


class Resigner:
    """Signs with botocore and the credentials that its chain finds in this process's environment."""

    def __init__(self) -> None:
        self._credentials: Any = None

    def use(self, key_id: str, secret: str, token: str | None = None) -> None:
        """Sign with these, and look for no others."""
        from botocore.credentials import Credentials  # type: ignore[import-untyped]

        self._credentials = Credentials(key_id, secret, token)

    def __call__(self, method: str, url: str, headers: Headers, body: bytes) -> Headers:
        """Return the headers, with a signature for `url` in place of the client's: over the headers that had signed."""
        signed = _SIGNED.match(header(headers, "authorization") or "")
        if signed is None:
            raise SigningError("no signature of Amazon's to replace")
        auth, request_class = self._parts(signed["service"], signed["region"])
        names = {*signed["names"].lower().split(";")} - {*_OURS}
        covered = {name: value for name, value in headers if name.lower() in names}
        request = request_class(method=method, url=url, data=body, headers=covered)
        auth.add_auth(request)
        written = {name.lower(): value for name, value in request.headers.items() if name.lower() in _OURS}
        return _replaced(headers, written)

    def _parts(self, service: str, region: str) -> tuple[Any, Any]:
        try:
            from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
            from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
            from botocore.exceptions import BotoCoreError  # type: ignore[import-untyped]
            from botocore.session import Session  # type: ignore[import-untyped]
        except ImportError:
            raise SigningError(
                "a request signed for Amazon has to be signed anew on its way, and botocore is not installed: "
                "pip install 'windtunnel[record]', or give --aws pass where clients sign for the right host"
            ) from None
        try:
            if self._credentials is None:
                self._credentials = Session().get_credentials()
            frozen = None if self._credentials is None else self._credentials.get_frozen_credentials()
        except BotoCoreError as error:
            raise SigningError(
                "a request signed for Amazon has to be signed anew on its way, and the recorder cannot get its credentials: "
                f"{error}"
            ) from None
        if frozen is None:
            raise SigningError(
                "a request signed for Amazon has to be signed anew on its way, and the recorder finds no credentials: "
                "set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY where you start it"
            )
        return SigV4Auth(frozen, service, region), AWSRequest


def turned_down(interaction: Interaction) -> str | None:
    """Return what the service calls it where it has not taken a signature of ours; None where it has."""
    request, response = interaction.request, interaction.response
    if response.status != 403 or not is_signed(request.headers):
        return None
    return (header(response.headers, "x-amzn-errortype") or "").partition(":")[0] or "no reason given"


def _replaced(headers: Headers, written: dict[str, str]) -> Headers:
    """Put new values in the place of old ones; a token that is no longer there goes, one that was not comes last."""
    places = {name.lower() for name, _ in headers}
    result = [
        (name, written[name.lower()] if name.lower() in _OURS else value)
        for name, value in headers
        if name.lower() not in _OURS or name.lower() in written
    ]
    return (*result, *((name, value) for name, value in written.items() if name not in places))
