"""Redaction: no secret reaches the disk.

`redactor.py` takes an interaction apart; `look.py` is the search every part goes through: for shapes (`shapes.py`), names
(`fields.py`, `assignments.py`) and known values (`known.py`), in every encoding (`encodings.py`). `scan.py` looks at the
finished file; `guard.py` looks again at what has been written, when more is known. `rule_files.py` reads what users add.
"""

from windtunnel.cassette.redact.guard import Guard
from windtunnel.cassette.redact.leak import LeakError
from windtunnel.cassette.redact.redactor import Redactor
from windtunnel.cassette.redact.rule_files import rules_for
from windtunnel.cassette.redact.rules import USUAL, Pattern, RuleError, Rules
from windtunnel.cassette.redact.scan import Finding, scan

__all__ = ["Finding", "Guard", "LeakError", "Pattern", "Redactor", "RuleError", "Rules", "USUAL", "rules_for", "scan"]
