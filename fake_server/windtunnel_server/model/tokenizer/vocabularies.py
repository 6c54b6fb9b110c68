"""The names of the vocabularies, for those who do not count."""

from __future__ import annotations

from typing import Literal

#: Claude 3 to 4.6; Opus 4.7; all later models, which have the pieces of Opus 4.7 in another frame.
Vocabulary = Literal["v3", "v4.7", "v4.8"]
