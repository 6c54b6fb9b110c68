"""What may stand in a cassette: each interaction looked through when it is complete, and again whenever more is known.

A secret often gives itself away late. A token stands in an answer, where nothing names it, and seven requests later in a
header; by then the answer is on the disk.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence

from windtunnel.cassette.interaction import Interaction
from windtunnel.cassette.redact.leak import LeakError, closed
from windtunnel.cassette.redact.redactor import Redactor
from windtunnel.cassette.redact.rule_files import rules_for


class Guard:
    """Keeps secrets out of one cassette, `name`."""

    def __init__(self, name: str, redactor: Redactor | None = None) -> None:
        self.name = name
        self._redactor = Redactor() if redactor is None else redactor

    @classmethod
    def of(cls, cassette: str | os.PathLike[str], rules: str | None = None) -> Guard:
        """Return the guard of a file, by the rules that hold for it; `rules` as `rules_for` takes them."""
        return cls(os.fspath(cassette), Redactor(rules_for([cassette], rules)))

    @property
    def known(self) -> int:
        """How many values are looked for by now."""
        return self._redactor.known

    def redacted(self, interaction: Interaction) -> Interaction:
        """Return an interaction as it may be written. Raises LeakError."""
        return self._checked(self._redactor.interaction(interaction))

    def together(self, interactions: Iterable[Interaction]) -> list[Interaction]:
        """Return interactions without what any of them gives away, whichever comes first. Raises LeakError."""
        before = self.known
        clean = [self.redacted(interaction) for interaction in interactions]
        if self.known == before:
            return clean
        again = self._redactor.again(since=before)
        return [self._again(again, interaction, checked=True) for interaction in clean]

    def again(
        self, there: Sequence[Interaction], *, since: int | None, ours: Callable[[Interaction], bool]
    ) -> tuple[list[Interaction], list[LeakError]]:
        """Look through what has been written, for what is known now and was not when `known` was `since`.

        None: for everything, even what gives itself away. What holds nothing comes back as the object that it was. One that
        cannot be redacted is taken out if it is one of `ours`, and stays as it is if it is not: it was there before. Return
        what may be written, and why each of those that were taken out may not.
        """
        if since == self.known:
            return list(there), []
        again = self._redactor.again(since=since)
        kept: list[Interaction] = []
        out: list[LeakError] = []
        for interaction in there:
            try:
                kept.append(self._again(again, interaction, checked=since is not None))
            except LeakError as leak:
                if ours(interaction):
                    out.append(LeakError(f"{self.name}: an interaction was taken out again. {leak}"))
                else:
                    kept.append(interaction)
        return kept, out

    def check(self, finished: bytes) -> None:
        """Raise LeakError if the file, as it stands on the disk, holds a secret."""
        with closed(self.name):
            found = self._redactor.scan(finished)
        if found:
            more = f", and {len(found) - 1} more" if len(found) > 1 else ""
            raise LeakError(
                f"{self.name}, line {found[0].line}: something of the kind {found[0].kind!r}{more}, which is in no interaction "
                "of this recording: in a comment, in a key of your own, or in what was there before. Take it out by hand, "
                "or with `windtunnel cassette scrub`, and revoke what it was."
            )

    def _again(self, again: Redactor, interaction: Interaction, *, checked: bool) -> Interaction:
        clean = again.interaction(interaction)
        if clean != interaction:
            return self._checked(clean)
        return interaction if checked else self._checked(interaction)

    def _checked(self, interaction: Interaction) -> Interaction:
        from windtunnel.cassette import layout

        self._redactor.check(layout.block(interaction).encode(), name=self.name)
        return interaction
