"""The rules of one door: its requests judged under its name and its settings."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from windtunnel_server.model import validation
from windtunnel_server.model.problem import Problem
from windtunnel_server.model.validation.index import RULES
from windtunnel_server.model.validation.terms import Endpoint, Terms
from windtunnel_server.script import ScriptError, unknown_word
from windtunnel_server.settings import Settings


class Rulebook:
    """What a door refuses. `surface` is its name. Raises ScriptError for rules in the settings that are none."""

    def __init__(self, settings: Settings, surface: str) -> None:
        for name in settings.rules:
            if name not in RULES:
                raise ScriptError(unknown_word("server: rules", name, RULES))
        self._settings, self._surface = settings, surface
        self._on = frozenset(name for name, wanted in settings.rules.items() if wanted)
        self._off = frozenset(settings.rules) - self._on

    def check(
        self, request: object, *, version: str, endpoint: Endpoint = "messages", betas: AbstractSet[str] = frozenset()
    ) -> Problem | None:
        """Refuse what the service refuses here; None for a request that may go on."""
        return validation.check(request, self.terms(version, endpoint, betas))

    def terms(self, version: str, endpoint: Endpoint = "messages", betas: AbstractSet[str] = frozenset()) -> Terms:
        """Put the terms of one call together."""
        return Terms(
            version=version,
            endpoint=endpoint,
            surface=self._surface,
            betas=frozenset(betas),
            strict=self._settings.strict,
            on=self._on,
            off=self._off,
            models_as_of=self._settings.models_as_of,
        )
