"""How hypothesis runs here: no deadline, for the suite shares its cores; in CI the same examples every time."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("windtunnel", deadline=None, print_blob=True)
settings.register_profile("windtunnel-ci", settings.get_profile("windtunnel"), derandomize=True, database=None)
settings.load_profile("windtunnel-ci" if os.environ.get("CI") else "windtunnel")
