"""What the calls of a journal used, as the answers reported it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from windtunnel_server.journal import Entry, Journal


@dataclass(frozen=True, slots=True)
class Account:
    """Token counts; `input_tokens` is the uncached remainder only."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0

    def plus(self, usage: dict[str, Any]) -> Account:
        """Add one answer's usage."""
        return Account(
            self.calls + 1,
            *(
                getattr(self, name) + int(usage.get(name) or 0)
                for name in (
                    "input_tokens",
                    "output_tokens",
                    "cache_creation_input_tokens",
                    "cache_read_input_tokens",
                )
            ),
        )


class Ledger:
    """The account of a journal, by model and in all. Calls that reported no usage are not in it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    @property
    def total(self) -> Account:
        return self._sum(self._journal.calls)

    @property
    def by_model(self) -> dict[str, Account]:
        """Accounts by the model that was asked for."""
        models = {str(e.body.get("model")) for e in self._journal.calls if e.usage and isinstance(e.body, dict)}
        return {
            model: self._sum(
                [e for e in self._journal.calls if isinstance(e.body, dict) and e.body.get("model") == model]
            )
            for model in sorted(models)
        }

    def to_json(self) -> dict[str, Any]:
        """Return the account as plain JSON values."""
        return {
            "total": _json(self.total),
            "by_model": {model: _json(account) for model, account in self.by_model.items()},
        }

    @staticmethod
    def _sum(entries: list[Entry]) -> Account:
        account = Account()
        for entry in entries:
            if entry.usage:
                account = account.plus(entry.usage)
        return account


def _json(account: Account) -> dict[str, int]:
    return {name: getattr(account, name) for name in Account.__slots__}
