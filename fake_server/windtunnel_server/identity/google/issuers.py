"""All of Google's issuers, for a site."""

from __future__ import annotations

from windtunnel_server.identity.google import Google
from windtunnel_server.identity.google.iam import GoogleIam
from windtunnel_server.identity.google.metadata import GoogleMetadata
from windtunnel_server.identity.google.sts import GoogleSts
from windtunnel_server.identity.google.token import GoogleToken


def issuers(google: Google) -> tuple[GoogleToken, GoogleMetadata, GoogleSts, GoogleIam]:
    """Return the token endpoint, the metadata server, the exchange and the service for standing in, of one project."""
    return GoogleToken(google), GoogleMetadata(google), GoogleSts(google), GoogleIam(google)
