"""What Amazon says of a credential before a model is asked, and the name of each exception.

Codes and most texts: wire.md 6.4. The text of a missing parameter and that of an old signature were quoted in public
reports (2025, 2026), as was that of a wrong key; those marked are unverified.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from windtunnel_server.wire.kind import ErrorKind

# Whether Amazon sends x-should-retry with anything is not known: no recording has it.
_denied = partial(ErrorKind, status=403, type="permission_error", should_retry=None, organization_header=False)

AWS: Final[tuple[ErrorKind, ...]] = (
    _denied(
        name="missing_authentication_token",
        message="Missing Authentication Token",
        about="Amazon: no credential at all (text unverified)",
    ),
    _denied(
        name="incomplete_signature",
        message="Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' "
        "parameter. Authorization header requires 'SignedHeaders' parameter.",
        about="Amazon: an Authorization header that is no signature",
    ),
    _denied(
        name="invalid_signature",
        message="The request signature we calculated does not match the signature you provided. Check your AWS Secret "
        "Access Key and signing method. Consult the service documentation for details.",
        about="Amazon: a wrong secret, or a request that was changed after it was signed",
    ),
    _denied(
        name="signature_expired",
        message="Signature expired: {signed} is now earlier than {earliest} ({now} - 5 min.)",
        examples={"signed": "20261102T084000Z", "earliest": "20261102T085500Z", "now": "20261102T090000Z"},
        about="Amazon: a signature of more than five minutes ago",
    ),
    _denied(
        name="unrecognized_client",
        message="The security token included in the request is invalid.",
        about="Amazon: an access key or a session token that is not known",
    ),
    _denied(
        name="expired_token",
        message="The security token included in the request is expired",
        about="Amazon: a session token past its time",
    ),
    _denied(
        name="invalid_aws_api_key",
        message="Authentication failed: Please make sure your API Key is valid.",
        about="Amazon: a bearer key that is wrong",
    ),
    _denied(
        name="access_denied",
        message="You don't have access to the model with the specified model ID.",
        about="Amazon: who asks is known, and may not",
    ),
)

#: The exception that a kind of error is, by the kind's name.
EXCEPTIONS: Final[Mapping[str, str]] = {
    "missing_authentication_token": "MissingAuthenticationTokenException",
    "incomplete_signature": "IncompleteSignatureException",
    "invalid_signature": "InvalidSignatureException",
    "signature_expired": "InvalidSignatureException",
    "unrecognized_client": "UnrecognizedClientException",
    "expired_token": "ExpiredTokenException",
    "invalid_aws_api_key": "AccessDeniedException",
    "access_denied": "AccessDeniedException",
}
