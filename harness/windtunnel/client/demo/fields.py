"""Short spellings for JSON Schema, so that the tables of tools stay readable."""

from __future__ import annotations

from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]


def text(about: str, **more: Any) -> Schema:
    return {"type": "string", "description": about, **more}


def whole(about: str, least: int = 0, most: int | None = None, **more: Any) -> Schema:
    limits = {"minimum": least} | ({} if most is None else {"maximum": most})
    return {"type": "integer", "description": about, **limits, **more}


def flag(about: str, *, default: bool = False) -> Schema:
    return {"type": "boolean", "description": about, "default": default}


def one_of(about: str, *values: str) -> Schema:
    return {"type": "string", "description": about, "enum": list(values)}


def many(about: str, items: Schema, least: int = 0) -> Schema:
    return {"type": "array", "description": about, "items": items, "minItems": least}


def fields(about: str, required: str = "", /, **properties: Schema) -> Schema:
    """An object; `required` names its fields, with blanks between."""
    return {
        "type": "object",
        "description": about,
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def tool(name: str, about: str, required: str = "", /, **properties: Schema) -> Schema:
    """A tool as it stands in a request."""
    schema = fields("", required, **properties)
    del schema["description"]
    return {"name": name, "description": about, "input_schema": schema}


PATH = text("File, relative to the folder of the project.")
FOLDER = text("Folder, relative to the folder of the project; a dot is the project itself.", default=".")
GLOB = text("Pattern for paths, such as src/**/*.py. Two stars cross folders.")
RANGE = fields(
    "Lines, both ends included, counted from 1.",
    "first last",
    first=whole("First line.", 1),
    last=whole("Last line.", 1),
)
REF = text("Commit, tag or branch.", default="HEAD")
TIMEOUT = whole("Seconds until it is ended.", 1, 3_600, default=120)
POSITION = fields(
    "A place in a file.",
    "path line column",
    path=PATH,
    line=whole("Line, counted from 1.", 1),
    column=whole("Column, counted from 1.", 1),
)
