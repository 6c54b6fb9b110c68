"""What the client's side says: how each request ended, what was handed on, what was counted.

The journal has the server's side of a run. Some verdicts need both: a client that got half an answer and says so has
done well, one that passes the half off as a whole has not, and the journal cannot tell the two apart. A built-in client
makes its claims itself; a command writes them where `WINDTUNNEL_CLAIMS` points, or as its last line.
"""

from __future__ import annotations

from windtunnel.verdicts._claim import Claim, Claims, ClaimsError, Outcome
from windtunnel.verdicts._claims_json import claims_from_json, claims_from_output, claims_from_text
from windtunnel.verdicts._claims_of import claims_of

__all__ = [
    "Claim",
    "Claims",
    "ClaimsError",
    "Outcome",
    "claims_from_json",
    "claims_from_output",
    "claims_from_text",
    "claims_of",
]
