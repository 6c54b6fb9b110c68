"""Money: the cost a client claims against what its answers cost, and what is billed beyond what it could read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from windtunnel.verdicts import _token_causes as causes
from windtunnel.verdicts._usage import as_usage
from windtunnel.verdicts.sent import Sent
from windtunnel.verdicts.verdict import Finding
from windtunnel_server.journal import Entry
from windtunnel_server.ledger import book
from windtunnel_server.model import prices

_MICRO: Final = Decimal(1_000_000)
#: Half a micro-dollar for each amount that was rounded.
_ROUNDED: Final = Decimal("0.5")


def cost_finding(
    numbers: tuple[int, ...], said_usd: str | None, attempts: Sequence[Entry], sent: Sequence[Sent], *, certain: bool
) -> Finding | None:
    """Hold a claimed cost against that of the usage which could be read; None where they agree or nothing is said."""
    if said_usd is None:
        return None
    true_micro = _reported(attempts)
    if true_micro is None:
        models = ", ".join(dict.fromkeys(line.model for line in book(attempts) if line.cost_micro_usd is None))
        advice = "use a model whose price is known, or leave cost_usd out"
        return Finding(
            numbers, "the cost cannot be checked", f"{said_usd} US$", f"{models}: no price", advice, "unknown"
        )
    said_micro = Decimal(said_usd) * _MICRO
    if _near(said_micro, true_micro, len(attempts)):
        return None
    title, advice = _explained(said_micro, attempts, sent)
    seen, allowed = f"{said_usd} US$ ({(said_micro - true_micro) / _MICRO:+f})", f"{true_micro / _MICRO:f} US$"
    return Finding(numbers, title, seen, allowed, advice, "fail" if certain else "unknown")


def billed_note(attempts: Sequence[Entry]) -> Iterator[Finding]:
    """Say what is charged beyond, or short of, what a client could read off its answers."""
    for line in book(attempts):
        told = line.reported
        if line.account.unpriced_calls or (told and told.cost_micro_usd == line.account.cost_micro_usd):
            continue
        read = (
            "nothing" if told is None else f"{told.output_tokens} output tokens, {told.cost_micro_usd / _MICRO:f} US$"
        )
        billed = f"{line.account.output_tokens} output tokens, {line.account.cost_micro_usd / _MICRO:f} US$"
        yield Finding(
            (line.number,),
            "what is billed is not what could be read",
            f"billed: {billed}",
            f"read: {read}",
            "nothing: a client can only book what it was told",
            "note",
        )


def _reported(attempts: Sequence[Entry]) -> Decimal | None:
    told = [line.reported for line in book(attempts) if line.reported is not None]
    if any(account.unpriced_calls for account in told):
        return None
    return sum((account.cost_micro_usd for account in told), Decimal(0))


def _near(one: Decimal, other: Decimal, amounts: int) -> bool:
    return abs(one - other) <= _ROUNDED * max(amounts, 1)


def _explained(said_micro: Decimal, attempts: Sequence[Entry], sent: Sequence[Sent]) -> tuple[str, str]:
    models = {str(entry.body.get("model")) for entry in attempts if isinstance(entry.body, dict)}
    for cause in causes.CAUSES if len(models) == 1 else ():
        made = prices.cost(as_usage(cause.books(sent)), min(models))
        if made is not None and _near(said_micro, made, len(attempts)):
            return f"wrong cost: {cause.name}", cause.advice
    return "wrong cost", "price each kind of token apart: input, output, cache reads, 5-minute and 1-hour writes"
