"""Redaction: no secret reaches the disk.

`redactor.py` takes an interaction apart; `look.py` is the search every part goes through: for shapes (`shapes.py`), names
(`fields.py`) and known values (`known.py`), in every encoding (`encodings.py`). `scan.py` looks at the finished file.
"""

from windtunnel.cassette.redact.leak import LeakError
from windtunnel.cassette.redact.redactor import Redactor
from windtunnel.cassette.redact.rules import USUAL, RuleError, Rules
from windtunnel.cassette.redact.scan import Finding, scan

__all__ = ["Finding", "LeakError", "Redactor", "RuleError", "Rules", "USUAL", "scan"]
