"""`windtunnel cassette`: to look at recordings, and to take care of them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windtunnel.commands._ending import FAILED, PASS, USAGE, give_up
from windtunnel.commands._round import Round

if TYPE_CHECKING:
    from windtunnel.cassette.interaction import Interaction

SHORT = "Look at recordings, and take care of them."
HELP = (
    "Look at recordings, and take care of them.\n\n"
    "Exit code: 0 all is well; 1 something was found: a fault, a secret, a breaking drift, an old recording; 2 for what "
    "cannot be read or done; 3 where windtunnel itself failed."
)

app = typer.Typer(no_args_is_help=True, help=HELP, short_help=SHORT)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The cassette.")]
Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Cassettes, or folders of them.")]
Redact = Annotated[
    str | None,
    typer.Option(
        "--redact",
        metavar="FILE|MODULE:NAME",
        help="Rules of redaction. \\[windtunnel.redact.yaml beside the cassette or in a folder above]",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextmanager
def _complaining() -> Iterator[None]:
    """Turn what is wrong with a cassette into a usage error."""
    from windtunnel.cassette.interaction import CassetteError

    try:
        yield
    except CassetteError as error:
        give_up(error)
    except OSError as error:
        give_up(f"{error.filename}: {error.strerror}")


def _load(path: Path) -> Sequence[Interaction]:
    from windtunnel.cassette.files import load

    return list(load(path).interactions)


def _check_numbers(path: Path, interactions: Sequence[Interaction], numbers: Sequence[int] | None) -> None:
    from windtunnel.cassette.interaction import CassetteError

    for number in numbers or ():
        if not 1 <= number <= len(interactions):
            raise CassetteError(f"{path}: there is no interaction {number}; it has {len(interactions)}")


def _print(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


# --- looking -----------------------------------------------------------------------------------------------------------


@app.command(help="Print cassettes as conversations: what was asked, what came back, how fast, and what it cost.")
def show(
    files: Files,
    only: Annotated[
        list[int] | None, typer.Option("--only", "-n", metavar="N", help="This interaction only, from 1; repeatable.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Cut no text.")] = False,
    total: Annotated[bool, typer.Option("--total", help="Print usage and cost only, by cassette and in all.")] = False,
    width: Annotated[int, typer.Option(min=40, help="Columns.")] = 80,
    json_: Json = False,
) -> None:
    from windtunnel.cassette.conversation import SHORT as LONGEST
    from windtunnel.cassette.conversation import conversation, told
    from windtunnel.cassette.conversation import total as added_up
    from windtunnel_server.ledger import Account

    reported: list[dict[str, Any]] = []
    accounts = []
    round_ = Round(files)
    for path in round_.paths:
        with round_.at(path):
            interactions = _load(path)
            _check_numbers(path, interactions, only)
            account = added_up(interactions)
            accounts.append(account)
            if json_:
                reported.append(_told(path, interactions, only, account))
                continue
            typer.echo(f"{path}: {_count(interactions, 'interaction')}")
            for number, interaction in enumerate(interactions, 1) if not total else ():
                if not only or number in only:
                    lines = conversation(interaction, number, width=width, longest=None if full else LONGEST)
                    typer.echo("\n" + "\n".join(lines))
            typer.echo(f"{'' if total else chr(10)}{'  ' if total else 'in all: '}{told(account)}")
    if json_:
        reported += [{"file": str(path), "error": why} for path, why in round_.failed.items()]
        _print({"cassettes": reported, "total": sum(accounts, Account()).to_json()})
    elif len(round_.paths) > 1:
        typer.echo(f"all {len(accounts)} cassettes: {told(sum(accounts, Account()))}")
    round_.end()


def _told(path: Path, interactions: Sequence[Interaction], only: list[int] | None, account: Any) -> dict[str, Any]:
    from windtunnel.cassette.entries import bookings
    from windtunnel.cassette.showing import describe

    booked = {booking.number: booking.to_json() for booking in bookings(interactions)}
    listed = [
        {
            "number": number,
            "provider": one.provider,
            "method": one.request.method,
            "uri": one.request.uri,
            "status": one.response.status,
            "ended": one.response.ended,
            "seconds": one.response.ended_at_s,
            "bytes": len(one.response.body),
            "summary": describe(one, longest=None),
            "booking": booked.get(number),
        }
        for number, one in enumerate(interactions, 1)
        if not only or number in only
    ]
    return {"file": str(path), "interactions": listed, "total": account.to_json()}


@app.command(
    help="Check cassettes: format and layout, comments that are true, no secrets, instants that add up, answers that the "
    "installed SDK's types can hold. Notes do not fail."
)
def verify(
    files: Files,
    sdk: Annotated[bool, typer.Option(help="Read answers with the installed SDK's types, too.")] = True,
    redact: Redact = None,
    json_: Json = False,
) -> None:
    from windtunnel.cassette.verify import verify as verified

    reported: dict[str, Any] = {}
    failed, round_ = False, Round(files)
    for path in round_.paths:
        with round_.at(path):
            faults = verified(path, sdk=sdk, rules=redact)
            failed = failed or any(fault.weight == "error" for fault in faults)
            reported[str(path)] = [
                {"check": one.check, "weight": one.weight, "number": one.number, "why": one.why} for one in faults
            ]
            if not json_:
                typer.echo(f"{path}: {'well' if not faults else _count(faults, 'finding')}")
                for fault in faults:
                    typer.echo(f"  {fault}")
    if json_:
        _print(reported | round_.errors())
    round_.end(FAILED if failed else PASS)


@app.command(
    help="Compare two recordings of the same calls, or with --sdk one with the types of the installed SDK.\n\n"
    "Differences are cosmetic (no client may care), additive (there is more than there was) or breaking (what was there "
    "is gone, or another). Breaking ones end with 1."
)
def diff(
    file: Annotated[Path, typer.Argument(metavar="OLD", help="The older cassette, or with --sdk the only one.")],
    new: Annotated[Path | None, typer.Argument(metavar="NEW", show_default=False, help="The newer one.")] = None,
    sdk: Annotated[bool, typer.Option("--sdk", help="Compare with the installed SDK's types.")] = False,
    cosmetic: Annotated[bool, typer.Option(help="Print cosmetic differences, too.")] = False,
    json_: Json = False,
) -> None:
    from windtunnel.cassette.drift import compare
    from windtunnel.cassette.types import against_sdk

    if sdk == (new is not None):
        give_up("diff takes OLD and NEW, or --sdk and one cassette")
    with _complaining():
        drifts = against_sdk(_load(file)) if new is None else compare(_load(file), _load(new))
    if json_:
        _print([drift.to_json() for drift in drifts])
    else:
        for drift in drifts:
            if cosmetic or drift.tier != "cosmetic":
                typer.echo(str(drift))
        tiers = {tier: sum(drift.tier == tier for drift in drifts) for tier in ("breaking", "additive", "cosmetic")}
        typer.echo(", ".join(f"{count} {tier}" for tier, count in tiers.items()))
    raise typer.Exit(FAILED if any(drift.tier == "breaking" for drift in drifts) else PASS)


@app.command(
    help="Tell which interactions have expired or, with --max-age, are too old, or of unknown age. Any of them ends with 1."
)
def stale(
    files: Files,
    max_age: Annotated[int | None, typer.Option("--max-age", metavar="DAYS", min=0, help="Oldest age.")] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DAY", help="As of this day, like 2027-01-31. \\[today]")
    ] = None,
    json_: Json = False,
) -> None:
    from windtunnel.cassette.stale import stale as grown_old

    try:
        today = dt.date.fromisoformat(on) if on else dt.datetime.now(dt.UTC).date()
    except ValueError:
        give_up(f"--on {on}: this is no day like 2027-01-31")
    found, round_ = {}, Round(files)
    for path in round_.paths:
        with round_.at(path):
            found[str(path)] = grown_old(_load(path), today=today, max_age_days=max_age)
    if json_:
        told = {name: [{"number": one.number, "why": one.why} for one in old] for name, old in found.items()}
        _print(told | round_.errors())
    else:
        for name, old in found.items():
            for one in old:
                typer.echo(f"{name}: interaction {one.number} {one.why}")
        typer.echo(f"{sum(map(len, found.values()))} stale in {_count(found, 'cassette')}")
    round_.end(FAILED if any(found.values()) else PASS)


# --- changing ----------------------------------------------------------------------------------------------------------


@app.command(
    help="Take secrets out of cassettes in place, and lay them out anew. A file that cannot be made safe stays."
)
def scrub(files: Files, redact: Redact = None, json_: Json = False) -> None:
    from windtunnel.cassette.scrubbing import scrub as scrubbed

    reported, round_ = {}, Round(files)
    for path in round_.paths:
        with round_.at(path):
            reported[str(path)] = scrubbed(path, rules=redact)
    if json_:
        _print(reported | round_.errors())
        round_.end()
    for name, changed in reported.items():
        typer.echo(f"{name}: {f'changed {_these(changed)}' if changed else 'no secrets found'}")
    if any(reported.values()):
        typer.echo("What was in a file that others could read is known: revoke it.")
    round_.end()


@app.command(
    help="Set when recordings expire: `--on 2027-01-31`, `--on 90d` after each was recorded, or `--on never`. From that day "
    "on they are stale."
)
def expire(
    files: Files,
    on: Annotated[str, typer.Option("--on", metavar="DAY|90d|never", help="When.")],
    only: Annotated[
        list[int] | None, typer.Option("--only", "-n", metavar="N", help="This interaction only, from 1; repeatable.")
    ] = None,
    json_: Json = False,
) -> None:
    from windtunnel.cassette.expiring import expire as expired
    from windtunnel.cassette.expiring import expiry

    try:
        when = expiry(on)
    except ValueError as error:
        give_up(f"--on: {error}")
    reported, round_ = {}, Round(files)
    for path in round_.paths:
        with round_.at(path):
            _check_numbers(path, _load(path), only)
            reported[str(path)] = expired(path, when, only=only or ())
    if json_:
        _print(reported | round_.errors())
        round_.end()
    for name, changed in reported.items():
        typer.echo(f"{name}: {f'changed {_these(changed)}' if changed else 'as it was'}")
    round_.end()


@app.command(
    name="import",
    help="Make a cassette of another tool's recording: vcrpy and pytest-recording (vcr), cassetter, Ruby's VCR (ruby-vcr), "
    "HTTP archives (har), mitmproxy's flows. Secrets are taken out on the way.",
)
def import_(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="The foreign recording.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The cassette to write; it must not exist.")],
    kind: Annotated[str | None, typer.Option("--kind", metavar="KIND", help="What it is. \\[by its look]")] = None,
    every: Annotated[bool, typer.Option("--every-host", help="Keep exchanges with hosts of no provider, too.")] = False,
    redact: Redact = None,
    json_: Json = False,
) -> None:
    from windtunnel.cassette.files import save
    from windtunnel.cassette.importing import imported
    from windtunnel.cassette.importing.lost import Lost
    from windtunnel.cassette.scrubbing import redacted

    lost: list[Lost] = []
    with _complaining():
        found = imported(
            source, kind=kind, tell=lambda line: typer.echo(f"windtunnel: {line}", err=True), on_lost=lost.append
        )
        kept = [interaction for interaction in found if every or interaction.provider]
        if not kept:
            give_up(
                f"{source}: none of its {len(found)} exchanges is with a provider; --every-host takes them all the same"
            )
        save(file, redacted(kept, str(file), rules=redact), expected=None)
    left = len(found) - len(kept)
    if json_:
        told = [{"place": one.place, "request": one.uri, "why": one.why} for one in lost]
        _print({"file": str(file), "imported": len(kept), "other_hosts": left, "left_out": told})
        return
    others = f"; {left} with other hosts left out" if left else ""
    typer.echo(f"{file}: {_count(kept, 'interaction')} imported{others}")


@app.command(help="Write a cassette for other tools: plain VCR without our key, or an HTTP archive (HAR 1.2).")
def export(
    file: File,
    to: Annotated[Path, typer.Argument(metavar="TARGET", help="The file to write; it must not exist.")],
    format: Annotated[str, typer.Option("--format", metavar="vcr|har", help="What to write.")] = "vcr",
) -> None:
    from windtunnel.cassette.exporting import FORMATS
    from windtunnel_server.script import unknown_word

    if format not in FORMATS:
        give_up(unknown_word("--format", format, FORMATS))
    with _complaining():
        interactions = _load(file)
        try:
            with to.open("xb") as out:
                out.write(FORMATS[format](interactions))
        except FileExistsError:
            give_up(f"{to}: there is a file already, which is not overwritten", code=USAGE)
    typer.echo(f"{to}: {_count(interactions, 'interaction')}")


@app.command(help="Drop the interactions that no test has played, by the report of a run of pytest.")
def prune(
    files: Files,
    report: Annotated[Path, typer.Option("--report", metavar="FILE", help="What the run has played.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    json_: Json = False,
) -> None:
    from windtunnel.cassette.scrubbing import played_of
    from windtunnel.cassette.scrubbing import prune as pruned

    with _complaining():
        played = played_of(report)
    reported, round_ = {}, Round(files)
    for path in round_.paths:
        with round_.at(path):
            there, numbers = len(_load(path)), played.get(path.resolve())
            if numbers is None:
                typer.echo(f"windtunnel: {path}: the run has not opened it; left as it is", err=True)
                continue
            gone = [number for number in range(1, there + 1) if number not in numbers]
            reported[str(path)] = gone if dry_run or not gone else pruned(path, numbers)
    if json_:
        _print(reported | round_.errors())
        round_.end()
    verb = "would drop" if dry_run else "dropped"
    for name, gone in reported.items():
        typer.echo(f"{name}: {f'{verb} {_these(gone)}' if gone else 'all was played'}")
    round_.end()


def _these(numbers: Sequence[int]) -> str:
    return f"interaction {', '.join(map(str, numbers))}"


def _count(these: Any, word: str) -> str:
    return f"{len(these)} {word}{'' if len(these) == 1 else 's'}"
