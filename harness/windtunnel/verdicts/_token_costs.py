"""Money: the cost a client claims against what its answers cost, and what is billed beyond what it could read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from windtunnel.verdicts import _token_causes as causes
from windtunnel.verdicts._usage import Counts, as_usage
from windtunnel.verdicts.sent import Sent
from windtunnel.verdicts.verdict import Finding
from windtunnel_server.journal import Entry
from windtunnel_server.ledger import book, terms
from windtunnel_server.model import prices
from windtunnel_server.model.models import MODELS
from windtunnel_server.model.prices import Terms

_MICRO: Final = Decimal(1_000_000)
#: What of a call is forgotten when it is priced.
_TERMS: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("the region was not priced", "a regional endpoint of a cloud costs a tenth more", {"regional": False}),
    ("a region was priced where there was none", "a global endpoint costs no more", {"regional": True}),
    ("an old price was taken", "take the prices of the day", {"on": date.min}),
    ("a new price was taken", "take the prices of the day of the answer", {"on": None}),
)
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
    if _near(said_micro, true_micro, _amounts(attempts)):
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


@dataclass(frozen=True, slots=True)
class _Mistake:
    """A usual mistake with money; `makes`: the micro-dollars that come of it, None where that is not known."""

    name: str
    advice: str
    makes: Decimal | None


def _mistakes(attempts: Sequence[Entry], sent: Sequence[Sent]) -> Iterator[_Mistake]:
    models = {str(entry.body.get("model")) for entry in attempts if isinstance(entry.body, dict)}
    if len(models) != 1:
        return
    model, at = min(models), terms(attempts[0])
    for cause in causes.CAUSES:
        yield _Mistake(cause.name, cause.advice, prices.cost(_as_told(cause.books(sent), sent), model, at))
    told = [one.usage for one in sent if one.usage is not None]
    for name, advice, changes in _TERMS:
        changed = replace(at, **changes)
        yield _Mistake(name, advice, _cost(told, model, changed) if changed != at else None)
    for place in ("inference_geo", "service_tier"):
        plain = [{key: value for key, value in usage.items() if key != place} for usage in told]
        advice = f"{place} of the answer has a factor of its own"
        made = _cost(plain, model, at) if plain != told else None
        yield _Mistake(f"{place} was not priced", advice, made)
    for other in MODELS:
        advice = f"it was {model} that answered: take its prices"
        yield _Mistake(f"priced as {other.id}", advice, _cost(told, other.id, at) if other.id != model else None)


def _cost(told: Sequence[Mapping[str, Any]], model: str, at: Terms) -> Decimal | None:
    costs = [prices.cost(usage, model, at) for usage in told]
    return None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0))


def _as_told(counted: Counts, sent: Sequence[Sent]) -> dict[str, Any]:
    """A usage of these counts, with what the answers say of place and tier."""
    told = [one.usage for one in sent if one.usage is not None]
    said = {name: told[0][name] for name in ("inference_geo", "service_tier") if told and name in told[0]}
    return as_usage(counted) | said


def _near(one: Decimal, other: Decimal, amounts: int) -> bool:
    return abs(one - other) <= _ROUNDED * max(amounts, 1)


def _amounts(attempts: Sequence[Entry]) -> int:
    return sum(line.reported is not None for line in book(attempts))


def _explained(said_micro: Decimal, attempts: Sequence[Entry], sent: Sequence[Sent]) -> tuple[str, str]:
    amounts = _amounts(attempts)
    for cause in _mistakes(attempts, sent):
        if cause.makes is not None and _near(said_micro, cause.makes, amounts):
            return f"wrong cost: {cause.name}", cause.advice
    return "wrong cost", "price each kind of token apart: input, output, cache reads, 5-minute and 1-hour writes"
