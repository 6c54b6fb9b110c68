"""Functions that took hold of the machine's clock when they were defined, where freezegun does not look.

The official SDK's token cache has `time_source=time.time` as a default argument: on a virtual clock it would go on
reading the machine's date, and renew a token at the wrong time or never.
"""

from __future__ import annotations

import sys
import time
from typing import Final

#: Module, class, method, argument.
_HELD: Final = (("anthropic.lib.credentials._cache", "TokenCache", "__init__", "time_source"),)


def release() -> None:
    """Let them ask for the time when they need it. For good, as it changes nothing on the machine's own clock."""
    for module, kind, method, argument in _HELD:
        function = getattr(getattr(sys.modules.get(module), kind, None), method, None)
        defaults = getattr(function, "__kwdefaults__", None) or {}
        if argument in defaults:
            defaults[argument] = _now


def _now() -> float:
    return time.time()
