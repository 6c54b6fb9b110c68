"""The live page of a running server, with everything one can fire at its clients and judge them by."""

from __future__ import annotations


def live_page() -> str:
    """Return the live page as HTML; what `windtunnel_server.control.Control` takes as its `page`."""
    from windtunnel.policies import POLICIES
    from windtunnel.report.html import live
    from windtunnel_server.faults import FAULTS
    from windtunnel_server.wire.errors import KINDS

    return live(failures=[*KINDS, *FAULTS], policies=list(POLICIES))
