"""Where credentials stand in traffic: the names of the headers, fields and parameters that hold one."""

from __future__ import annotations

from typing import Final

#: Headers whose value is a credential, in lower case.
HEADERS: Final = frozenset(
    {
        "api-key",
        "authorization",
        "cookie",
        "ocp-apim-subscription-key",
        "proxy-authorization",
        "set-cookie",
        "x-amz-security-token",
        "x-amz-sso_bearer_token",
        "x-api-key",
        "x-aws-ec2-metadata-token",
        "x-goog-api-key",
        "x-goog-iam-authorization-token",
        "x-identity-header",
    }
)

#: Words before a credential that say what kind it is. Any other word there may be part of a secret (a cookie's first pair).
SCHEMES: Final = frozenset({"bearer", "basic", "digest", "negotiate", "token", "aws4-hmac-sha256"})

#: Parameters of an address that are credentials: keys and tokens, and a presigned request's signature.
PARAMETERS: Final = frozenset(
    {
        "access-token",
        "access_token",
        "api-key",
        "api_key",
        "apikey",
        "key",
        "token",
        "x-amz-security-token",
        "x-amz-signature",
    }
)

#: What a request for a token proves itself by (RFC 6749, 7521, 7636, 8628 and 8693).
PROOFS: Final = frozenset(
    {
        "access_token",
        "actor_token",
        "assertion",
        "client_assertion",
        "client_secret",
        "code",
        "code_verifier",
        "device_code",
        "refresh_token",
        "subject_token",
    }
)
