"""A recording session: a proxy before the service, and a cassette behind it, by one of the modes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from windtunnel.cassette.expiring import Expiry
from windtunnel.cassette.interaction import Interaction
from windtunnel.cassette.record.answers import Answers
from windtunnel.cassette.record.proxy import Aws, Proxy, trusting
from windtunnel.cassette.record.scribe import Scribe
from windtunnel.cassette.record.threaded import ThreadedProxy
from windtunnel.cassette.record.upstreams import Pointing, point, upstreams
from windtunnel.cassette.record.writing import Mode

if TYPE_CHECKING:
    from windtunnel.cassette.redact import Redactor


class RecordingSession:
    """Runs a recorder for the time of a with statement, or from `start` to `stop`; `pointing` says how clients find it.

    `rules` are the user's, as `rules_for` takes them.

    Raises UpstreamError, ProxyError or CassetteError before anything listens, and CassetteError at the end if something
    could not be written.
    """

    def __init__(
        self,
        cassette: Path,
        *,
        mode: Mode = "all",
        provider: str | None = None,
        upstream: str | None = None,
        environ: Mapping[str, str] = os.environ,
        host: str = "127.0.0.1",
        port: int = 0,
        aws: Aws = "resign",
        ca_bundle: str | None = None,
        expires: Expiry | None = None,
        rules: str | None = None,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.cassette, self._environ, self._expires = cassette, environ, expires
        self._rules, self._redact = rules, self._redactor(rules)
        there = cassette.exists()
        #: Nothing goes upstream: whatever is not recorded is refused.
        self.is_closed = mode == "none" or (mode == "once" and there)
        self.answers = self._answers() if self.is_closed or (mode == "new" and there) else None
        self.opened = upstreams(environ, provider=provider, url=upstream)
        trust = None if ca_bundle is None else trusting(ca_bundle)
        self._write: Scribe | None = None
        self._afresh = mode == "all"
        self.proxy = Proxy(
            self.opened,
            self._keep,
            host=host,
            port=port,
            aws=aws,
            answer=self.answers,
            trust=trust,
            environ=environ,
            tell=tell,
        )
        self._thread = ThreadedProxy(self.proxy)

    def start(self) -> Pointing:
        """Start listening; return what clients are told."""
        if not self.is_closed:
            self._write = Scribe(self.cassette, afresh=self._afresh, rules=self._rules, environ=self._environ)
        try:
            self._thread.start()
        except BaseException:
            self._close()
            raise
        return self.pointing

    def stop(self) -> None:
        """Stop listening, and write what is still to be written."""
        self._thread.stop()
        self._close()

    def __enter__(self) -> RecordingSession:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pointing(self) -> Pointing:
        """What makes a client come here; once it listens."""
        return point(self.proxy.url, self.opened, self._environ)

    @property
    def summary(self) -> str:
        """What became of it, in a line."""
        recorded = 0 if self._write is None else self._write.count
        played = "" if self.answers is None else f", {self.answers.played} played"
        missed = "" if self.answers is None or not self.answers.misses else f", {len(self.answers.misses)} not recorded"
        return f"{self.cassette}: {recorded} recorded{played}{missed}"

    def _redactor(self, rules: str | None) -> Redactor:
        """Find out before anything runs whether the rules can be followed."""
        from windtunnel.cassette.redact import Redactor, rules_for

        return Redactor(rules_for([self.cassette], rules), environ=self._environ)

    def _answers(self) -> Answers:
        from windtunnel.cassette import files

        there = files.load(self.cassette)
        return Answers(
            there,
            on_miss="refuse" if self.is_closed else "record",
            redact=self._redact.request,
            name=str(self.cassette),
        )

    def _keep(self, interaction: Interaction) -> None:
        if self._write is None:
            return
        dated = interaction if self._expires is None else replace(interaction, expires=self._expires.of(interaction))
        self._write(dated)

    def _close(self) -> None:
        if self._write is not None:
            self._write.close()
