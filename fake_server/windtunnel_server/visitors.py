"""Who may use the control API: programs, and pages that it served itself.

Any page that a developer visits can send requests to loopback. A foreign one is known by its Origin; one whose name was
made to point here (DNS rebinding) by the Host it asks for, since an address cannot be rebound, only a name.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from windtunnel_server.call import Call


def refusal(call: Call, *, hosts: Collection[str] = ()) -> str | None:
    """Say why a call is refused; None where it is not. `hosts`: further names that this server goes by."""
    host = call.header("host")
    if host is not None and not _is_ours(host, hosts):
        return (
            f"the control API does not answer to the host {host!r}, so that no web page whose name points here can use "
            "it; ask for localhost or for an address, like http://127.0.0.1"
        )
    origin = call.header("origin")
    if origin is not None and origin.lower() not in (f"http://{host}".lower(), f"https://{host}".lower()):
        return (
            f"the control API takes nothing from pages of {origin!r}, only from its own and from programs, "
            "which send no Origin"
        )
    return None


def _is_ours(host: str, hosts: Collection[str]) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    # RFC 6761, section 6.3: localhost, and names below it, never leave the machine.
    return name == "localhost" or name.endswith(".localhost") or name in hosts or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
