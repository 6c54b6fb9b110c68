"""Which recorded interaction answers a request.

`asked.py` is a request as matchers see it, `canonical.py` its body without what clients vary, `matchers.py` the rules by
name, `reel.py` what is searched, `index.py` finds, `difference.py` explains what was not found.
"""

from windtunnel.cassette.match.asked import Asked, from_request
from windtunnel.cassette.match.difference import Difference
from windtunnel.cassette.match.index import Index, Matched, Nearest, redacting
from windtunnel.cassette.match.matchers import DEFAULT, MATCHERS, Custom, MatchError, Matching
from windtunnel.cassette.match.reel import Place, Reel, Source

__all__ = [
    "DEFAULT",
    "MATCHERS",
    "Asked",
    "Custom",
    "Difference",
    "Index",
    "MatchError",
    "Matched",
    "Matching",
    "Nearest",
    "Place",
    "Reel",
    "Source",
    "from_request",
    "redacting",
]
