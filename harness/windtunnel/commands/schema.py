"""`windtunnel schema`: the JSON Schema of scenario files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from windtunnel.commands._ending import give_up

HELP = (
    "Print the JSON Schema of scenario files.\n\n"
    "Editors complete and check from it: `windtunnel schema --output scenario.schema.json`, and at the head of a scenario "
    "`# yaml-language-server: $schema=scenario.schema.json`."
)


def schema(
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it to a file.")] = None,
) -> None:
    from windtunnel.scenario.schema import schema as made

    text = json.dumps(made(), indent=2, ensure_ascii=False)
    if output is None:
        typer.echo(text)
        return
    try:
        output.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        give_up(f"--output {output}: cannot be written: {error.strerror}")
