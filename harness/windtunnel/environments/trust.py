"""How clients come to trust a fake that speaks TLS: its authority's certificate in files, and the variables for them.

The machine's own list of authorities is read and never written: what clients are given is a copy with one more.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

#: Read in place of the list a client would use: OpenSSL (Python, Ruby, curl), Go, httpx; requests; curl; botocore.
_IN_PLACE: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")
#: Read besides it: Node, and what is built on it.
_BESIDES: Final = ("NODE_EXTRA_CA_CERTS",)


def variables(authority: bytes, folder: Path) -> dict[str, str]:
    """Write the certificate (PEM) into `folder`, alone and behind the machine's own, and return what points there."""
    alone, among = folder / "ca.pem", folder / "ca-bundle.pem"
    alone.write_bytes(authority)
    among.write_bytes(_own() + authority)
    return dict.fromkeys(_IN_PLACE, str(among)) | dict.fromkeys(_BESIDES, str(alone))


def _own() -> bytes:
    """The list this process would use, as far as it stands in a file: then a client still knows the rest of the world."""
    listed = ssl.get_default_verify_paths().cafile
    return b"" if listed is None else Path(listed).read_bytes().rstrip(b"\n") + b"\n"
